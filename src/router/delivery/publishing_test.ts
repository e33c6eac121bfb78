import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../../tests/support/router.ts";
import {
  acknowledgement,
  publish,
} from "../../../tests/support/clients/write_packets.ts";

/** A Router whose store commits when the test says so. */
function routerByHand() {
  const store = new MemoryStore("byHand");
  const router = new TestRouter({ store });
  const commit = () => router.commit();
  /** A client with a session that is kept, and if need be a subscription. */
  const persistent = async (filter?: string, qos = 2): Promise<Peer> => {
    const peer = router.arrive(PERSISTENT);
    await router.settle();
    await commit();
    peer.expect("connack");
    if (filter !== undefined) {
      const subscribed = peer.subscribe(filter, { qos });
      await router.settle();
      await commit();
      await subscribed;
    }
    return peer;
  };
  return { router, store, commit, persistent };
}

for (const qos of [1, 2]) {
  const first = qos === 1 ? "puback" : "pubrec";

  Deno.test(`Publishing acknowledges QoS ${qos} once the message is kept for a persistent session`, async () => {
    const { router, store, commit, persistent } = routerByHand();
    await using _ = router;
    const subscriber = await persistent("a");
    const publisher = await router.connect();
    const id = await publisher.publish("a", "x", { qos });
    await router.settle();
    assert.ok(store.awaited);
    assert.deepEqual(publisher.take(), []);
    assert.equal(store.kept.owed(subscriber.clientId).length, 0);
    await commit();
    assert.equal(publisher.expect(first).packetId, id);
    assert.equal(store.kept.owed(subscriber.clientId).length, 1);
  });

  Deno.test(`Publishing acknowledges retained QoS ${qos} once it is kept, also its removal`, async () => {
    const { router, store, commit } = routerByHand();
    await using _ = router;
    const publisher = await router.connect();
    for (const payload of ["x", "y", ""]) {
      await publisher.publish("a", payload, { qos, retain: true });
      await router.settle();
      assert.deepEqual(publisher.take(), []);
      await commit();
      publisher.expect(first);
      assert.equal(store.kept.retained.has("a"), payload !== "");
    }
  });

  Deno.test(`Publishing acknowledges QoS ${qos} that nobody keeps at once`, async () => {
    const { router, store } = routerByHand();
    await using _ = router;
    const publisher = await router.connect();
    const subscriber = await router.connect();
    await subscriber.subscribe("a", { qos: 2 });
    await publisher.publish("a", "x", { qos });
    await router.settle();
    publisher.expect(first);
    assert.deepEqual(subscriber.payloads(), ["x"]);
    assert.equal(store.requested, 0);
  });
}

Deno.test("Publishing asks for no commit for what nobody waits for", async () => {
  const { router, store, persistent } = routerByHand();
  await using _ = router;
  await persistent("b", 1);
  const publisher = await router.connect();
  const { requested } = store;
  await publisher.publish("a", "x", { retain: true });
  await publisher.publish("b", "x");
  await router.settle();
  assert.equal(store.requested, requested);
  assert.equal(store.written.retained.size, 1);
});

Deno.test("Publishing acknowledges in the order of the packets, per kind [MQTT-4.6.0-2, -3, -4]", async () => {
  const { router, commit, persistent } = routerByHand();
  await using _ = router;
  await persistent("kept/#");
  const publisher = await persistent();
  const at = (topic: string, qos: number, packetId: number) =>
    publish(5, topic, "x", { qos, packetId });
  await publisher.send(
    at("kept/1", 1, 1),
    at("not kept", 1, 2),
    at("kept/2", 2, 3),
    at("not kept", 2, 4),
    at("not kept", 1, 5),
  );
  await router.settle();
  assert.deepEqual(publisher.take(), []);
  await publisher.send(at("kept/3", 1, 6), at("not kept", 1, 7));
  await router.settle();
  await commit();
  await commit();
  assert.deepEqual(
    publisher.take().map((packet) =>
      "packetId" in packet ? `${packet.type} ${packet.packetId}` : packet.type
    ),
    [
      "puback 1",
      "puback 2",
      "pubrec 3",
      "pubrec 4",
      "puback 5",
      "puback 6",
      "puback 7",
    ],
  );
  await publisher.send(
    acknowledgement(5, "pubrel", 3),
    acknowledgement(5, "pubrel", 4),
    acknowledgement(5, "pubrel", 99),
  );
  await router.settle();
  assert.deepEqual(publisher.take(), []);
  await commit();
  assert.deepEqual(
    publisher.take().map((packet) =>
      packet.type === "pubcomp" && [packet.packetId, packet.reasonCode]
    ),
    [[3, 0], [4, 0], [99, 0x92]],
  );
});

