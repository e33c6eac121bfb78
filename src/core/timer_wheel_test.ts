import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock, SteadyClock } from "./clock.ts";
import { type Timer, TimerWheel } from "./timer_wheel.ts";

const HOUR = 3_600_000;
const TICK = 10;

Deno.test("TimerWheel calls each callback at its time, in order, and never early", () => {
  const clock = new ManualClock();
  clock.advance(12_345.678);
  const wheel = new TimerWheel(clock);
  const delays = [
    0,
    1,
    9.5,
    10,
    11,
    319,
    320,
    321,
    5000,
    10_240,
    10_241,
    60_000,
    HOUR,
    1000 * HOUR,
    0xfffffffe * 1000,
  ];
  const start = clock.monotonic();
  const seen: number[] = [];
  for (const delay of delays.toReversed()) {
    wheel.schedule(delay, () => {
      const passed = clock.monotonic() - start;
      assert.ok(
        passed >= delay && passed < delay + TICK + 1,
        `${delay} came at ${passed}`,
      );
      seen.push(delay);
    });
  }
  assert.equal(wheel.size, delays.length);
  assert.deepEqual(seen, []);
  for (
    const delay of [
      15,
      400,
      5000,
      11_000,
      60_000,
      10_000 * HOUR,
      137 * 366 * 24 * HOUR,
    ]
  ) clock.advance(delay);
  assert.deepEqual(seen.toSorted((a, b) => a - b), delays);
  assert.ok(
    seen.every((delay, i) => delay > (seen[i - 1] ?? 0) - TICK),
    `in the order ${seen}`,
  );
  assert.equal(wheel.size, 0);
  wheel.close();
});

Deno.test("TimerWheel wakes up for its next entry only", () => {
  const clock = new ManualClock();
  let wakes = 0;
  const counting = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    wake: (callback: () => void, delayMs: number) =>
      clock.wake(() => {
        wakes++;
        callback();
      }, delayMs),
  };
  const wheel = new TimerWheel(counting);
  clock.advance(1000 * HOUR);
  assert.equal(wakes, 0);
  for (let i = 1; i <= 10; i++) wheel.schedule(i * HOUR + i * 7, () => {});
  clock.advance(5.5 * HOUR);
  assert.equal(wakes, 5);
  clock.advance(100 * HOUR);
  assert.equal(wakes, 10);
  wheel.close();
});

Deno.test("Timer.cancel and reschedule do what they say, at any time", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  let calls = 0;
  const timer = wheel.schedule(1000, () => calls++);
  assert.ok(timer.active);
  clock.advance(999);
  timer.reschedule(1000);
  clock.advance(999);
  assert.equal(calls, 0);
  clock.advance(20);
  assert.equal(calls, 1);
  assert.ok(!timer.active);
  timer.cancel();
  timer.reschedule(10_000);
  timer.reschedule(50);
  clock.advance(70);
  assert.equal(calls, 2);
  timer.reschedule(50);
  timer.cancel();
  timer.cancel();
  assert.equal(wheel.size, 0);
  clock.advance(HOUR);
  assert.equal(calls, 2);
  wheel.close();
});

Deno.test("TimerWheel lets callbacks schedule and cancel", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const seen: string[] = [];
  const victim = wheel.schedule(100, () => seen.push("victim"));
  let rounds = 0;
  const again: Timer = wheel.schedule(90, () => {
    victim.cancel();
    seen.push(`round ${++rounds} at ${clock.monotonic()}`);
    if (rounds < 3) again.reschedule(0);
  });
  clock.advance(200);
  assert.deepEqual(seen, ["round 1 at 90", "round 2 at 100", "round 3 at 110"]);
  wheel.close();
});

Deno.test("TimerWheel goes on after a callback that throws", () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const wheel = new TimerWheel(clock, {
    onError: (error) => errors.push(error),
  });
  let calls = 0;
  const failure = new Error("Test");
  wheel.schedule(50, () => {
    throw failure;
  });
  wheel.schedule(50, () => calls++);
  wheel.schedule(100, () => calls++);
  clock.advance(100);
  assert.equal(calls, 2);
  assert.deepEqual(errors, [failure]);
  wheel.close();
});

