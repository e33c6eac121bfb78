import assert from "node:assert/strict";
import { Mailbox } from "./mailbox.ts";

/** Whether a promise settles without anything else happening. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const waiting = Symbol("waiting");
  const later = new Promise((resolve) => setTimeout(resolve, 0, waiting));
  return await Promise.race([promise, later]) !== waiting;
}

Deno.test("Mailbox hands messages over in their order", async () => {
  const mailbox = new Mailbox<number>({ capacity: 8 });
  await mailbox.send(1);
  assert.ok(mailbox.trySend(2));
  assert.equal(await mailbox.receive(), 1);
  assert.equal(mailbox.tryReceive(), 2);
  assert.equal(mailbox.tryReceive(), undefined);
  const next = mailbox.receive();
  await mailbox.send(3);
  assert.equal(await next, 3);
});

Deno.test("Mailbox lets senders wait while it is full", async () => {
  const mailbox = new Mailbox<number>({ capacity: 2 });
  await mailbox.send(1);
  await mailbox.send(2);
  assert.equal(mailbox.trySend(9), false);
  const third = mailbox.send(3);
  assert.equal(await isSettled(third), false);
  assert.equal(mailbox.tryReceive(), 1);
  await third;
  assert.deepEqual([mailbox.tryReceive(), mailbox.tryReceive()], [2, 3]);
});

Deno.test("Mailbox is bounded in bytes too", async () => {
  const mailbox = new Mailbox<string>({
    capacity: 100,
    byteCapacity: 10,
    sizeOf: (message) => message.length,
  });
  await mailbox.send("123456");
  await mailbox.send("789012");
  assert.equal(mailbox.bytes, 12);
  assert.equal(mailbox.trySend("x"), false);
  const waiting = [mailbox.send("abcdefgh"), mailbox.send("ijklmnop")];
  assert.equal(await isSettled(waiting[0]!), false);
  assert.equal(mailbox.tryReceive(), "123456");
  await waiting[0];
  assert.equal(await isSettled(waiting[1]!), false, "the first filled it");
  assert.equal(mailbox.bytes, 14);
  assert.equal(mailbox.tryReceive(), "789012");
  await waiting[1];
  assert.equal(await mailbox.receive(), "abcdefgh");
  assert.equal(await mailbox.receive(), "ijklmnop");
  assert.equal(mailbox.bytes, 0);
});

Deno.test("Mailbox drains its urgent lane first, however full it is", async () => {
  const mailbox = new Mailbox<string>({ capacity: 2 });
  await mailbox.send("a");
  await mailbox.send("b");
  for (const message of ["1", "2", "3"]) mailbox.sendUrgent(message);
  assert.equal(await mailbox.receive(), "1");
  assert.equal(mailbox.tryReceive(), "2");
  assert.equal(mailbox.tryReceive(), "3");
  assert.equal(mailbox.tryReceive(), "a");
  mailbox.sendUrgent("4");
  assert.equal(mailbox.tryReceive(), "4");
  assert.equal(await mailbox.receive(), "b");
  assert.equal(mailbox.tryReceive(), undefined);
});

Deno.test("Mailbox wakes a sleeping receiver for an urgent message, each time", async () => {
  const mailbox = new Mailbox<number>({ capacity: 1 });
  for (let n = 0; n < 10; n++) {
    const next = mailbox.receive();
    assert.equal(await isSettled(next), false);
    mailbox.sendUrgent(n);
    assert.equal(await next, n);
  }
  // What is left of the waking must not look like a message.
  assert.equal(mailbox.tryReceive(), undefined);
  assert.ok(mailbox.trySend(10));
  assert.equal(mailbox.tryReceive(), 10);
});

Deno.test("Mailbox with capacity 1 has room for a message after urgent ones", async () => {
  const mailbox = new Mailbox<string>({ capacity: 1 });
  mailbox.sendUrgent("urgent");
  const sent = mailbox.send("plain");
  assert.equal(mailbox.tryReceive(), "urgent");
  assert.equal(await mailbox.receive(), "plain");
  await sent;
});

Deno.test("Mailbox gives out what waits after it was closed, and then nothing", async () => {
  const mailbox = new Mailbox<number>({ capacity: 4 });
  await mailbox.send(1);
  mailbox.sendUrgent(0);
  mailbox.close();
  assert.ok(mailbox.closed);
  assert.equal(await mailbox.receive(), 0);
  assert.equal(await mailbox.receive(), 1);
  assert.equal(mailbox.tryReceive(), undefined);
  await assert.rejects(() => mailbox.receive(), { name: "ChannelClosedError" });
  await assert.rejects(() => mailbox.send(2), { name: "ChannelClosedError" });
  assert.equal(mailbox.trySend(2), false);
});

Deno.test("Mailbox turns away those who wait when it is closed", async () => {
  const options = { capacity: 1, byteCapacity: 1, sizeOf: () => 1 };
  const mailbox = new Mailbox<number>(options);
  await mailbox.send(1);
  const waiting = [mailbox.send(2), mailbox.send(3)];
  mailbox.close();
  for (const send of waiting) {
    await assert.rejects(() => send, { name: "ChannelClosedError" });
  }
  const empty = new Mailbox<number>({ capacity: 1 });
  const receive = empty.receive();
  empty.close();
  await assert.rejects(() => receive, { name: "ChannelClosedError" });
});

Deno.test("Mailbox is the end of a pipe, and the beginning of one", async () => {
  const from = new Mailbox<number>({ capacity: 2 });
  const to = new Mailbox<number>({ capacity: 2 });
  const piped = from.readable.pipeTo(to.writable);
  const received: number[] = [];
  const receiving = (async () => {
    for (;;) received.push(await to.receive());
  })().catch(() => {});
  for (let n = 0; n < 100; n++) {
    if (n === 50) from.sendUrgent(-1);
    await from.send(n);
  }
  from.close();
  await piped;
  await receiving;
  assert.ok(to.closed);
  assert.deepEqual(
    received.filter((n) => n >= 0),
    Array.from({ length: 100 }, (_, n) => n),
  );
  assert.equal(received.length, 101);
});