Deno.test("Publishing lets nobody see QoS 2 of a persistent publisher before its identifier is kept", async () => {
  const { router, store, commit, persistent } = routerByHand();
  await using _ = router;
  const subscribers = [
    await router.connect(),
    await router.connect({ version: 4 }),
    await router.connect({ properties: { topicAliasMaximum: 5 } }),
    await router.connect({ properties: { receiveMaximum: 1 } }),
  ];
  for (const [qos, subscriber] of subscribers.entries()) {
    await subscriber.subscribe("a", { qos: qos % 3 });
  }
  const member = await router.connect();
  await member.subscribe("$share/g/a", { qos: 1 });
  subscribers.push(member);
  const publisher = await persistent();
  const id = await publisher.publish("a", "x", { qos: 2 });
  await router.settle();
  for (const peer of [publisher, ...subscribers]) {
    assert.deepEqual(peer.take(), []);
  }
  await commit();
  assert.equal(publisher.expect("pubrec").packetId, id);
  for (const subscriber of subscribers) {
    assert.deepEqual(subscriber.payloads(), ["x"]);
  }
  assert.ok(store.kept.received.get(publisher.clientId)!.has(id));
});

Deno.test("Publishing lets nobody see such a message early that had to wait in a queue", async () => {
  const { router, commit, persistent } = routerByHand();
  await using _ = router;
  const busy = await router.connect({ properties: { receiveMaximum: 1 } });
  await busy.subscribe("a", { qos: 1 });
  const member = await router.connect({ properties: { receiveMaximum: 1 } });
  await member.subscribe("$share/g/a", { qos: 1 });
  const publisher = await persistent();
  await publisher.publish("a", "1", { qos: 1 });
  await router.settle();
  const [first] = busy.messages();
  const [shared] = member.messages();
  publisher.expect("puback");
  await publisher.publish("a", "2", { qos: 2 });
  await busy.acknowledge("puback", first!.packetId);
  await member.acknowledge("puback", shared!.packetId);
  await router.settle();
  assert.deepEqual(busy.take(), [], "it left the queue");
  assert.deepEqual(member.take(), [], "it left the group's queue");
  await commit();
  assert.deepEqual(busy.payloads(), ["2"]);
  assert.deepEqual(member.payloads(), ["2"]);
});

Deno.test("Publishing takes a QoS 2 message on once, whatever is sent again [MQTT-4.3.3-10]", async () => {
  const { router, commit, persistent } = routerByHand();
  await using _ = router;
  const subscriber = await router.connect();
  await subscriber.subscribe("a", { qos: 2 });
  const publisher = await persistent();
  const again = publish(5, "a", "x", { qos: 2, packetId: 7, dup: true });
  await publisher.send(publish(5, "a", "x", { qos: 2, packetId: 7 }), again);
  await router.settle();
  await commit();
  assert.equal(publisher.take().length, 2);
  await publisher.lose();
  const back = router.arrive({ ...PERSISTENT, clientId: publisher.clientId });
  await router.settle();
  await commit();
  back.expect("connack");
  await back.send(again);
  await router.settle();
  assert.deepEqual(back.take(), [], "its identifier is written again");
  await commit();
  back.expect("pubrec");
  assert.deepEqual(subscriber.payloads(), ["x"]);
  await back.acknowledge("pubrel", 7);
  await router.settle();
  assert.deepEqual(back.take(), []);
  await commit();
  back.expect("pubcomp");
  await back.send(publish(5, "a", "y", { qos: 2, packetId: 7 }));
  await router.settle();
  await commit();
  assert.deepEqual(subscriber.payloads(), ["y"]);
});

