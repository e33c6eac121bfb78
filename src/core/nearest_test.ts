import assert from "node:assert/strict";
import { nearest } from "./nearest.ts";

Deno.test("nearest finds what was meant", () => {
  const flags = ["listen", "log-level", "log-format", "max-inflight", "data"];
  assert.equal(nearest("lisen", flags), "listen");
  assert.equal(nearest("LISTEN", flags), "listen");
  assert.equal(nearest("loglevel", flags), "log-level");
  assert.equal(nearest("max-inflights", flags), "max-inflight");
  assert.equal(nearest("maxinflight", flags), "max-inflight");
});

Deno.test("nearest guesses nothing for what is like no candidate", () => {
  assert.equal(nearest("x", ["data", "listen"]), undefined);
  assert.equal(nearest("", ["data", "up"]), undefined);
  assert.equal(nearest("certificate", ["data", "listen"]), undefined);
});
