import assert from "node:assert/strict";
import { EMPTY_METER, metered } from "./meter.ts";

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
