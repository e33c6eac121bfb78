import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { join } from "../../support/bytes.ts";
import type { Client } from "../../support/clients/client.ts";
import { LONG } from "../../support/sizes.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  publish,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

/** The retained messages that a new subscription brings, by topic. */
async function retained(
  client: Client,
  filter: string,
  qos = 2,
): Promise<Record<string, string>> {
  await client.subscribe(filter, { qos });
  const found: Record<string, string> = {};
  await client.sendRaw(Uint8Array.of(0xC0, 0));
  for (;;) {
    const packet = await client.receive();
    if (packet.type === "pingresp") break;
    assert.ok(packet.type === "publish", packet.type);
    assert.equal(packet.retain, true);
    assert.equal(packet.dup, false);
    assert.ok(!(packet.topic in found), `${packet.topic} twice`);
    found[packet.topic] = payloadText(packet);
    await client.acknowledge(packet);
  }
  await client.unsubscribe(filter);
  return found;
}

for (const version of VERSIONS) {
  const named = (text: string) => `retained ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named(
      "the last one of a topic is kept for later subscribers [MQTT-3.3.1-5, MQTT-3.3.1-8, MQTT3-3.3.1-5, MQTT3-3.3.1-6, MQTT3-3.3.1-7, MQTT3-3.3.1-8, MQTT3-3.3.1-12]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      for (const qos of [0, 1, 2, 0]) {
        await client.publish("a", `at ${qos}`, { qos, retain: true });
        assert.deepEqual(await retained(client, "a"), { a: `at ${qos}` });
        await client.publish("a", "not retained", { qos });
        assert.deepEqual(await retained(client, "a"), { a: `at ${qos}` });
      }
      await client.publish("b", "not retained", { qos: 1 });
      assert.deepEqual(await retained(client, "#"), { a: "at 0" });
    },
  );

  Deno.test(
    named(
      "an empty payload removes it, and is delivered like any other [MQTT-3.3.1-6, MQTT-3.3.1-7, MQTT3-3.3.1-10, MQTT3-3.3.1-11]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      for (const qos of [0, 1, 2]) {
        await client.publish("a", "x", { qos, retain: true });
        await client.publish("a", "", { qos, retain: true });
        assert.equal(payloadText(await subscriber.message()), "x");
        const empty = await subscriber.message();
        assert.equal(empty.payload.length, 0);
        assert.equal(empty.retain, false);
        assert.deepEqual(await retained(client, "#"), {});
      }
      assert.equal(broker.counters.retainedNow, 0);
      assert.equal(broker.counters.retainedBytesNow, 0);
    },
  );

  Deno.test(
    named(
      "comes at the lesser of its and the subscription's QoS [MQTT-3.8.4-8, MQTT3-3.8.4-6]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      for (const published of [0, 1, 2]) {
        await client.publish("a", "x", { qos: published, retain: true });
        for (const subscribed of [0, 1, 2]) {
          await client.subscribe("a", { qos: subscribed });
          const message = await client.message();
          assert.equal(message.qos, Math.min(published, subscribed));
          assert.equal(message.retain, true);
          await client.unsubscribe("a");
        }
      }
    },
  );

  Deno.test(
    named(
      "wildcards bring all that match, and none of those hidden [MQTT-3.3.2-3, MQTT-4.7.2-1, MQTT3-3.3.1-6]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      broker.alarm("store", "The disk is full");
      const topics = [
        "a",
        "a/",
        "a/b",
        "a/b/c",
        "/a",
        "/",
        "b/b",
      ];
      for (const topic of topics) {
        await client.publish(topic, topic, { qos: 1, retain: true });
      }
      const expected: Record<string, string> = {
        "#": "a a/ a/b a/b/c /a / b/b",
        "+": "a",
        "+/+": "a/ a/b /a / b/b",
        "a/#": "a a/ a/b a/b/c",
        "a/+": "a/ a/b",
        "+/b": "a/b b/b",
        "+/b/#": "a/b a/b/c b/b",
        "/+": "/a /",
        "$SYS/#": "$SYS/broker/alarm/store",
        "a/b/c": "a/b/c",
        "a/b/c/#": "a/b/c",
        "none/#": "",
      };
      for (const [filter, matching] of Object.entries(expected)) {
        const found = Object.keys(await retained(client, filter)).toSorted();
        assert.deepEqual(found, matching.split(" ").filter(Boolean).toSorted());
      }
    },
  );

  Deno.test(
    named("outlives the session of its publisher [MQTT3-3.1.2-7]"),
    async () => {
      await using broker = await TestBroker.start();
      const publisher = await broker.connect({ version });
      await publisher.publish("a", "x", { qos: 1, retain: true });
      await publisher.disconnect();
      const client = await broker.connect({ version });
      assert.deepEqual(await retained(client, "a"), { a: "x" });
    },
  );
}

Deno.test("retained: many of them reach a slow subscriber, each once and complete [MQTT-3.3.1-9]", async () => {
  const count = LONG ? 100_000 : 10_000;
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const payload = "x".repeat(200);
  for (let n = 0; n < count;) {
    const packets: Uint8Array[] = [];
    for (const end = Math.min(n + 1000, count); n < end; n++) {
      packets.push(
        publish(5, `many/${n % 100}/${n}`, payload, { retain: true, qos: 0 }),
      );
    }
    await publisher.sendRaw(join(...packets));
    await publisher.settle();
  }
  assert.equal(broker.counters.retainedNow, count);
  for (const qos of [0, 1]) {
    const slow = await broker.connect({
      properties: { receiveMaximum: 10 },
    });
    const seen = new Set<string>();
    await slow.subscribe("many/#", { qos });
    slow.pause();
    // Meanwhile the broker serves others, and the slow one's own requests once it reads.
    for (let n = 0; n < 10; n++) await publisher.ping();
    slow.resume();
    while (seen.size < count) {
      const message = await slow.message();
      assert.ok(!seen.has(message.topic), `${message.topic} twice`);
      assert.equal(message.payload.length, payload.length);
      seen.add(message.topic);
      if (seen.size % 2000 === 0) {
        slow.pause();
        await publisher.ping();
        slow.resume();
      }
    }
    await slow.expectNothing();
    await slow.disconnect();
  }
  assert.deepEqual(
    Object.values(broker.counters.dropped).filter((dropped) => dropped > 0),
    [],
  );
});

Deno.test("retained: a change while they are being sent is not lost [MQTT-3.8.4-4]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const count = 3000;
  for (let n = 0; n < count; n++) {
    await publisher.sendPublish(`r/${n}`, "old", { retain: true });
  }
  await publisher.settle();
  const slow = await broker.connect({ properties: { receiveMaximum: 5 } });
  await slow.subscribe("r/#", { qos: 1 });
  slow.pause();
  for (let n = 0; n < count; n += 100) {
    await publisher.publish(`r/${n}`, "new", { retain: true, qos: 1 });
  }
  slow.resume();
  const last = new Map<string, string>();
  let news = 0;
  while (news < count / 100 || last.size < count) {
    const message = await slow.message();
    const text = payloadText(message);
    if (text === "new" && !message.retain) news++;
    last.set(message.topic, text);
  }
  assert.equal(news, count / 100);
});

Deno.test("retained 5.0: expires, and until then tells what is left [MQTT-3.3.2-5, MQTT-3.3.2-6]", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const client = await broker.connect();
  await client.publish("a", "x", {
    retain: true,
    qos: 1,
    properties: { messageExpiryInterval: 60 },
  });
  broker.advance(20_000);
  await client.subscribe("a");
  assert.equal((await client.message()).properties.messageExpiryInterval, 40);
  await client.unsubscribe("a");
  broker.advance(41_000);
  assert.deepEqual(await retained(client, "a"), {});
  assert.equal(broker.counters.retainedNow, 0);
});

Deno.test("retained 5.0: keeps its properties [MQTT-3.3.2-17]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const properties = {
    contentType: "text/plain",
    userProperties: [["b", "1"], ["a", "2"]] as [string, string][],
  };
  await client.publish("a", "x", { retain: true, properties });
  await client.subscribe("a", { properties: { subscriptionIdentifiers: [9] } });
  const { properties: received } = await client.message();
  assert.deepEqual(received, { ...properties, subscriptionIdentifiers: [9] });
});

Deno.test("retained: what would go beyond the limits is not kept; the publisher is told where that can be said", async () => {
  await using broker = await TestBroker.start({
    limits: { retainedMessages: 2, retainedBytes: 1000 },
  });
  const quotaExceeded = 0x97;
  const client = await broker.connect();
  const older = await broker.connect({ version: 4 });
  const subscriber = await broker.connect();
  await subscriber.subscribe("+", { qos: 1 });
  const keep = { retain: true, qos: 1 };
  for (const topic of ["a", "b"]) {
    await client.publish(topic, topic, keep);
    await subscriber.message();
  }
  // Refused as a whole where there is a reason code, otherwise delivered but not kept.
  assert.equal(await client.publish("c", "c", keep), quotaExceeded);
  await subscriber.expectNothing();
  await older.publish("c", "3.1.1", keep);
  assert.equal(payloadText(await subscriber.message()), "3.1.1");
  await client.publish("c", "QoS 0", { retain: true });
  assert.equal(payloadText(await subscriber.message()), "QoS 0");
  assert.deepEqual(await retained(client, "#"), { a: "a", b: "b" });
  assert.equal(broker.counters.dropped.retainedMessages, 3);
  // Replacing and removing is not adding.
  await client.publish("a", "replaced", keep);
  await client.publish("b", "", keep);
  const large = await client.publish("b", "x".repeat(2000), keep);
  assert.equal(large, quotaExceeded);
  assert.deepEqual(await retained(client, "#"), { a: "replaced" });
  assert.equal(broker.counters.dropped.retainedBytes, 1);
});
