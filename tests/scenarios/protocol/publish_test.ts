import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TestBroker } from "../../support/programs/broker.ts";
import { join } from "../../support/bytes.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  publish,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

for (const version of VERSIONS) {
  const named = (text: string) => `publish ${VERSION_NAMES[version]}: ${text}`;

  for (const publishQos of [0, 1, 2]) {
    for (const subscribeQos of [0, 1, 2]) {
      Deno.test(
        named(
          `QoS ${publishQos} to a subscription of QoS ${subscribeQos} goes at the lesser, with DUP 0 [MQTT-3.8.4-8, MQTT-4.3.1-1, MQTT-4.3.2-2, MQTT-4.3.3-2, MQTT3-3.8.4-6, MQTT3-4.3.1-1, MQTT3-4.3.2-1, MQTT3-4.3.3-1, MQTT-3.3.4-1, MQTT3-3.3.4-1]`,
        ),
        async () => {
          await using broker = await TestBroker.start();
          const subscriber = await broker.connect({ version });
          const publisher = await broker.connect({ version });
          const suback = await subscriber.subscribe("a/b", {
            qos: subscribeQos,
          });
          assert.deepEqual(suback.reasonCodes, [subscribeQos]);
          await publisher.publish("a/b", "hello", { qos: publishQos });
          const message = await subscriber.message();
          assert.equal(message.topic, "a/b");
          assert.equal(payloadText(message), "hello");
          assert.equal(message.qos, Math.min(publishQos, subscribeQos));
          assert.equal(message.dup, false);
          assert.equal(message.retain, false);
          await subscriber.expectNothing();
          await publisher.expectNothing();
        },
      );
    }
  }

  Deno.test(
    named("DUP says nothing to subscribers [MQTT-3.3.1-3, MQTT3-3.3.1-3]"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      for (const qos of [1, 2]) {
        await client.publish("a", "x", { qos, dup: true });
        const message = await subscriber.message();
        assert.equal(message.dup, false);
        assert.equal(message.qos, qos);
      }
    },
  );

  Deno.test(
    named(
      "messages of one publisher keep their order per topic and QoS [MQTT-4.6.0-5, MQTT-4.6.0-6, MQTT3-4.6.0-5, MQTT3-4.6.0-6]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("order/#", { qos: 2 });
      const count = 600;
      const sending = (async () => {
        for (let n = 0; n < count; n++) {
          await client.publish(`order/${n % 4}`, String(n), { qos: n % 3 });
        }
      })();
      const last = new Map<string, number>();
      for (const message of await subscriber.messages(count)) {
        const key = `${message.topic} ${message.qos}`;
        const n = Number(payloadText(message));
        assert.ok(n > (last.get(key) ?? -1), `${n} too late on ${key}`);
        last.set(key, n);
      }
      await sending;
      assert.equal(last.size, 12);
      await subscriber.expectNothing();
    },
  );

  Deno.test(
    named("payloads come through as they are, from none to several MiB"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 1 });
      for (
        const size of [
          0,
          1,
          127,
          128,
          16_383,
          16_384,
          65_536,
          2_097_152,
          5_000_000,
        ]
      ) {
        const payload = new Uint8Array(size);
        for (let at = 0; at < size; at += 97) payload[at] = at % 251;
        await client.publish("a", payload, { qos: size % 2 });
        const message = await subscriber.message();
        assert.ok(
          Buffer.from(payload).equals(message.payload),
          `Payload of ${size} bytes was changed`,
        );
      }
    },
  );

  Deno.test(
    named("topic names may have 65,535 bytes [MQTT-4.7.3-3, MQTT3-4.7.3-3]"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      const topic = "t".repeat(65_535);
      assert.deepEqual((await subscriber.subscribe(topic)).reasonCodes, [0]);
      await client.publish(topic, "x");
      assert.ok((await subscriber.message()).topic === topic);
    },
  );

  Deno.test(named("a client receives what it publishes itself"), async () => {
    await using broker = await TestBroker.start();
    const client = await broker.connect({ version });
    await client.subscribe("a/#", { qos: 2 });
    await client.publish("a/b", "x", { qos: 2 });
    assert.equal((await client.message()).topic, "a/b");
    await client.expectNothing();
  });

  Deno.test(
    named("a byte order mark in a topic is kept [MQTT-1.5.4-3, MQTT3-1.5.3-3]"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const topic = "\uFEFFa/\uFEFF";
      await client.subscribe([{ filter: topic }, { filter: "a/#" }]);
      await client.publish(topic, "x");
      assert.equal((await client.message()).topic, topic);
      await client.publish("a/", "y");
      assert.equal((await client.message()).topic, "a/");
      await client.expectNothing();
    },
  );
}

Deno.test("publish: versions reach each other", async () => {
  await using broker = await TestBroker.start();
  const clients = await Promise.all(
    VERSIONS.map((version) => broker.connect({ version })),
  );
  for (const client of clients) await client.subscribe("a", { qos: 2 });
  for (const publisher of clients) {
    for (const qos of [0, 1, 2]) {
      const payload = `${publisher.version} at ${qos}`;
      await publisher.publish("a", payload, { qos });
      for (const client of clients) {
        const message = await client.message();
        assert.equal(payloadText(message), payload);
        assert.equal(message.qos, qos);
      }
    }
  }
});

Deno.test("publish 5.0: a message without properties is sent with property length zero [MQTT-2.2.2-1]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.subscribe("a");
  await client.publish("a", "xy");
  const message = await client.message();
  assert.equal(message.size, 2 + 3 + 1 + 2);
  assert.deepEqual(message.properties, {});
});

for (const version of VERSIONS) {
  Deno.test(`publish ${VERSION_NAMES[version]}: what follows DISCONNECT is not carried out`, async () => {
    await using broker = await TestBroker.start();
    const watcher = await broker.connect({ version });
    await watcher.subscribe("#");
    const client = await broker.connect({ version });
    await client.sendRaw(join(
      publish(version, "before", "x"),
      Uint8Array.of(0xE0, 0),
      publish(version, "after", "x"),
    ));
    await client.expectClosed();
    assert.equal((await watcher.message()).topic, "before");
    await watcher.publish("end");
    assert.equal((await watcher.message()).topic, "end");
  });
}
