import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import { DurabilityRules } from "../topics/durability_rules.ts";
import { PERSISTENT, TestRouter } from "../../../tests/support/router.ts";
import {
  publish,
  unsubscribe,
} from "../../../tests/support/clients/write_packets.ts";

const RETAIN = { retain: true };

Deno.test("RetainedMessages keeps the last message of each topic [MQTT-3.3.1-5..-8]", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  for (const [topic, payload] of [["a", "1"], ["b", "2"], ["a", "3"]]) {
    await publisher.publish(topic!, payload, RETAIN);
  }
  await publisher.publish("a", "not retained");
  await publisher.publish("b", "", RETAIN);
  await publisher.publish("never", "", RETAIN);
  const peer = await router.connect();
  await peer.subscribe("#");
  const [message, ...others] = peer.messages();
  assert.equal(message!.topic, "a");
  assert.equal(message!.retain, true);
  assert.equal(new TextDecoder().decode(message!.payload), "3");
  assert.deepEqual(others, []);
  assert.equal(router.counters.retainedNow, 1);
});

Deno.test("RetainedMessages sends live messages as they are, the flag only where it is asked for [MQTT-3.3.1-12, -13]", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const peer = await router.connect();
  await peer.subscribe("a");
  const asPublished = await router.connect();
  await asPublished.subscribe("a", { retainAsPublished: true });
  for (const retain of [true, false]) {
    await publisher.publish("a", retain ? "" : "x", { retain });
    await router.settle();
    assert.equal(peer.messages()[0]!.retain, false);
    assert.equal(asPublished.messages()[0]!.retain, retain);
  }
});

Deno.test("RetainedMessages are sent to new subscriptions as these ask for [MQTT-3.3.1-9..-11]", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  await publisher.publish("a", "x", { ...RETAIN, qos: 2 });
  const peer = await router.connect();
  for (
    const [retainHandling, first, again] of [[0, 1, 1], [1, 1, 0], [2, 0, 0]]
  ) {
    const options = {
      qos: 1,
      retainHandling: retainHandling!,
      properties: { subscriptionIdentifiers: [9] },
    };
    await peer.subscribe("+", options);
    const messages = peer.messages();
    assert.equal(messages.length, first);
    for (const message of messages) {
      assert.equal(message.qos, 1);
      assert.deepEqual(message.properties.subscriptionIdentifiers, [9]);
    }
    await peer.subscribe("+", options);
    assert.equal(peer.messages().length, again);
    await peer.send(unsubscribe(5, 1, ["+"]));
    await router.settle();
    peer.expect("unsuback");
  }
});

Deno.test("RetainedMessages expire, and say how long they still live [MQTT-3.3.2-6]", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store });
  const publisher = await router.connect();
  const properties = { messageExpiryInterval: 10 };
  await publisher.publish("a", "x", { ...RETAIN, properties });
  await publisher.publish("b", "x", { ...RETAIN, properties });
  await router.advance(4_000);
  await publisher.publish("b", "y", { ...RETAIN, properties });
  const peer = await router.connect();
  await peer.subscribe("#");
  const intervals = peer.messages().map((message) =>
    message.properties.messageExpiryInterval
  );
  assert.deepEqual(intervals.toSorted(), [10, 6]);
  await router.advance(7_000);
  assert.equal(router.counters.retainedNow, 1);
  assert.deepEqual([...store.written.retained.keys()], ["b"]);
  await router.advance(4_000);
  assert.equal(router.counters.retainedNow, 0);
  assert.equal(router.counters.retainedBytesNow, 0);
  assert.equal(store.written.retained.size, 0);
});

Deno.test("RetainedMessages keeps to its limits; QoS 1 and 2 of 5.0 are told so", async () => {
  const limits = { retainedMessages: 2, retainedBytes: 2000 };
  await using router = new TestRouter({ limits });
  const publisher = await router.connect();
  const code = async (topic: string, payload: string, qos: number) => {
    await publisher.publish(topic, payload, { ...RETAIN, qos });
    await router.settle();
    const [packet] = publisher.take();
    return packet !== undefined && "reasonCode" in packet
      ? packet.reasonCode
      : undefined;
  };
  const watcher = await router.connect();
  await watcher.subscribe("#", { qos: 2 });
  assert.equal(await code("a", "1", 1), 0);
  assert.equal(await code("b", "1", 2), 0);
  assert.equal(await code("c", "1", 1), 0x97);
  assert.equal(await code("c", "1", 2), 0x97);
  assert.equal(await code("c", "1", 0), undefined);
  assert.equal(await code("a", "2", 1), 0);
  assert.equal(await code("a", "2".padEnd(2000, "."), 1), 0x97);
  assert.equal(await code("a", "", 1), 0);
  assert.equal(await code("c", "2", 1), 0);
  assert.deepEqual(watcher.payloads(), ["1", "1", "1", "2", "", "2"]);
  assert.equal(router.counters.dropped.retainedMessages, 3);
  assert.equal(router.counters.dropped.retainedBytes, 1);
  // Its packet id is free again.
  const again = publish(5, "b", "9", { qos: 2, packetId: 4, retain: true });
  await publisher.send(again);
  await router.settle();
  assert.deepEqual(watcher.payloads(), ["9"]);
});

