import assert from "node:assert/strict";
import { setUp, short } from "../../tests/support/outbound.ts";
import { MemoryStore } from "../store/memory_store.ts";
import { PERSISTENT, TestRouter } from "../../tests/support/router.ts";
import {
  acknowledgement,
  publish,
  subscribe,
} from "../../tests/support/clients/write_packets.ts";

Deno.test("Outbound lets a persistent client's QoS 2 PUBLISH leave once its packet id is kept, PUBREL once PUBREC is", async () => {
  const { router, store, publisher, commit, persistent } = await setUp();
  await using _ = router;
  const peer = await persistent(2);
  await publisher.publish("a", "x", { qos: 2 });
  await router.settle();
  assert.deepEqual(peer.take(), []);
  await commit();
  const { packetId } = peer.expect("publish");
  const kept = store.kept.assigned.get(peer.clientId)!.get(packetId)!;
  assert.equal(kept.assignment!.released, false);
  await peer.acknowledge("pubrec", packetId);
  await router.settle();
  assert.deepEqual(peer.take(), []);
  await commit();
  assert.equal(peer.expect("pubrel").packetId, packetId);
  const released = store.kept.assigned.get(peer.clientId)!.get(packetId)!;
  assert.equal(released.assignment!.released, true);
  const { requested } = store;
  await peer.acknowledge("pubcomp", packetId);
  await router.settle();
  assert.equal(store.requested, requested, "nobody waits for the removal");
  await commit();
  assert.equal(store.kept.owed(peer.clientId).length, 0);
});

Deno.test("Outbound sends a persistent client's QoS 1 PUBLISH at once", async () => {
  const { router, store, publisher, persistent } = await setUp();
  await using _ = router;
  const peer = await persistent(1);
  const { committed } = store;
  await publisher.publish("a", "x", { qos: 1 });
  await router.settle();
  assert.deepEqual(peer.payloads(), ["x"]);
  assert.equal(store.committed, committed);
});

Deno.test("Outbound keeps QoS 1 and 2 in order behind one that waits for the disk [MQTT-4.6.0-1]", async () => {
  const { router, publisher, commit, persistent } = await setUp();
  await using _ = router;
  const peer = await persistent(2);
  await publisher.send(
    publish(5, "a", "1", { qos: 2, packetId: 1 }),
    publish(5, "a", "2", { qos: 1, packetId: 2 }),
    publish(5, "a", "3"),
    publish(5, "a", "4"),
    publish(5, "a", "5", { qos: 2, packetId: 3 }),
  );
  await peer.send(Uint8Array.of(0xC0, 0));
  await router.settle();
  assert.deepEqual(peer.take().map(short), ["0:3", "0:4", "pingresp"]);
  await commit();
  assert.deepEqual(peer.take().map(short), ["1:1", "2:2", "3:5"]);
});

Deno.test("Outbound sends again in order what was under way, then what waited [MQTT-4.4.0-1, MQTT-4.6.0-1]", async () => {
  const { router, store, publisher, commit, persistent, back } = await setUp();
  await using _ = router;
  const peer = await persistent(2);
  for (let n = 1; n <= 5; n++) {
    await publisher.publish("a", String(n), { qos: n % 2 + 1 });
  }
  await router.settle();
  await commit();
  assert.deepEqual(peer.take().map(short), ["1:1", "2:2", "3:3", "4:4", "5:5"]);
  await peer.acknowledge("puback", 2);
  await peer.acknowledge("pubrec", 3);
  await router.settle();
  await commit();
  assert.deepEqual(peer.take().map(short), ["pubrel 3"]);
  await peer.lose();
  await publisher.publish("a", "6", { qos: 1 });
  const again = await back(peer);
  await publisher.publish("a", "7", { qos: 1 });
  await router.settle();
  assert.deepEqual(again.take().map(short), [
    "dup 1:1",
    "pubrel 3",
    "dup 4:4",
    "dup 5:5",
    "6:6",
    "7:7",
  ]);
  for (const id of [1, 5]) await again.acknowledge("pubrec", id);
  for (const id of [4, 6, 7]) await again.acknowledge("puback", id);
  for (const id of [1, 3, 5]) await again.acknowledge("pubcomp", id);
  await router.settle();
  await commit();
  await commit();
  assert.equal(store.kept.owed(peer.clientId).length, 0);
});

Deno.test("Outbound sends nothing of a session before CONNACK, and all after it", async () => {
  const { router, publisher, commit, persistent } = await setUp();
  await using _ = router;
  const peer = await persistent(2);
  await publisher.publish("a", "1", { qos: 1 });
  await peer.lose();
  const again = router.arrive({ ...PERSISTENT, clientId: peer.clientId });
  await router.settle();
  for (const qos of [1, 2, 0]) await publisher.publish("a", "2", { qos });
  await router.settle();
  assert.deepEqual(again.take(), []);
  await commit();
  assert.deepEqual(again.take().map(short), [
    "connack",
    "dup 1:1",
    "2:2",
    "3:2",
  ]);
});