Deno.test("TimerWheel works off what is due at once in slices", () => {
  const clock = new ManualClock();
  let turns = 0;
  const wheel = new TimerWheel({
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    wake: (callback, delayMs) =>
      clock.wake(() => {
        turns++;
        callback();
      }, delayMs),
  }, { sliceMs: 2 });
  const seen: number[] = [];
  for (let i = 0; i < 100; i++) {
    wheel.schedule(HOUR + i % 2 * TICK, () => {
      seen.push(i % 2);
      clock.advance(0.5); // as if it took half a millisecond
    });
  }
  clock.advance(HOUR + 1000);
  assert.equal(seen.length, 100);
  assert.deepEqual(seen, seen.toSorted());
  assert.ok(turns >= 25, `${turns} turns`);
  wheel.close();
});

Deno.test("TimerWheel closed from a callback does not wake up again", () => {
  const clock = new ManualClock();
  let wakes = 0;
  const wheel = new TimerWheel({
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    wake: (callback, delayMs) => {
      wakes++;
      return clock.wake(callback, delayMs);
    },
  }, { sliceMs: 0 });
  wheel.schedule(10, () => wheel.close());
  wheel.schedule(10, () => assert.fail("It was forgotten"));
  clock.advance(100);
  assert.equal(wakes, 1);
});

Deno.test("TimerWheel.close forgets everything", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  let calls = 0;
  const timer = wheel.schedule(10, () => calls++);
  wheel.schedule(20, () => wheel.close());
  wheel.schedule(20, () => calls++);
  clock.advance(50);
  assert.equal(calls, 1);
  assert.equal(wheel.size, 0);
  timer.reschedule(10);
  assert.ok(!wheel.schedule(10, () => calls++).active);
  clock.advance(50);
  assert.equal(calls, 1);
});

Deno.test("TimerWheel agrees with a sorted list under any operations", () => {
  const delay = fc.oneof(
    fc.nat(50),
    fc.nat(2000),
    fc.nat(100_000),
    fc.nat(10 ** 9),
  );
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("schedule" as const), delay }),
    fc.record({
      kind: fc.constant("reschedule" as const),
      which: fc.nat(),
      delay,
    }),
    fc.record({ kind: fc.constant("cancel" as const), which: fc.nat() }),
    fc.record({ kind: fc.constant("advance" as const), delay }),
  );
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 60, size: "max" }),
      (operations) => {
        const clock = new ManualClock();
        const wheel = new TimerWheel(clock);
        const timers: Timer[] = [];
        const due: number[] = [];
        for (const step of operations) {
          const index = "which" in step && timers.length > 0
            ? step.which % timers.length
            : -1;
          if (step.kind === "schedule") {
            const i = timers.length;
            due.push(clock.monotonic() + step.delay);
            timers.push(wheel.schedule(step.delay, () => {
              const late = clock.monotonic() - (due[i] as number);
              assert.ok(late >= 0 && late <= TICK, `${late} ms late`);
              due[i] = Infinity;
            }));
          } else if (step.kind === "advance") {
            clock.advance(step.delay);
            const soonest = Math.min(Infinity, ...due);
            assert.ok(
              soonest + TICK > clock.monotonic(),
              "an entry was not called",
            );
          } else if (index >= 0 && step.kind === "reschedule") {
            timers[index]?.reschedule(step.delay);
            due[index] = clock.monotonic() + step.delay;
          } else if (index >= 0) {
            timers[index]?.cancel();
            due[index] = Infinity;
          }
          assert.equal(wheel.size, due.filter((at) => at !== Infinity).length);
        }
        wheel.close();
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("TimerWheel runs on the machine's clock and leaves no timer behind", async () => {
  const clock = new SteadyClock();
  const wheel = new TimerWheel(clock);
  const start = clock.monotonic();
  const passed = await new Promise<number>((resolve) => {
    wheel.schedule(HOUR, () => {});
    wheel.schedule(35, () => resolve(clock.monotonic() - start));
  });
  assert.ok(passed >= 35, `${passed} ms`);
  wheel.close();
});
