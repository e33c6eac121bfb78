import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import { NoneStore } from "../store/none_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../tests/support/router.ts";
import type { Limits } from "../core/limits.ts";
import type { QueuePolicies } from "./queue_policy.ts";

/** A subscriber that has gone, and somebody who publishes to it. */
async function setUp(
  limits: Partial<Limits>,
  policies: Partial<QueuePolicies>,
  store: MemoryStore | NoneStore = new MemoryStore(),
) {
  const queuePolicies = { one: "drop-newest", all: "drop-newest" } as const;
  const router = new TestRouter({
    limits,
    store,
    queuePolicies: { ...queuePolicies, ...policies },
  });
  const options = { ...PERSISTENT, clientId: "away" };
  const away = await router.connect(options);
  await away.subscribe("a", { qos: 1 });
  await away.lose();
  const publisher = await router.connect();
  const send = async (from: number, to: number, topic = "a") => {
    for (let n = from; n <= to; n++) {
      await publisher.publish(topic, String(n), { qos: 1 });
    }
    await router.settle();
  };
  return {
    router,
    store,
    publisher,
    send,
    back: () => router.connect(options),
  };
}

/** The payloads that a client is owed: it acknowledges each. */
async function drained(router: TestRouter, peer: Peer): Promise<string[]> {
  await router.settle();
  const payloads: string[] = [];
  for (const { payload, packetId } of peer.messages()) {
    payloads.push(new TextDecoder().decode(payload));
    await peer.acknowledge("puback", packetId);
  }
  await router.settle();
  return payloads;
}

for (const store of [NoneStore, MemoryStore]) {
  for (
    const [one, expected] of [
      ["drop-oldest", ["5", "6", "7"]],
      ["drop-newest", ["1", "2", "3"]],
    ] as const
  ) {
    Deno.test(`QueuePolicy ${one} keeps as many as it may, in a ${store.name}`, async () => {
      const { router, store: kept, send, back } = await setUp(
        { queuedMessages: 3 },
        { one },
        new store(),
      );
      await using _ = router;
      await send(1, 7);
      assert.equal(router.counters.dropped.queueMessages, 4);
      assert.equal(router.counters.queuedNow, 3);
      if (kept instanceof MemoryStore) {
        assert.equal(kept.written.owed("away").length, 3);
      }
      assert.deepEqual(await drained(router, await back()), expected);
      assert.equal(router.counters.queuedNow, 0);
      assert.equal(router.counters.storedBytesNow, 0);
    });
  }
}

Deno.test("QueuePolicy drop-oldest makes room for a larger message, and none for one that is too large", async () => {
  const { router, send, publisher, back } = await setUp(
    { queuedBytes: 1100 },
    { one: "drop-oldest" },
  );
  await using _ = router;
  await send(1, 5);
  await publisher.publish("a", "x".repeat(400), { qos: 1 });
  await publisher.publish("a", "y".repeat(1000), { qos: 1 });
  await router.settle();
  assert.equal(router.counters.dropped.queueBytes, 2 + 1);
  const payloads = await drained(router, await back());
  assert.deepEqual(payloads, ["3", "4", "5", "x".repeat(400)]);
});

Deno.test("QueuePolicy refuse gives the message to nobody, and tells an MQTT 5 publisher why", async () => {
  const { router, send, publisher, back } = await setUp(
    { queuedMessages: 2 },
    { one: "refuse" },
  );
  await using _ = router;
  const witness = await router.connect();
  await witness.subscribe("a", { qos: 1 });
  await send(1, 4);
  const codes = publisher.take().map((packet) => {
    assert.ok(packet.type === "puback");
    return packet.reasonCode;
  });
  assert.deepEqual(codes, [0, 0, 0x97, 0x97]);
  assert.deepEqual(await drained(router, witness), ["1", "2"]);
  assert.equal(router.counters.queueRefusals, 2);
  const old = await router.connect({ version: 4 });
  await old.publish("a", "old", { qos: 1 });
  await router.settle();
  old.expect("puback");
  assert.deepEqual(await drained(router, witness), ["old"]);
  assert.equal(router.counters.dropped.queueMessages, 1);
  assert.deepEqual(await drained(router, await back()), ["1", "2"]);
  await send(5, 5);
  assert.deepEqual(await drained(router, witness), ["5"]);
});

