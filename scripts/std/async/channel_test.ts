import assert from "node:assert/strict";
import { Channel, ChannelClosedError } from "@std/async/channel";

/** Takes out all that is there now. */
function drain<T>(channel: Channel<T>): T[] {
  const values: T[] = [];
  while (true) {
    const next = channel.tryReceive();
    if (next.state !== "ok") return values;
    values.push(next.value);
  }
}

Deno.test("Channel keeps values in order while it grows, wraps and empties", () => {
  const channel = new Channel<number>({ capacity: 5000 });
  let sent = 0;
  let received = 0;
  for (const round of [3, 40, 7, 4000, 1, 900]) {
    for (let i = 0; i < round; i++) assert.ok(channel.trySend(sent++));
    const half = Math.ceil(channel.size / 2);
    for (let i = 0; i < half; i++) {
      assert.deepEqual(channel.tryReceive(), {
        state: "ok",
        value: received++,
      });
    }
    assert.equal(channel.size, sent - received);
  }
  assert.deepEqual(
    drain(channel),
    Array.from({ length: sent - received }, (_, i) => received + i),
  );
  assert.deepEqual(channel.tryReceive(), { state: "empty" });
});

Deno.test("Channel says how much it holds and can hold", () => {
  const channel = new Channel<string>({ capacity: 2 });
  assert.equal(channel.capacity, 2);
  assert.equal(new Channel().capacity, 0);
  channel.trySend("a");
  assert.equal(channel.size, 1);
  assert.equal(channel.closed, false);
  channel.close();
  assert.equal(channel.closed, true);
  assert.equal(channel.size, 1);
});

Deno.test("Channel refuses a capacity that is no whole number from 0", () => {
  for (const capacity of [-1, 1.5, NaN, Infinity]) {
    assert.throws(() => new Channel({ capacity }), RangeError);
  }
});

Deno.test("trySend() says no when the channel is full, unattended or closed", () => {
  const channel = new Channel<number>({ capacity: 1 });
  assert.equal(channel.trySend(1), true);
  assert.equal(channel.trySend(2), false);
  assert.equal(new Channel<number>().trySend(1), false);
  channel.close();
  drain(channel);
  assert.equal(channel.trySend(3), false);
});

Deno.test("trySend() hands a value to the receiver who waits longest", async () => {
  const channel = new Channel<string>();
  const first = channel.receive();
  const second = channel.receive();
  assert.ok(channel.trySend("a"));
  assert.ok(channel.trySend("b"));
  assert.equal(channel.trySend("c"), false);
  assert.deepEqual(await Promise.all([first, second]), ["a", "b"]);
});

Deno.test("send() waits for room and keeps the senders' order", async () => {
  const channel = new Channel<number>({ capacity: 1 });
  const order: number[] = [];
  const sends = [1, 2, 3].map((value) =>
    channel.send(value).then(() => order.push(value))
  );
  await sends[0];
  assert.deepEqual(order, [1]);
  assert.equal(channel.size, 1);
  assert.deepEqual(drain(channel), [1, 2, 3]);
  await Promise.all(sends);
  assert.deepEqual(order, [1, 2, 3]);
});

Deno.test("send() without a buffer waits for the receiver", async () => {
  const channel = new Channel<number>();
  let isSent = false;
  const sending = channel.send(1).then(() => isSent = true);
  await Promise.resolve();
  assert.equal(isSent, false);
  assert.equal(channel.size, 0);
  assert.equal(await channel.receive(), 1);
  await sending;
  assert.ok(isSent);
});

Deno.test("tryReceive() tells undefined as a value from nothing", () => {
  const channel = new Channel<undefined>({ capacity: 1 });
  channel.trySend(undefined);
  assert.deepEqual(channel.tryReceive(), { state: "ok", value: undefined });
  assert.deepEqual(channel.tryReceive(), { state: "empty" });
  channel.close();
  assert.deepEqual(channel.tryReceive(), { state: "closed" });
});

Deno.test("close() lets what is held be received, then turns receivers away", async () => {
  const channel = new Channel<number>({ capacity: 2 });
  channel.trySend(1);
  channel.close();
  channel.close(new Error("Second close counts for nothing"));
  assert.equal(await channel.receive(), 1);
  const error = await channel.receive().catch((error) => error);
  assert.ok(error instanceof ChannelClosedError);
  assert.equal(error.name, "ChannelClosedError");
  assert.equal("value" in error, false);
});

