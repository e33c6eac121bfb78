import assert from "node:assert/strict";
import { Uptime } from "./uptime.ts";

Deno.test("Uptime tells for how long and since when, also after the clock was set", () => {
  const clock = { wall: 5000, steady: 100 };
  const uptime = new Uptime({
    now: () => clock.wall,
    monotonic: () => clock.steady,
  });
  const pass = (milliseconds: number) => {
    clock.wall += milliseconds;
    clock.steady += milliseconds;
  };
  pass(3000);
  assert.equal(uptime.milliseconds, 3000);
  assert.equal(uptime.startedAt, 5000);

  const today = Date.UTC(2026, 10, 25);
  clock.wall = today;
  pass(1000);
  assert.equal(uptime.milliseconds, 4000);
  assert.equal(uptime.startedAt, today - 3000);
});

Deno.test("Uptime stays at the moment it told while the clock is only kept right", () => {
  const clock = { wall: 5000, steady: 0 };
  const uptime = new Uptime({
    now: () => clock.wall,
    monotonic: () => clock.steady,
  });
  clock.wall += 1200;
  clock.steady += 1000;
  assert.equal(uptime.startedAt, 5000);
});
