import assert from "node:assert/strict";
import { type Allowed, FakeRights } from "../../tests/support/rights.ts";
import { PERSISTENT, TestRouter } from "../../tests/support/router.ts";
import { MemoryStore } from "../store/memory_store.ts";

/** A Router in which bob may do this, and others all. */
function setUp(bob: Allowed = {}) {
  const store = new MemoryStore();
  const router = new TestRouter({ store, rights: new FakeRights({ bob }) });
  const change = (bob: Allowed) =>
    router.handle.changeRights(new FakeRights({ bob }));
  return { router, store, change };
}

/** How many messages the store holds for somebody. */
function owed(store: MemoryStore): number {
  const { deliveries, assigned } = store.written;
  return [...deliveries.values(), ...assigned.values()]
    .reduce((sum, { size }) => sum + size, 0);
}

const BOB = { ...PERSISTENT, clientId: "b", username: "bob" };

Deno.test("RouteTable leaves out who may not receive a topic, from a change of the rules on", async () => {
  const { router, change } = setUp({ receive: ["open/#"] });
  await using _ = router;
  const alice = await router.connect();
  const bob = await router.connect(BOB);
  const other = await router.connect();
  for (const client of [bob, other]) await client.subscribe("#", { qos: 2 });
  const send = async (payload: string) => {
    for (const qos of [0, 1, 2]) {
      for (const topic of ["open/a", "closed/a"]) {
        await alice.publish(topic, `${topic} ${payload}${qos}`, { qos });
      }
    }
    await router.settle();
    const all = other.payloads();
    assert.equal(all.length, 6);
    return bob.payloads();
  };
  const open = (n: number) => [0, 1, 2].map((qos) => `open/a ${n}${qos}`);
  assert.deepEqual(await send("1"), open(1));
  change({ receive: ["closed/#"] });
  const closed = [0, 1, 2].map((qos) => `closed/a 2${qos}`);
  assert.deepEqual(await send("2"), closed);
  change({ receive: [] });
  assert.deepEqual(await send("3"), []);
  router.handle.changeRights(undefined);
  assert.equal((await send("4")).length, 6);
  // What the rules keep from a subscriber is not missed by it.
  assert.equal(router.counters.dropped.notAuthorized, 0);
});

Deno.test("Outbound drops what waited and may not be received any more", async () => {
  const { router, store, change } = setUp();
  await using _ = router;
  const alice = await router.connect();
  const bob = await router.connect(BOB);
  await bob.subscribe("#", { qos: 2 });
  await bob.lose();
  for (const topic of ["open", "closed", "open", "closed"]) {
    for (const qos of [1, 2]) await alice.publish(topic, topic, { qos });
  }
  await router.settle();
  change({ receive: ["open"] });
  const back = await router.connect(BOB);
  const sent = back.messages();
  assert.deepEqual(sent.map(({ topic }) => topic), new Array(4).fill("open"));
  for (const { packetId, qos } of sent) {
    await back.acknowledge(qos === 1 ? "puback" : "pubrec", packetId);
    if (qos === 2) await back.acknowledge("pubcomp", packetId);
  }
  await router.settle();
  assert.equal(router.counters.dropped.notAuthorized, 4);
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(owed(store), 0);
});

Deno.test("Outbound does not send again what may not be received any more", async () => {
  const { router, store, change } = setUp();
  await using _ = router;
  const alice = await router.connect();
  const bob = await router.connect(BOB);
  await bob.subscribe("#", { qos: 2 });
  for (const topic of ["open", "closed"]) {
    for (const qos of [1, 2]) await alice.publish(topic, topic, { qos });
  }
  await router.settle();
  assert.equal(bob.messages().length, 4);
  await bob.lose();
  change({ receive: ["open"] });
  const back = await router.connect(BOB);
  const again = back.messages();
  assert.deepEqual(again.map(({ topic }) => topic), ["open", "open"]);
  assert.equal(router.counters.dropped.notAuthorized, 2);
  for (const { packetId, qos } of again) {
    await back.acknowledge(qos === 1 ? "puback" : "pubrec", packetId);
    if (qos === 2) await back.acknowledge("pubcomp", packetId);
  }
  await router.settle();
  assert.equal(owed(store), 0);
  assert.equal(router.counters.inflightBytesNow, 0);
});