Deno.test("close() gives waiting and later senders their value back", async () => {
  const channel = new Channel<string>();
  const waiting = channel.send("waiting").catch((error) => error);
  channel.close(new Error("Reason for receivers only"));
  const later = channel.send("later").catch((error) => error);
  for (
    const [error, value] of [[await waiting, "waiting"], [await later, "later"]]
  ) {
    assert.ok(error instanceof ChannelClosedError);
    assert.equal(error.value, value);
  }
});

Deno.test("close() with a reason gives it to receivers, even an undefined one", async () => {
  const reason = new Error("Upstream failed");
  const channel = new Channel<number>();
  const waiting = assert.rejects(channel.receive(), reason);
  channel.close(reason);
  await waiting;
  await assert.rejects(channel.receive(), reason);

  const silent = new Channel<number>();
  silent.close(undefined);
  assert.equal(await silent.receive().catch((error) => error), undefined);
});

Deno.test("send() and receive() give up when their signal says so", async () => {
  const channel = new Channel<number>();
  const reason = new Error("Enough");
  const leaver = new AbortController();
  const gone = [
    assert.rejects(channel.receive({ signal: leaver.signal }), reason),
    assert.rejects(channel.receive({ signal: leaver.signal }), reason),
  ];
  const stays = channel.receive({ signal: new AbortController().signal });
  leaver.abort(reason);
  await Promise.all(gone);
  assert.ok(channel.trySend(1));
  assert.equal(await stays, 1);

  await assert.rejects(channel.send(2, { signal: leaver.signal }), reason);
  const sender = new AbortController();
  const sending = assert.rejects(
    channel.send(3, { signal: sender.signal }),
    reason,
  );
  sender.abort(reason);
  await sending;
  assert.deepEqual(channel.tryReceive(), { state: "empty" });
});

Deno.test("send() and receive() ignore a signal when they need not wait", async () => {
  const signal = AbortSignal.abort();
  const channel = new Channel<number>({ capacity: 1 });
  await channel.send(1, { signal });
  assert.equal(await channel.receive({ signal }), 1);
});

Deno.test("Channel can be iterated until it is closed", async () => {
  const channel = new Channel<number>({ capacity: 3 });
  for (const value of [1, 2, 3]) channel.trySend(value);
  channel.close();
  const values: number[] = [];
  for await (const value of channel) values.push(value);
  assert.deepEqual(values, [1, 2, 3]);
});

Deno.test("Channel throws its reason out of an iteration and stays open after a break", async () => {
  const channel = new Channel<number>({ capacity: 2 });
  channel.trySend(1);
  channel.trySend(2);
  for await (const value of channel) {
    assert.equal(value, 1);
    break;
  }
  assert.equal(channel.closed, false);
  const reason = new Error("Upstream failed");
  channel.close(reason);
  await assert.rejects(async () => {
    for await (const value of channel) assert.equal(value, 2);
  }, reason);
});

Deno.test("toReadableStream() gives values and ends with the channel", async () => {
  const channel = new Channel<number>({ capacity: 2 });
  const reading = Array.fromAsync(channel.toReadableStream());
  for (let i = 0; i < 10; i++) await channel.send(i);
  channel.close();
  assert.deepEqual(await reading, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("toReadableStream() fails with the channel's reason", async () => {
  const channel = new Channel<number>();
  const reason = new Error("Upstream failed");
  channel.close(reason);
  await assert.rejects(channel.toReadableStream().getReader().read(), reason);
});

Deno.test("toReadableStream() closes the channel when it is cancelled", async () => {
  const plain = new Channel<number>({ capacity: 1 });
  await plain.toReadableStream().cancel();
  assert.ok(plain.closed);

  const reason = new Error("Reader left");
  const channel = new Channel<number>({ capacity: 1 });
  const stream = channel.toReadableStream();
  channel.trySend(1);
  await stream.cancel(reason);
  assert.ok(channel.closed);
});

Deno.test("Channel is closed at the end of a using block", async () => {
  const kept: Channel<number>[] = [];
  {
    using first = new Channel<number>();
    await using second = new Channel<number>();
    kept.push(first, second);
  }
  assert.deepEqual(kept.map((channel) => channel.closed), [true, true]);
});