for (const qos of [0, 1, 2]) {
  Deno.test(`RetainedMessages reach a slow subscriber complete, QoS ${qos}`, async () => {
    const limits = { outboxBytes: 4096, receiveMaximum: 65_535 };
    await using router = new TestRouter({ limits });
    const publisher = await router.connect();
    const count = 2000;
    for (let n = 0; n < count; n++) {
      await publisher.publish(`t/${n}`, String(n).padEnd(50, "."), {
        ...RETAIN,
        qos,
      });
    }
    publisher.take();
    const peer = await router.connect({ properties: { receiveMaximum: 20 } });
    const subscribed = peer.subscribe("t/+", { qos });
    await router.settle();
    await subscribed;
    peer.limit(0);
    const topics = new Set<string>();
    let most = 0;
    for (let idle = 0; idle < 3;) {
      const before = topics.size;
      peer.limit(3000);
      await router.settle();
      most = Math.max(most, peer.link.outbox.bytes);
      for (const packet of peer.take()) {
        if (packet.type === "publish") {
          assert.equal(packet.retain, true);
          topics.add(packet.topic);
          const type = packet.qos === 1 ? "puback" : "pubrec";
          if (packet.qos > 0) await peer.acknowledge(type, packet.packetId);
        } else if (packet.type === "pubrel") {
          await peer.acknowledge("pubcomp", packet.packetId);
        }
      }
      idle = topics.size === before ? idle + 1 : 0;
    }
    assert.equal(topics.size, count);
    assert.ok(most <= 128 * 1024, `${most} bytes in the Outbox`);
  });
}

Deno.test("RetainedMessages too large for a client do not hold up others", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const packets = Array.from(
    { length: 20_000 },
    (_, n) => publish(5, `t/${n}`, "".padEnd(100, "."), RETAIN),
  );
  await publisher.send(...packets, publish(5, "small", "x", RETAIN));
  const peer = router.arrive({ properties: { maximumPacketSize: 50 } });
  await router.settle();
  peer.expect("connack");
  const other = await router.connect();
  const subscribed = peer.subscribe("#");
  let turns = 0;
  while (router.counters.dropped.tooLarge < 20_000) {
    await other.send(Uint8Array.of(0xC0, 0));
    turns++;
  }
  await router.settle();
  await subscribed;
  assert.ok(turns > 3, `${turns} turns of the other client`);
  assert.deepEqual(peer.payloads(), ["x"]);
});

Deno.test("RetainedMessages on their way go on after a reconnect, and stop with UNSUBSCRIBE", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  for (let n = 0; n < 10; n++) {
    await publisher.publish(`t/${n}`, "x", { ...RETAIN, qos: 1 });
  }
  const options = {
    clean: false,
    properties: { ...PERSISTENT.properties, receiveMaximum: 4 },
  };
  const peer = await router.connect(options);
  await peer.subscribe("#", { qos: 1 });
  assert.equal(peer.messages().length, 4);
  await peer.lose();
  const back = await router.connect({ ...options, clientId: peer.clientId });
  const again = back.messages();
  assert.deepEqual(again.map(({ dup }) => dup), [true, true, true, true]);
  for (const { packetId } of again) await back.acknowledge("puback", packetId);
  await router.settle();
  assert.equal(back.messages().length, 4);
  await back.send(unsubscribe(5, 1, ["#"]));
  for (let id = 5; id <= 8; id++) await back.acknowledge("puback", id);
  await router.settle();
  assert.deepEqual(back.take().map(({ type }) => type), ["unsuback"]);
});

Deno.test("RetainedMessages has no removal acknowledged before it is committed", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const [a, b] = [router.arrive(), router.arrive()];
  await router.settle();
  await a.publish("t", "x", { qos: 1, retain: true });
  await router.settle();
  await router.commit();
  await a.publish("t", "", { qos: 1, retain: true });
  await router.settle();
  b.take();
  await b.publish("t", "", { qos: 1, retain: true });
  await router.settle();
  const acknowledged = b.take().length > 0;
  assert.ok(
    !acknowledged || !store.kept.retained.has("t"),
    "acknowledged, and a power cut brings it back",
  );
});

Deno.test("RetainedMessages.keepAgain() has the Store keep what it may have lost", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({
    store,
    durability: new DurabilityRules("commit", [
      { filter: "off/#", durability: "off" },
    ]),
  });
  const publisher = await router.connect();
  const topics = Array.from({ length: 300 }, (_, n) => `t/${n % 7}/${n}`);
  for (const topic of [...topics, "off/a", "gone"]) {
    await publisher.publish(topic, topic, RETAIN);
  }
  await publisher.publish("gone", "", RETAIN);
  router.handle.raise("store", "disk", "an alarm is nothing to keep");
  await router.settle();
  await router.commit();
  for (const contents of [store.kept, store.written]) contents.retained.clear();
  router.handle.keepAgain();
  await router.settle();
  const kept = [...store.kept.retained.keys()];
  assert.deepEqual(kept.sort(), topics.toSorted());
});
