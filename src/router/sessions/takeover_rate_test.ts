import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock.ts";
import { createLog } from "../../core/log.ts";
import { TakeoverRate } from "./takeover_rate.ts";

function setUp() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = createLog({ level: "warn", format: "text", write });
  const pace = new TakeoverRate({ log, clock, limits: { takeovers: 5 } });
  /** A take-over so many milliseconds after the last one. */
  const takeover = (after: number, clientId = "pump") => {
    clock.advance(after);
    return pace.takeover(clientId, "192.0.2.1:1000", "192.0.2.2:2000");
  };
  return { clock, lines, takeover };
}

Deno.test("TakeoverRate lets a device that comes back now and then in at once", () => {
  const { lines, takeover } = setUp();
  for (let i = 0; i < 50; i++) assert.equal(takeover(3000), 0);
  assert.deepEqual(lines, []);
});

Deno.test("TakeoverRate slows two devices down that throw each other out, and names both once a minute", () => {
  const { lines, takeover } = setUp();
  const waits: number[] = [];
  let last = 0;
  for (let i = 0; i < 12; i++) waits.push(last = takeover(last + 100));
  assert.deepEqual(
    waits,
    [0, 0, 0, 0, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000],
  );
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /client=pump address=192\.0\.2\.1:1000 other=192\.0\.2\.2:2000/,
  );
  for (let i = 0; i < 6; i++) takeover(8100);
  assert.equal(lines.length, 2);
});

Deno.test("TakeoverRate forgets a contest that is over, and tells client identifiers apart", () => {
  const { takeover } = setUp();
  for (let i = 0; i < 5; i++) takeover(10);
  assert.equal(takeover(10, "other"), 0);
  assert.ok(takeover(10) > 0);
  assert.equal(takeover(31_000), 0);
});

Deno.test("TakeoverRate remembers only so many client identifiers", () => {
  const { takeover } = setUp();
  for (let i = 0; i < 5; i++) takeover(10);
  for (let i = 0; i < 10_000; i++) takeover(0, `client ${i}`);
  assert.equal(takeover(10), 0);
});
