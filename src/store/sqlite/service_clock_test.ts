import assert from "node:assert/strict";
import { type Machine, ServiceClock } from "./service_clock.ts";

const TODAY = Date.UTC(2026, 6, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEPT = { service: TODAY, wall: TODAY, up: 9 * HOUR };

/** A machine that has just started, with a clock that is ahead. */
class Ahead implements Machine {
  wall = TODAY + DAY;
  up = 0;
  synchronised = false;

  time() {
    const { wall, up, synchronised } = this;
    return { wall, up, synchronised };
  }

  monotonic(): number {
    return this.up;
  }

  run(milliseconds: number): void {
    this.wall += milliseconds;
    this.up += milliseconds;
  }
}

Deno.test("ServiceClock counts what was in doubt once the clock was set by a time server", () => {
  const machine = new Ahead();
  const clock = new ServiceClock(KEPT, machine);
  assert.equal(clock.resumed, TODAY);
  machine.run(60_000);
  assert.equal(clock.settle(), 0);
  machine.synchronised = true;
  assert.equal(clock.settle(), DAY);
  assert.equal(clock.settle(), 0, "once");
  assert.deepEqual(clock.note(TODAY + 60_000), {
    service: TODAY + 60_000,
    wall: machine.wall,
    up: machine.up,
  });
});

Deno.test("ServiceClock counts what was in doubt once the clock has run on for a while", () => {
  const machine = new Ahead();
  const clock = new ServiceClock(KEPT, machine);
  for (let minute = 1; minute < 15; minute++) {
    machine.run(60_000);
    assert.equal(clock.settle(), 0);
  }
  machine.run(60_000);
  assert.equal(clock.settle(), DAY);
});

Deno.test("ServiceClock counts nothing of a clock that is set back", () => {
  const machine = new Ahead();
  const clock = new ServiceClock(KEPT, machine);
  machine.run(60_000);
  machine.wall -= DAY - HOUR;
  machine.synchronised = true;
  assert.equal(clock.settle(), HOUR, "it was down for an hour");

  const other = new Ahead();
  const refuted = new ServiceClock(KEPT, other);
  other.wall -= 2 * DAY;
  assert.equal(refuted.settle(), 0);
  assert.equal(refuted.doubted, 0);
});

Deno.test("ServiceClock keeps its doubt over another start", () => {
  const machine = new Ahead();
  const first = new ServiceClock(KEPT, machine);
  machine.run(HOUR / 6);
  const kept = first.note(TODAY + HOUR / 6);
  machine.run(60_000);
  const second = new ServiceClock(kept, machine);
  assert.equal(second.resumed, TODAY + HOUR / 6 + 60_000);
  assert.equal(second.doubted, DAY);
  assert.ok(!second.isDue(-Infinity));
  assert.ok(second.isDue(second.resumed));
});
