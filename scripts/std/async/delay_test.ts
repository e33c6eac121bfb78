import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";

Deno.test("delay() resolves, with anything that is no wait as none", async () => {
  for (const ms of [2, 0, -1, NaN]) assert.equal(await delay(ms), undefined);
});

Deno.test("delay() gives up when its signal says so", async () => {
  const reason = new Error("Enough");
  const controller = new AbortController();
  const waiting = assert.rejects(
    delay(3_600_000, { signal: controller.signal }),
    reason,
  );
  controller.abort(reason);
  await waiting;
  await assert.rejects(
    delay(3_600_000, { signal: AbortSignal.abort(reason) }),
    reason,
  );
});

Deno.test("delay() waits longer than one timer can", async () => {
  const controller = new AbortController();
  const waiting = delay(2 ** 40, {
    signal: controller.signal,
    persistent: false,
  });
  const first = await Promise.race([
    waiting,
    delay(20).then(() => "still waiting"),
  ]);
  assert.equal(first, "still waiting");
  controller.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});

Deno.test("deadline() settles as the promise does when that comes first", async () => {
  const reason = new Error("Failed");
  const { signal } = new AbortController();
  assert.equal(await deadline(Promise.resolve(1), Infinity, { signal }), 1);
  await assert.rejects(
    deadline(Promise.reject(reason), Infinity, { signal }),
    reason,
  );
});

Deno.test("deadline() rejects when time is up", async () => {
  const { promise } = Promise.withResolvers<void>();
  await assert.rejects(deadline(promise, 5), { name: "TimeoutError" });
});

Deno.test("deadline() gives up when its signal says so", async () => {
  const reason = new Error("Enough");
  const { promise } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const waiting = assert.rejects(
    deadline(promise, Infinity, { signal: controller.signal }),
    reason,
  );
  controller.abort(reason);
  await waiting;
  await assert.rejects(
    deadline(promise, Infinity, { signal: AbortSignal.abort(reason) }),
    reason,
  );
});