Deno.test("Publishing counts messages against the receive maximum until they are acknowledged to the end [MQTT-3.3.4-7]", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store, limits: { receiveMaximum: 3 } });
  const publisher = await router.connect();
  const kept = (packetId: number) =>
    publish(5, "a", "x", { qos: 1, packetId, retain: true });
  await publisher.send(kept(1), kept(2), kept(3));
  await router.settle();
  store.commit();
  await router.settle();
  assert.equal(publisher.take().length, 3);
  // The commit has made room again, however often.
  for (let id = 10; id < 20; id++) {
    await publisher.send(kept(id));
    await router.settle();
    store.commit();
    await router.settle();
    publisher.expect("puback");
  }
  const open = (packetId: number) => publish(5, "b", "x", { qos: 2, packetId });
  await publisher.send(open(1), open(2), open(3));
  await publisher.acknowledge("pubrel", 2);
  await publisher.send(open(4));
  assert.equal(publisher.endCause(), undefined);
  await publisher.send(open(5));
  await router.settle();
  assert.equal(publisher.endCause(), "receiveMaximumExceeded");
  assert.equal(publisher.endCode(), 0x93);
});

Deno.test("Publishing does not count a message twice that is sent again", async () => {
  await using router = new TestRouter({ limits: { receiveMaximum: 2 } });
  const publisher = await router.connect();
  for (let n = 0; n < 5; n++) {
    await publisher.send(
      publish(5, "a", "x", { qos: 2, packetId: 1, dup: n > 0 }),
    );
  }
  await publisher.acknowledge("pubrel", 1);
  await publisher.send(
    publish(5, "a", "x", { qos: 2, packetId: 2 }),
    publish(5, "a", "x", { qos: 2, packetId: 3 }),
  );
  await router.settle();
  assert.equal(publisher.endCause(), undefined);
});

Deno.test("Publishing keeps topics of aliases and ends the client that uses others [MQTT-3.3.2-7..-10]", async () => {
  await using router = new TestRouter({ limits: { topicAliasMaximum: 3 } });
  const subscriber = await router.connect();
  await subscriber.subscribe("#");
  const publisher = await router.connect();
  const aliased = (topic: string, topicAlias: number) =>
    publish(5, topic, topic, { properties: { topicAlias } });
  await publisher.send(aliased("long/topic/name", 1), aliased("b", 3));
  await publisher.send(aliased("", 1), aliased("", 3));
  await publisher.send(aliased("c", 1));
  await publisher.send(aliased("", 1));
  await router.settle();
  assert.deepEqual(
    subscriber.messages().map(({ topic }) => topic),
    ["long/topic/name", "b", "long/topic/name", "b", "c", "c"],
  );
  await publisher.send(aliased("", 2));
  await router.settle();
  assert.equal(publisher.endCause(), "protocolError");
  const other = await router.connect();
  await other.send(aliased("d", 4));
  await router.settle();
  assert.equal(other.endCause(), "topicAliasInvalid");
});

Deno.test("Publishing hands on what came before an error in the same read", async () => {
  await using router = new TestRouter();
  const subscriber = await router.connect();
  await subscriber.subscribe("a");
  const publisher = await router.connect();
  const other = await router.connect();
  await publisher.subscribe("own", { qos: 2 });
  await other.publish("own", "", { qos: 2 });
  await router.settle();
  const { packetId } = publisher.expect("publish");
  await publisher.send(
    publish(5, "a", "1"),
    publish(5, "a", "2"),
    acknowledgement(5, "puback", packetId),
    publish(5, "a", "3"),
  );
  await router.settle();
  assert.equal(publisher.endCause(), "protocolError");
  await other.send(publish(5, "a", "4"), publish(5, "a", "5"));
  await router.settle();
  assert.deepEqual(subscriber.payloads(), ["1", "2", "4", "5"]);
});