Deno.test("Outbound sends only the retained messages that may be received", async () => {
  const { router } = setUp({ receive: ["open/#"] });
  await using _ = router;
  const alice = await router.connect();
  for (const topic of ["open/a", "closed/a", "open/b"]) {
    await alice.publish(topic, topic, { qos: 1, retain: true });
  }
  const bob = await router.connect(BOB);
  await bob.subscribe("#", { qos: 1 });
  await router.settle();
  assert.deepEqual(bob.payloads().toSorted(), ["open/a", "open/b"]);
});

Deno.test("SharedGroup passes over members that may not receive a topic", async () => {
  const { router, change } = setUp({ receive: ["open"] });
  await using _ = router;
  const alice = await router.connect();
  const bob = await router.connect(BOB);
  const other = await router.connect();
  const filter = "$share/g/#";
  for (const client of [bob, other]) await client.subscribe(filter, { qos: 1 });
  const send = async (topic: string) => {
    for (let n = 0; n < 8; n++) {
      await alice.publish(topic, topic, { qos: n % 2 });
    }
    await router.settle();
    for (const member of [bob, other]) {
      for (const packet of member.received) {
        if (packet.type !== "publish" || packet.qos === 0) continue;
        await member.acknowledge("puback", packet.packetId);
      }
    }
    return [bob.payloads().length, other.payloads().length];
  };
  assert.deepEqual(await send("open"), [4, 4]);
  assert.deepEqual(await send("closed"), [0, 8]);
  await other.lose();
  alice.take();
  assert.equal(router.counters.dropped.notAuthorized, 0);
  assert.deepEqual(await send("closed"), [0, 0]);
  assert.equal(router.counters.dropped.notAuthorized, 8);
  assert.equal(router.counters.queuedNow, 0);
  change({});
  assert.deepEqual(await send("closed"), [8, 0]);
});

Deno.test("SharedGroup drops what waited and no member may receive any more, and gives others what they may", async () => {
  const { router, store, change } = setUp();
  await using _ = router;
  const alice = await router.connect();
  const bob = await router.connect(BOB);
  await bob.subscribe("$share/g/#", { qos: 1 });
  await bob.lose();
  for (const topic of ["closed", "open", "closed", "open"]) {
    await alice.publish(topic, topic, { qos: 1 });
  }
  await router.settle();
  change({ receive: ["open"] });
  const back = await router.connect(BOB);
  const sent = back.messages();
  assert.deepEqual(sent.map(({ topic }) => topic), ["open", "open"]);
  assert.equal(router.counters.dropped.notAuthorized, 2);
  for (const { packetId } of sent) await back.acknowledge("puback", packetId);
  await router.settle();
  assert.equal(owed(store), 0);
});

Deno.test("SharedGroup gives another member what one may not be sent again", async () => {
  const { router, change } = setUp();
  await using _ = router;
  const alice = await router.connect();
  const bob = await router.connect(BOB);
  await bob.subscribe("$share/g/#", { qos: 1 });
  await alice.publish("closed", "x", { qos: 1 });
  await router.settle();
  assert.deepEqual(bob.payloads(), ["x"]);
  await bob.lose();
  change({ receive: [] });
  const other = await router.connect();
  await other.subscribe("$share/g/#", { qos: 1 });
  const back = await router.connect(BOB);
  await router.settle();
  assert.deepEqual(back.payloads(), []);
  assert.deepEqual(other.payloads(), ["x"]);
  assert.equal(router.counters.dropped.notAuthorized, 0);
});

Deno.test("SharedGroup goes on with what waited when the rules let a member receive it", async () => {
  const { router, change } = setUp({ receive: ["open"] });
  await using _ = router;
  const alice = await router.connect();
  const bob = await router.connect(BOB);
  const other = await router.connect(PERSISTENT);
  for (const client of [bob, other]) {
    await client.subscribe("$share/g/#", { qos: 1 });
  }
  await other.lose();
  await alice.publish("closed", "x", { qos: 1 });
  await router.settle();
  assert.deepEqual(bob.payloads(), []);
  assert.equal(router.counters.queuedNow, 1);
  change({ receive: ["closed"] });
  await router.settle();
  assert.deepEqual(bob.payloads(), ["x"]);
});
