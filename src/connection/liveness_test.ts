import assert from "node:assert/strict";
import { ManualClock } from "../core/clock.ts";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { TimerWheel } from "../core/timer_wheel.ts";
import { Outbox } from "../session/outbox.ts";
import { Liveness } from "./liveness.ts";

/** A Liveness with a keep alive of ten seconds, and the time that passes. */
function setUp() {
  const clock = new ManualClock();
  const timers = new TimerWheel(clock, { onError: () => {} });
  const writer = {
    progressAt: 0,
    flush: () => true,
    room: () => Promise.resolve(),
    drained: () => Promise.resolve(),
  };
  const ended: string[] = [];
  const owner = { flush() {}, end: (cause: string) => void ended.push(cause) };
  const context = { clock, timers, limits: DEFAULT_LIMITS };
  const liveness = new Liveness(context, writer, new Outbox(1), owner);
  clock.advance(20_000);
  liveness.keepAlive(10);
  return { clock, ended, liveness };
}

Deno.test("Liveness ends a client one and a half keep alives after its last packet [MQTT-3.1.2-22]", () => {
  const { clock, ended, liveness } = setUp();
  clock.advance(14_000);
  liveness.received();
  clock.advance(14_900);
  assert.deepEqual(ended, []);
  clock.advance(200);
  assert.deepEqual(ended, ["keepAliveTimeout"]);
});

Deno.test("Liveness has the clock stand still while a client is not listened to, and begins it no sooner", () => {
  const { clock, ended, liveness } = setUp();
  for (let pause = 0; pause < 7; pause++) {
    clock.advance(2_000);
    liveness.deaf = true;
    clock.advance(100_000);
    liveness.deaf = false;
  }
  assert.deepEqual(ended, []);
  clock.advance(1_100);
  assert.deepEqual(ended, ["keepAliveTimeout"]);
});

Deno.test("Liveness counts a packet that comes while it does not listen", () => {
  const { clock, ended, liveness } = setUp();
  clock.advance(14_000);
  liveness.deaf = true;
  clock.advance(100_000);
  liveness.received();
  clock.advance(14_000);
  liveness.deaf = false;
  clock.advance(14_900);
  assert.deepEqual(ended, []);
  clock.advance(200);
  assert.deepEqual(ended, ["keepAliveTimeout"]);
});
