import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
  type TestRouterOptions,
} from "../../tests/support/router.ts";
import { acknowledgement, publish } from "../../tests/support/write_packets.ts";
import type { Received } from "../../tests/support/read_packets.ts";

/** A Router whose store commits when the test says so, and one publisher. */
async function setUp(options: TestRouterOptions = {}) {
  const store = new MemoryStore("byHand");
  const router = new TestRouter({ store, ...options });
  const publisher = await router.connect();
  const commit = () => router.commit();
  /** A subscriber whose session is kept. */
  const persistent = async (qos: number, properties = {}): Promise<Peer> => {
    const peer = router.arrive({
      clean: false,
      properties: { ...PERSISTENT.properties, ...properties },
    });
    await router.settle();
    await commit();
    peer.expect("connack");
    const subscribed = peer.subscribe("a", { qos });
    await router.settle();
    await commit();
    await subscribed;
    return peer;
  };
  /** The client is back, and its CONNACK has been sent. */
  const back = async (peer: Peer, properties = {}): Promise<Peer> => {
    const again = router.arrive({
      clientId: peer.clientId,
      clean: false,
      properties: { ...PERSISTENT.properties, ...properties },
    });
    await router.settle();
    await commit();
    assert.equal(again.expect("connack").sessionPresent, true);
    return again;
  };
  return { router, store, publisher, commit, persistent, back };
}

/** A packet in a word. */
function short(packet: Received): string {
  if (packet.type !== "publish") {
    return "packetId" in packet
      ? `${packet.type} ${packet.packetId}`
      : packet.type;
  }
  const payload = new TextDecoder().decode(packet.payload);
  return `${packet.dup ? "dup " : ""}${packet.packetId}:${payload}`;
}

Deno.test("Outbound lets a persistent client's QoS 2 PUBLISH leave once its packet id is kept, PUBREL once PUBREC is", async () => {
  const { router, store, publisher, commit, persistent } = await setUp();
  using _ = router;
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
  using _ = router;
  const peer = await persistent(1);
  const { committed } = store;
  await publisher.publish("a", "x", { qos: 1 });
  await router.settle();
  assert.deepEqual(peer.payloads(), ["x"]);
  assert.equal(store.committed, committed);
});

