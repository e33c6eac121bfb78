import assert from "node:assert/strict";
import { createLog } from "./log.ts";
import { LogLimiter, type LogLimiterOptions } from "./log_limiter.ts";

function limiter(options: LogLimiterOptions = {}) {
  const told: [string, number][] = [];
  const log = createLog({
    level: "info",
    format: "json",
    write: (line) => {
      const { client, count } = JSON.parse(line);
      told.push([client, count]);
    },
  });
  return {
    told,
    limiter: new LogLimiter(log, "Messages dropped", {
      period: 60_000,
      ...options,
    }),
  };
}

Deno.test("LogLimiter tells the first event at once and the others once a period", () => {
  const { told, limiter: drops } = limiter();
  drops.note("a", 0);
  for (let now = 1; now < 60_000; now += 100) drops.note("a", now);
  assert.deepEqual(told, [["a", 1]]);
  drops.note("a", 60_000, 5);
  assert.deepEqual(told, [["a", 1], ["a", 605]]);
});

Deno.test("LogLimiter keeps clients apart", () => {
  const { told, limiter: drops } = limiter();
  drops.note("a", 0);
  drops.note("b", 10, 2);
  drops.note("a", 20);
  assert.deepEqual(told, [["a", 1], ["b", 2]]);
});

Deno.test("LogLimiter.sweep tells the end of a burst and forgets who is quiet", () => {
  const { told, limiter: drops } = limiter();
  drops.note("a", 0);
  drops.note("a", 1, 41);
  drops.note("quiet", 2);
  drops.sweep(59_999);
  assert.equal(told.length, 2);
  drops.sweep(60_002);
  assert.deepEqual(told.at(-1), ["a", 41]);
  assert.equal(drops.size, 1);
  drops.sweep(120_002);
  assert.equal(drops.size, 0);
  assert.equal(told.length, 3);
});

Deno.test("LogLimiter remembers a bounded number of clients and loses no count", () => {
  const { told, limiter: drops } = limiter({ clients: 10 });
  for (let i = 0; i < 1_000; i++) drops.note(`client-${i}`, i);
  assert.equal(drops.size, 11);
  assert.equal(told.length, 11);
  drops.sweep(100_000);
  assert.equal(told.reduce((sum, [, count]) => sum + count, 0), 1_000);
});
