import assert from "node:assert/strict";
import { Idle } from "./idle.ts";

Deno.test("Idle calls back once, some time after the last thing has happened", async () => {
  let calls = 0;
  let last = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const idle = new Idle(30, () => {
    calls++;
    assert.ok(performance.now() - last >= 29);
    resolve();
  });
  for (let n = 0; n < 5; n++) {
    last = performance.now();
    idle.touch();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await promise;
  assert.equal(calls, 1);
  idle.touch();
  idle.stop();
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(calls, 1);
});
