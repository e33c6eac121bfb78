import assert from "node:assert/strict";
import { ManualClock, systemClock } from "./clock.ts";

Deno.test("systemClock tells the wall time and a time that never goes back", () => {
  assert.ok(systemClock.now() > 1_700_000_000_000);
  const before = systemClock.monotonic();
  assert.ok(systemClock.monotonic() >= before);
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
