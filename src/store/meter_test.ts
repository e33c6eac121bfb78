import assert from "node:assert/strict";
import { EMPTY_METER, metered, writtenBetween } from "./meter.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ONE = { bytes: 100, fsyncs: 1 };
const NOTHING = { bytes: 0, fsyncs: 0 };

Deno.test("metered() counts by hour and day", () => {
  let meter = metered(EMPTY_METER, ONE, DAY);
  meter = metered(meter, ONE, DAY + HOUR - 1);
  const two = { bytes: 200, fsyncs: 2 };
  assert.deepEqual(meter, {
    hour: 24,
    total: two,
    thisHour: two,
    lastHour: NOTHING,
    thisDay: two,
    lastDay: NOTHING,
  });
  meter = metered(meter, ONE, DAY + HOUR);
  assert.deepEqual([meter.thisHour, meter.lastHour], [ONE, two]);
  meter = metered(meter, NOTHING, DAY + 3 * HOUR);
  assert.deepEqual([meter.thisHour, meter.lastHour], [NOTHING, NOTHING]);
  const three = { bytes: 300, fsyncs: 3 };
  assert.deepEqual([meter.thisDay, meter.lastDay], [three, NOTHING]);
  meter = metered(meter, ONE, 2 * DAY);
  assert.deepEqual([meter.thisDay, meter.lastDay], [ONE, three]);
  meter = metered(meter, ONE, 4 * DAY);
  assert.deepEqual([meter.thisDay, meter.lastDay], [ONE, NOTHING]);
  assert.deepEqual(meter.total, { bytes: 500, fsyncs: 5 });
});

Deno.test("metered() puts up with a clock that goes back", () => {
  const meter = metered(metered(EMPTY_METER, ONE, DAY), ONE, DAY - HOUR);
  assert.deepEqual(meter.thisHour, { bytes: 200, fsyncs: 2 });
});

Deno.test("writtenBetween() follows SQLite's log", () => {
  const size = { pageSize: 4096, pages: 8 };
  const log = { salt: 1, frames: 10, checkpointed: 0, ...size };
  const frame = 4096 + 24;
  const page = 4096;
  assert.deepEqual(writtenBetween(log, log), { bytes: 0, fsyncs: 0 });
  assert.deepEqual(writtenBetween(log, { ...log, frames: 12 }), {
    bytes: 2 * frame,
    fsyncs: 1,
  });
  const part = { ...log, checkpointed: 3 };
  assert.deepEqual(writtenBetween(log, part), { bytes: 3 * page, fsyncs: 2 });
  const whole = { ...log, checkpointed: 10 };
  // Of ten pages in the log there are no more than eight different ones.
  assert.deepEqual(writtenBetween(log, whole), { bytes: 8 * page, fsyncs: 2 });
  const anew = { salt: 2, frames: 3, checkpointed: 0, ...size };
  const three = 32 + 3 * frame;
  assert.deepEqual(writtenBetween(whole, anew), { bytes: three, fsyncs: 2 });
  const truncated = { salt: 2, frames: 0, checkpointed: 0, ...size };
  assert.deepEqual(writtenBetween(log, truncated), {
    bytes: 8 * page,
    fsyncs: 2,
  });
  assert.deepEqual(writtenBetween(truncated, anew), {
    bytes: three,
    fsyncs: 2,
  });
});
