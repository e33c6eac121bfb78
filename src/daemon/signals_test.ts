import assert from "node:assert/strict";
import { onSignal, signalStatus } from "./signals.ts";

Deno.test("onSignal passes over a signal that the system lacks", () => {
  const missing = Deno.build.os === "windows" ? "SIGUSR1" : "SIGBREAK";
  onSignal(missing, () => assert.fail("There is no such signal"));
});

Deno.test("signalStatus counts as shells do", () => {
  assert.equal(signalStatus("SIGINT"), 130);
  assert.equal(signalStatus("SIGTERM"), 143);
});
