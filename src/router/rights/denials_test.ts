import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock.ts";
import { Counters } from "../../core/counters.ts";
import { createLog } from "../../core/log.ts";
import { TimerWheel } from "../../core/timer_wheel.ts";
import type { Rights } from "../../session/rights.ts";
import { Denials } from "./denials.ts";

function setUp() {
  const lines: string[] = [];
  const clock = new ManualClock();
  const timers = new TimerWheel(clock, { onError: () => {} });
  const counters = new Counters();
  const log = createLog({
    level: "info",
    format: "json",
    write: (line) => void lines.push(line),
  });
  const denials = new Denials({ log, clock, timers, counters });
  const asked: string[] = [];
  const rights = {
    explain: (action: string, topic: string) => {
      asked.push(topic);
      return `no rule for ${action} ${topic}`;
    },
  } as Rights;
  const publish = (clientId: string, topic: string) =>
    denials.note({ action: "publish", clientId, user: "u", topic, rights });
  const take = () =>
    lines.splice(0).map((line) => {
      const { message, client, user, topic, why, count } = JSON.parse(line);
      return { message, client, user, topic, why, count };
    });
  return { denials, counters, clock, timers, asked, rights, publish, take };
}

Deno.test("Denials tells of each client and topic once a minute, with the reason and how often", () => {
  const { counters, clock, timers, asked, publish, take } = setUp();
  publish("c", "a");
  publish("c", "a");
  publish("c", "b");
  const line = { message: "Publishing denied", client: "c", user: "u" };
  const a = { ...line, topic: "a", why: "no rule for publish a" };
  const b = { ...line, topic: "b", why: "no rule for publish b" };
  assert.deepEqual(take(), [{ ...a, count: 1 }, { ...b, count: 1 }]);
  clock.advance(60_000);
  assert.deepEqual(take(), [{ ...a, count: 1 }]);
  assert.deepEqual(asked, ["a", "b", "a"]);
  assert.deepEqual(counters.denied, { publish: 3, subscribe: 0, will: 0 });
  timers.close();
});

Deno.test("Denials tells together of all further topics of a client that tries a thousand", () => {
  const { clock, timers, publish, take } = setUp();
  for (let i = 0; i < 1000; i++) publish("c", `topic/${i}`);
  publish("d", "a");
  const lines = take();
  assert.equal(lines.length, 22);
  assert.equal(lines[20]!.topic, "(more)");
  assert.equal(lines[21]!.client, "d");
  clock.advance(60_000);
  assert.deepEqual(take().map(({ topic, count }) => [topic, count]), [
    ["(more)", 979],
  ]);
  timers.close();
});

Deno.test("Denials shortens what it tells of a long topic", () => {
  const { timers, publish, take } = setUp();
  publish("c", "x".repeat(60_000));
  assert.equal(take()[0]!.topic.length, 257);
  timers.close();
});
