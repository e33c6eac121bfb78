import assert from "node:assert/strict";
import { ManualClock } from "./clock.ts";
import { createLog } from "./log.ts";
import { LimitedLog } from "./limited_log.ts";
import { TimerWheel } from "./timer_wheel.ts";

Deno.test("LimitedLog tells the end of a burst, and then sleeps", () => {
  const clock = new ManualClock();
  const timers = new TimerWheel(clock);
  const counts: number[] = [];
  const log = createLog({
    level: "info",
    format: "json",
    write: (line) => counts.push(JSON.parse(line).count),
  });
  const drops = new LimitedLog("Messages dropped", { log, clock, timers });
  drops.note("a", 1, {});
  for (let n = 0; n < 9; n++) drops.note("a", 2, {});
  assert.deepEqual(counts, [1]);
  clock.advance(61_000);
  assert.deepEqual(counts, [1, 18]);
  clock.advance(200_000);
  assert.deepEqual(counts, [1, 18]);
  assert.equal(timers.size, 0);
  drops.note("a", 3, {});
  assert.deepEqual(counts, [1, 18, 3]);
  timers.close();
});
