import assert from "node:assert/strict";
import { ManualClock, SteadyClock } from "./clock.ts";

Deno.test("SteadyClock begins with the machine's time, and goes on from where it is set", () => {
  const clock = new SteadyClock();
  assert.ok(Math.abs(clock.now() - Date.now()) < 60_000);
  clock.set(5000);
  const before = clock.now();
  assert.ok(before >= 5000 && before < 60_000);
  assert.ok(clock.now() >= before);
  const monotonic = clock.monotonic();
  assert.ok(clock.monotonic() >= monotonic);
});

Deno.test("ManualClock stands still until advanced", () => {
  const clock = new ManualClock(1000);
  assert.equal(clock.now(), 1000);
  assert.equal(clock.monotonic(), 0);
  clock.advance(250);
  assert.equal(clock.now(), 1250);
  assert.equal(clock.monotonic(), 250);
});

Deno.test("ManualClock wakes in the order of time, each at its own moment", () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  clock.wake(() => seen.push(`b ${clock.monotonic()}`), 20);
  clock.wake(() => {
    seen.push(`a ${clock.monotonic()}`);
    clock.wake(() => seen.push(`nested ${clock.monotonic()}`), 5);
  }, 10);
  const callOff = clock.wake(() => seen.push("never"), 15);
  clock.wake(() => seen.push("too late"), 31);
  callOff();
  clock.advance(30);
  assert.deepEqual(seen, ["a 10", "nested 15", "b 20"]);
  assert.equal(clock.monotonic(), 30);
});
