import assert from "node:assert/strict";
import { type KeptTime, resumedTime } from "./service_time.ts";

const TODAY = Date.UTC(2026, 6, 1);
const DAY = 86_400_000;
const HOUR = 3_600_000;

/** What a machine says whose clock was set by a time server. */
const synchronised = (wall: number) =>
  ({ wall, up: undefined, synchronised: true }) as const;

function serviceTime(kept: KeptTime | undefined, wall: number): number {
  const { service, doubted } = resumedTime(kept, synchronised(wall));
  assert.equal(doubted, 0);
  return service;
}

Deno.test("resumedTime begins with the machine's clock", () => {
  assert.equal(serviceTime(undefined, TODAY), TODAY);
  assert.equal(serviceTime(undefined, 5), 5);
});

Deno.test("resumedTime counts the time that the broker was down", () => {
  const kept = { service: TODAY - 5000, wall: TODAY };
  assert.equal(serviceTime(kept, TODAY + DAY), TODAY - 5000 + DAY);
});

Deno.test("resumedTime never goes back, and trusts no clock from before this program", () => {
  const kept = { service: TODAY + 77, wall: TODAY };
  assert.equal(serviceTime(kept, TODAY - DAY), TODAY + 77);
  assert.equal(serviceTime(kept, 1000), TODAY + 77);
  assert.equal(serviceTime({ service: 4000, wall: 1000 }, TODAY), 4000);
});

Deno.test("resumedTime doubts a clock that has gone further than the machine has run", () => {
  const kept = { service: TODAY, wall: TODAY, up: 10 * HOUR };
  const resume = (wall: number, up: number | undefined) =>
    resumedTime(kept, { wall, up, synchronised: false });
  // The machine has not started since.
  assert.deepEqual(resume(TODAY + HOUR, 11 * HOUR), {
    service: TODAY + HOUR,
    doubted: 0,
  });
  assert.deepEqual(resume(TODAY + DAY, 11 * HOUR), {
    service: TODAY + HOUR,
    doubted: DAY - HOUR,
  });
  // It has.
  assert.deepEqual(resume(TODAY + DAY, HOUR), {
    service: TODAY + HOUR,
    doubted: DAY - HOUR,
  });
  assert.deepEqual(resume(TODAY + DAY, undefined), {
    service: TODAY,
    doubted: DAY,
  });
  // A short time does little harm.
  assert.deepEqual(resume(TODAY + 30_000, 5000), {
    service: TODAY + 30_000,
    doubted: 0,
  });
});