Deno.test("Outbound uses topic aliases from the first message on, as many as the client allows [MQTT-3.1.2-26]", async () => {
  const { router, publisher } = await setUp();
  await using _ = router;
  const peer = await router.connect({ properties: { topicAliasMaximum: 2 } });
  await peer.subscribe("#", { qos: 1 });
  for (const topic of ["a", "b", "c", "a", "b", "c"]) {
    await publisher.publish(topic, topic, { qos: 1 });
    await publisher.publish(topic, topic);
  }
  await router.settle();
  const aliases = new Map<number, string>();
  for (const message of peer.messages()) {
    const { topicAlias } = message.properties;
    if (topicAlias !== undefined) {
      assert.ok(topicAlias >= 1 && topicAlias <= 2);
      if (message.topic !== "") {
        assert.equal(aliases.has(topicAlias), false, "set once");
        aliases.set(topicAlias, message.topic);
      }
    }
    const topic = message.topic || aliases.get(topicAlias!);
    assert.equal(new TextDecoder().decode(message.payload), topic);
  }
  assert.deepEqual([...aliases], [[1, "a"], [2, "b"]]);
});

Deno.test("Outbound sends the interval that is left and discards what has expired [MQTT-3.3.2-5, -6]", async () => {
  const { router, publisher, commit, persistent, back } = await setUp();
  await using _ = router;
  const peer = await persistent(1);
  await peer.lose();
  for (const messageExpiryInterval of [10, 20, undefined]) {
    await publisher.publish("a", String(messageExpiryInterval), {
      qos: 1,
      properties: messageExpiryInterval === undefined
        ? {}
        : { messageExpiryInterval },
    });
  }
  await router.settle();
  await commit();
  await router.advance(12_500);
  const again = await back(peer);
  assert.deepEqual(
    again.messages().map(({ properties }) => properties.messageExpiryInterval),
    [8, undefined],
  );
  assert.equal(router.counters.dropped.expired, 1);
});

Deno.test("Outbound answers for packet ids that it does not know", async () => {
  const { router } = await setUp();
  await using _ = router;
  const peer = await router.connect();
  await peer.send(
    acknowledgement(5, "puback", 5),
    acknowledgement(5, "pubrec", 5, 0x80),
    acknowledgement(5, "pubcomp", 5),
    acknowledgement(5, "pubrec", 6),
  );
  await router.settle();
  const pubrel = peer.expect("pubrel");
  assert.deepEqual([pubrel.packetId, pubrel.reasonCode], [6, 0x92]);
  assert.deepEqual(peer.take(), []);
});

Deno.test("Outbound sends nothing to a connection that has ended", async () => {
  const { router, publisher, commit, persistent } = await setUp();
  await using _ = router;
  const peer = await persistent(2);
  await publisher.publish("a", "x", { qos: 2 });
  await router.settle();
  // Its connection has ended, and the Router does not know that yet.
  peer.link.end();
  await publisher.send(
    publish(5, "a", "0"),
    publish(5, "a", "1", { qos: 1, packetId: 1 }),
  );
  await commit();
  assert.equal(peer.link.outbox.appended, peer.link.outbox.taken);
  assert.deepEqual(peer.take(), []);
});

Deno.test("Outbound does not grow slow where very many messages are sent again one by one", async () => {
  const limits = { maximumInflight: 65_535 };
  const { router, publisher, commit, persistent, back } = await setUp({
    limits,
  });
  await using _ = router;
  const peer = await persistent(1);
  const batch = (first: number) =>
    Array.from(
      { length: 1000 },
      (_, n) => publish(5, "a", "x", { qos: 1, packetId: first + n }),
    );
  for (let first = 1; first <= 40_000; first += 1000) {
    await publisher.send(...batch(first));
    await commit();
  }
  assert.equal(peer.take().length, 40_000);
  await peer.lose();
  const again = await back(peer, { receiveMaximum: 1 });
  const begin = performance.now();
  for (let id = 1; id <= 40_000; id += 1000) {
    await again.send(
      ...Array.from(
        { length: 1000 },
        (_, n) => acknowledgement(5, "puback", id + n),
      ),
    );
  }
  assert.equal(again.take().length, 40_000);
  const took = performance.now() - begin;
  assert.ok(took < 5_000, `Took ${took} ms`);
});

Deno.test("Outbound does not let a QoS 1 message overtake one that waits behind an answer [MQTT-4.6.0-1]", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const subscriber = router.arrive({ ...PERSISTENT, clientId: "s" });
  await router.settle();
  await router.commit();
  await subscriber.send(subscribe(5, 1, [{ filter: "t", qos: 2 }]));
  await router.settle();
  await router.commit();
  const publisher = router.arrive();
  await router.settle();
  subscriber.take();
  // Waits for its packet identifier's commit, which is under way.
  await publisher.publish("t", "1", { qos: 2 });
  await router.settle();
  // Its SUBACK waits for the next commit.
  await subscriber.send(subscribe(5, 2, [{ filter: "u" }]));
  // Not before the first message, so behind the SUBACK.
  await publisher.publish("t", "2", { qos: 1 });
  await router.settle();
  store.commit();
  await router.settle();
  await publisher.publish("t", "3", { qos: 1 });
  await router.settle();
  await router.commit();
  const payloads = subscriber.take().flatMap((packet) =>
    packet.type === "publish" ? [new TextDecoder().decode(packet.payload)] : []
  );
  assert.deepEqual(payloads, ["1", "2", "3"]);
});