Deno.test("Outbound keeps QoS 1 and 2 in order behind one that waits for the disk [MQTT-4.6.0-1]", async () => {
  const { router, publisher, commit, persistent } = await setUp();
  using _ = router;
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
  using _ = router;
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
  using _ = router;
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

Deno.test("Outbound has no more under way than the receive maximum [MQTT-3.3.4-9]", async () => {
  const { router, publisher, commit, persistent } = await setUp();
  using _ = router;
  const peer = await persistent(2, { receiveMaximum: 2 });
  for (let n = 1; n <= 6; n++) {
    await publisher.publish("a", String(n), { qos: n % 2 + 1 });
  }
  await publisher.publish("a", "0");
  await router.settle();
  await commit();
  assert.deepEqual(peer.take().map(short), ["0:0", "1:1", "2:2"]);
  await peer.acknowledge("pubrec", 1);
  await router.settle();
  await commit();
  assert.deepEqual(peer.take().map(short), ["pubrel 1"]);
  await peer.acknowledge("pubcomp", 1);
  await router.settle();
  await commit();
  assert.deepEqual(peer.take().map(short), ["3:3"]);
  await peer.acknowledge("pubrec", 3, 0x80);
  await peer.acknowledge("puback", 2, 0x80);
  await router.settle();
  await commit();
  assert.deepEqual(peer.take().map(short), ["4:4", "5:5"]);
});

Deno.test("Outbound counts PUBREL sent again towards the receive maximum too [MQTT-3.3.4-9]", async () => {
  const { router, publisher, commit, persistent, back } = await setUp();
  using _ = router;
  const peer = await persistent(2);
  for (let n = 1; n <= 4; n++) await publisher.publish("a", "x", { qos: 2 });
  await router.settle();
  await commit();
  for (const id of [1, 2, 3]) await peer.acknowledge("pubrec", id);
  await router.settle();
  await commit();
  peer.take();
  await peer.lose();
  for (let n = 5; n <= 8; n++) {
    await publisher.publish("a", "y", { qos: 1 });
  }
  const again = await back(peer, { receiveMaximum: 2 });
  const seen = again.take();
  const underWay = () =>
    seen.filter((packet) => packet.type === "publish").length;
  let acknowledged = 0;
  for (const id of [1, 2, 3]) {
    await again.acknowledge("pubcomp", id);
    await router.settle();
    await commit();
    seen.push(...again.take());
    assert.ok(underWay() - acknowledged <= 2, seen.map(short).join(", "));
  }
  while (acknowledged < 5) {
    const message = seen.filter((packet) => packet.type === "publish")
      .at(acknowledged)!;
    if (message.qos === 2) {
      await again.acknowledge("pubrec", message.packetId);
      await router.settle();
      await commit();
      await again.acknowledge("pubcomp", message.packetId);
    } else await again.acknowledge("puback", message.packetId);
    acknowledged++;
    await router.settle();
    seen.push(...again.take());
    assert.ok(underWay() - acknowledged <= 2, seen.map(short).join(", "));
  }
  assert.equal(underWay(), 5);
});

Deno.test("Outbound sends QoS 1 and 2 as the Outbox drains, and drops only QoS 0", async () => {
  const { router, publisher } = await setUp({ limits: { outboxBytes: 1024 } });
  using _ = router;
  const peer = await router.connect();
  await peer.subscribe("a", { qos: 2 });
  peer.limit(0);
  const payload = (n: number) => String(n).padEnd(200, ".");
  for (let n = 0; n < 60; n++) {
    await publisher.publish("a", payload(n), { qos: n % 3 });
  }
  await router.settle();
  assert.ok(peer.link.outbox.bytes <= 1024);
  assert.ok(router.counters.dropped.outboxFull > 0);
  const payloads: string[] = [];
  for (let rounds = 0; rounds < 200; rounds++) {
    peer.limit(100);
    await router.settle();
    assert.ok(peer.link.outbox.bytes <= 1024);
    payloads.push(...peer.payloads());
  }
  const expected = Array.from({ length: 60 }, (_, n) => n);
  assert.deepEqual(
    payloads.map((text) => parseInt(text)).filter((n) => n % 3 > 0),
    expected.filter((n) => n % 3 > 0),
  );
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(router.counters.queuedBytesNow, 0);
});

Deno.test("Outbound does not let what waits for the disk grow beyond the Outbox's bound", async () => {
  const limits = { outboxBytes: 4096, queuedMessages: 10 };
  const { router, publisher, commit, persistent } = await setUp({ limits });
  using _ = router;
  const peer = await persistent(2);
  const text = "".padEnd(100, ".");
  await publisher.publish("a", "first", { qos: 2 });
  for (let n = 0; n < 500; n++) {
    await publisher.publish("a", text, { qos: n % 3 });
  }
  await router.settle();
  const { gate, outbox } = peer.link;
  assert.ok(gate.bytes + outbox.bytes <= 4096, `${gate.bytes} wait`);
  await commit();
  const [first] = peer.messages().filter(({ qos }) => qos > 0);
  assert.equal(first!.payload.length, "first".length);
});

Deno.test("Outbound discards what is larger than the client takes, and goes on [MQTT-3.1.2-24, -25]", async () => {
  const { router, store, publisher, commit, persistent } = await setUp();
  using _ = router;
  const properties = { maximumPacketSize: 64, receiveMaximum: 1 };
  const peer = await persistent(2, properties);
  const large = "".padEnd(100, ".");
  for (const qos of [0, 1, 2]) {
    await publisher.publish("a", large, { qos });
    await publisher.publish("a", `small ${qos}`, { qos });
  }
  const received: string[] = [];
  for (let rounds = 0; rounds < 4; rounds++) {
    await router.settle();
    await commit();
    for (const message of peer.messages()) {
      received.push(new TextDecoder().decode(message.payload));
      if (message.qos === 1) {
        await peer.acknowledge("puback", message.packetId);
      }
    }
  }
  assert.deepEqual(received, ["small 0", "small 1", "small 2"]);
  assert.equal(router.counters.dropped.tooLarge, 3);
  await commit();
  assert.equal(store.kept.owed(peer.clientId).length, 1);
});

Deno.test("Outbound does not let a topic alias or identifier make a message too large that need not be", async () => {
  const { router, publisher } = await setUp();
  using _ = router;
  // 12 bytes: header 2, topic 3, properties length 1, payload 6.
  const properties = { maximumPacketSize: 12, topicAliasMaximum: 5 };
  const peer = await router.connect({ properties });
  await peer.subscribe("a", { qos: 0 });
  for (const payload of ["123456", "1234567", "123456"]) {
    await publisher.publish("a", payload);
  }
  await router.settle();
  assert.deepEqual(peer.payloads(), ["123456", "123456"]);
  assert.equal(router.counters.dropped.tooLarge, 1);
});

Deno.test("Outbound uses topic aliases from the first message on, as many as the client allows [MQTT-3.1.2-26]", async () => {
  const { router, publisher } = await setUp();
  using _ = router;
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
  using _ = router;
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

Deno.test("Outbound keeps to the limits of its queue, in messages and bytes", async () => {
  const limits = { queuedMessages: 3, queuedBytes: 2000 };
  const { router, store, publisher, commit, persistent, back } = await setUp({
    limits,
  });
  using _ = router;
  const peer = await persistent(1);
  await peer.lose();
  for (let n = 1; n <= 5; n++) {
    await publisher.publish("a", String(n), { qos: 1 });
  }
  await commit();
  assert.equal(router.counters.dropped.queueMessages, 2);
  assert.equal(store.kept.owed(peer.clientId).length, 3);
  let again = await back(peer);
  assert.deepEqual(again.payloads(), ["1", "2", "3"]);
  for (const id of [1, 2, 3]) await again.acknowledge("puback", id);
  await again.lose();
  for (let n = 1; n <= 3; n++) {
    await publisher.publish("a", String(n).padEnd(800, "."), { qos: 1 });
  }
  await commit();
  assert.equal(router.counters.dropped.queueBytes, 1);
  again = await back(peer);
  assert.equal(again.payloads().length, 2);
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(router.counters.queuedBytesNow, 0);
});

for (
  const [what, qos, type] of [
    ["PUBREC for QoS 1", 1, "pubrec"],
    ["PUBACK for QoS 2", 2, "puback"],
    ["PUBCOMP before PUBREC", 2, "pubcomp"],
  ] as const
) {
  Deno.test(`Outbound ends a client that sends ${what}`, async () => {
    const { router, publisher } = await setUp();
    using _ = router;
    const peer = await router.connect();
    await peer.subscribe("a", { qos });
    await publisher.publish("a", "x", { qos });
    await router.settle();
    await peer.acknowledge(type, peer.expect("publish").packetId);
    assert.equal(peer.endCause(), "protocolError");
  });
}

Deno.test("Outbound answers for packet ids that it does not know", async () => {
  const { router } = await setUp();
  using _ = router;
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
  using _ = router;
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
  using _ = router;
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