for (
  const [all, expected] of [
    ["drop-oldest", ["3", "4"]],
    ["drop-newest", ["1", "2"]],
  ] as const
) {
  Deno.test(`QueuePolicy ${all} of all queues drops of the queue that would grow`, async () => {
    const { router, send, back } = await setUp(
      { allQueuedMessages: 2 },
      { all },
    );
    await using _ = router;
    await send(1, 4);
    assert.equal(router.counters.dropped.allQueueMessages, 2);
    assert.deepEqual(await drained(router, await back()), expected);
  });
}

Deno.test("QueuePolicy refuse of all queues lasts until there is room", async () => {
  const { router, send, publisher, back } = await setUp(
    { allQueuedBytes: 1024 },
    { all: "refuse" },
  );
  await using _ = router;
  await send(1, 10);
  const codes = publisher.take().map((packet) => {
    assert.ok(packet.type === "puback");
    return packet.reasonCode;
  });
  assert.equal(codes[5], 0);
  assert.equal(codes[9], 0x97);
  assert.equal(router.counters.queuePauses, 1);
  assert.equal(router.handle.view.disk.takesMessages, false);
  await send(11, 11, "nobody's");
  const [answer] = publisher.take();
  assert.equal(answer?.type === "puback" && answer.reasonCode, 0x10);
  const peer = await back();
  const taken = await drained(router, peer);
  assert.equal(taken.length, codes.filter((code) => code === 0).length);
  assert.equal(router.handle.view.disk.takesMessages, true);
  await send(12, 12);
  assert.deepEqual(await drained(router, peer), ["12"]);
});

Deno.test("QueuePolicy drop-oldest drops the oldest messages also after a restart", async () => {
  const first = await setUp({}, {});
  await first.send(1, 5);
  const peer = await first.back();
  assert.equal((await drained(first.router, peer)).length, 5);
  await peer.lose();
  await first.send(6, 8);
  await first.router[Symbol.asyncDispose]();
  assert.ok(first.store instanceof MemoryStore);
  await using router = new TestRouter({
    store: new MemoryStore("atOnce", first.store.kept),
    limits: { queuedMessages: 3 },
  });
  const publisher = await router.connect();
  await publisher.publish("a", "9", { qos: 1 });
  await router.settle();
  const again = await router.connect({ ...PERSISTENT, clientId: "away" });
  assert.deepEqual(await drained(router, again), ["7", "8", "9"]);
});

Deno.test("a queue that drops its oldest drops no more than it must where all queues drop the newest", async () => {
  const store = new MemoryStore();
  const limits = { queuedMessages: 20, allQueuedBytes: 25_000 };
  const queuePolicies = { one: "drop-oldest", all: "drop-newest" } as const;
  await using router = new TestRouter({ store, limits, queuePolicies });
  const publisher = await router.connect();
  for (const id of ["a", "b"]) {
    const client = await router.connect({ ...PERSISTENT, clientId: id });
    await client.subscribe(id, { qos: 1 });
    await client.lose();
  }
  for (let n = 0; n < 20; n++) await publisher.publish("a", "", { qos: 1 });
  await publisher.publish("b", "x".repeat(20_000), { qos: 1 });
  await router.settle();
  // Fits into its own queue, once one has gone, and not into all of them.
  await publisher.publish("a", "x".repeat(3000), { qos: 1 });
  await router.settle();
  assert.ok(router.counters.queuedNow >= 20, String(router.counters.queuedNow));
});
