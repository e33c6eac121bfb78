import assert from "node:assert/strict";
import { setUp, short } from "../../tests/support/outbound.ts";

Deno.test("Outbound has no more under way than the receive maximum [MQTT-3.3.4-9]", async () => {
  const { router, publisher, commit, persistent } = await setUp();
  await using _ = router;
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
  await using _ = router;
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
  await using _ = router;
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
  await using _ = router;
  const peer = await persistent(2);
  const text = "".padEnd(100, ".");
  await publisher.publish("a", "first", { qos: 2 });
  for (let n = 0; n < 500; n++) {
    await publisher.publish("a", text, { qos: n % 3 });
  }
  await router.settle();
  const { uncommitted: gate, outbox } = peer.link;
  assert.ok(gate.bytes + outbox.bytes <= 4096, `${gate.bytes} wait`);
  await commit();
  const [first] = peer.messages().filter(({ qos }) => qos > 0);
  assert.equal(first!.payload.length, "first".length);
});

Deno.test("Outbound discards what is larger than the client takes, and goes on [MQTT-3.1.2-24, -25]", async () => {
  const { router, store, publisher, commit, persistent } = await setUp();
  await using _ = router;
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
  await using _ = router;
  // 20 bytes: header 2, topic 3, properties length 1, payload 14.
  const properties = { maximumPacketSize: 20, topicAliasMaximum: 5 };
  const peer = await router.connect({ properties });
  await peer.subscribe("a", { qos: 0 });
  for (const payload of ["x".repeat(14), "x".repeat(15), "y".repeat(14)]) {
    await publisher.publish("a", payload);
  }
  await router.settle();
  assert.deepEqual(peer.payloads(), ["x".repeat(14), "y".repeat(14)]);
  assert.equal(router.counters.dropped.tooLarge, 1);
});

Deno.test("Outbound keeps to the limits of its queue, in messages and bytes", async () => {
  const limits = { queuedMessages: 3, queuedBytes: 2000 };
  const { router, store, publisher, commit, persistent, back } = await setUp({
    limits,
  });
  await using _ = router;
  const peer = await persistent(1);
  await peer.lose();
  for (let n = 1; n <= 5; n++) {
    await publisher.publish("a", String(n), { qos: 1 });
  }
  await commit();
  assert.equal(router.counters.dropped.queueMessages, 2);
  assert.equal(store.kept.owed(peer.clientId).length, 3);
  let again = await back(peer);
  assert.deepEqual(again.payloads(), ["3", "4", "5"]);
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
    await using _ = router;
    const peer = await router.connect();
    await peer.subscribe("a", { qos });
    await publisher.publish("a", "x", { qos });
    await router.settle();
    await peer.acknowledge(type, peer.expect("publish").packetId);
    assert.equal(peer.endCause(), "protocolError");
  });
}
