import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  subscribe,
  unsubscribe,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

/** Filters, and the topics of TOPICS that each matches (section 4.7). */
const MATCHES: Readonly<Record<string, string>> = {
  "a/b/c": "a/b/c",
  "a/b": "a/b",
  "a": "a",
  "/a": "/a",
  "a/": "a/",
  "/": "/",
  "#": "a a/ a/b a/b/c a//c /a / // A b \u00E5 a\u030A a.b",
  "+": "a A b \u00E5 a\u030A a.b",
  "+/+": "a/ a/b /a /",
  "+/+/+": "a/b/c a//c //",
  "/+": "/a /",
  "+/": "a/ /",
  "a/+": "a/ a/b",
  "a/#": "a a/ a/b a/b/c a//c",
  "a/b/#": "a/b a/b/c",
  "a/+/c": "a/b/c a//c",
  "+/b/c": "a/b/c",
  "+/b/#": "a/b a/b/c",
  "/#": "/a / //",
  "a//c": "a//c",
  "A": "A",
  "\u00E5": "\u00E5", // one character, and ...
  "a\u030A": "a\u030A", // ... the same to the eye in two
  "+/+/+/#": "a/b/c a//c //",
};

const TOPICS = "a a/ a/b a/b/c a//c /a / // A b \u00E5 a\u030A a.b"
  .split(" ");

for (const version of VERSIONS) {
  const named = (text: string) =>
    `subscribe ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named(
      "filters match the topics they should, unaltered [MQTT-3.3.2-3, MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT-4.7.3-4, MQTT3-3.3.2-3, MQTT3-4.7.1-2, MQTT3-4.7.1-3, MQTT3-4.7.3-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const subscriber = await broker.connect({ version });
      const publisher = await broker.connect({ version });
      await subscriber.subscribe("end");
      for (const [filter, topics] of Object.entries(MATCHES)) {
        await subscriber.subscribe(filter);
        for (const topic of TOPICS) await publisher.sendPublish(topic, topic);
        await publisher.sendPublish("end");
        const received: string[] = [];
        for (;;) {
          const message = await subscriber.message();
          if (message.topic === "end") break;
          assert.equal(payloadText(message), message.topic);
          received.push(message.topic);
        }
        assert.deepEqual(
          received.toSorted(),
          topics.split(" ").toSorted(),
          filter,
        );
        await subscriber.unsubscribe(filter);
      }
    },
  );

  Deno.test(
    named(
      "SUBACK has the identifier and a code for each filter, in order [MQTT-2.2.1-6, MQTT-3.8.4-1, MQTT-3.8.4-2, MQTT-3.8.4-5, MQTT-3.8.4-6, MQTT-3.8.4-7, MQTT-3.9.3-1, MQTT-3.9.3-2, MQTT3-2.3.1-7, MQTT3-3.8.4-1, MQTT3-3.8.4-2, MQTT3-3.8.4-4, MQTT3-3.8.4-5, MQTT3-3.9.3-1, MQTT3-3.9.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendRaw(subscribe(version, 65_535, [
        { filter: "a", qos: 2 },
        { filter: "b", qos: 0 },
        { filter: "c/#", qos: 1 },
        { filter: "a", qos: 1 },
      ]));
      const suback = await client.expect("suback");
      assert.equal(suback.packetId, 65_535);
      assert.deepEqual(suback.reasonCodes, [2, 0, 1, 1]);
      for (const [topic, qos] of [["a", 1], ["b", 0], ["c/d", 1]] as const) {
        await client.publish(topic, "", { qos: 2 });
        assert.equal((await client.message()).qos, qos);
      }
      await client.expectNothing();
    },
  );

  Deno.test(
    named(
      "overlapping subscriptions deliver at the highest of their QoS [MQTT-3.3.4-2, MQTT3-3.3.5-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.subscribe([
        { filter: "a/#", qos: 1 },
        { filter: "a/+", qos: 2 },
        { filter: "a/b", qos: 0 },
      ]);
      for (const qos of [2, 1, 0]) {
        await client.publish("a/b", "x", { qos });
        assert.equal((await client.message()).qos, qos);
      }
      await client.expectNothing();
    },
  );

  Deno.test(
    named(
      "the same filter again replaces the subscription, without loss [MQTT-3.8.4-3, MQTT-3.8.4-4, MQTT3-3.8.4-3]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const publisher = await broker.connect({ version });
      await publisher.publish("a/r", "retained", { qos: 1, retain: true });
      await client.subscribe("a/+", { qos: 2 });
      assert.equal((await client.message()).retain, true);
      for (const qos of [0, 1, 2]) {
        await client.subscribe("a/+", { qos });
        const again = await client.message();
        assert.equal(again.topic, "a/r");
        assert.equal(again.retain, true);
        await publisher.publish("a/b", "x", { qos: 2 });
        assert.equal((await client.message()).qos, qos);
      }
      await client.expectNothing();
      const sending = (async () => {
        for (let n = 0; n < 100; n++) {
          await publisher.publish("a/c", String(n), { qos: 1 });
        }
      })();
      for (let n = 0; n < 20; n++) await client.subscribe("a/+", { qos: 1 });
      await sending;
      const seen: number[] = [];
      while (seen.length < 100) {
        const message = await client.message();
        if (message.topic === "a/c") seen.push(Number(payloadText(message)));
      }
      assert.deepEqual(seen, [...seen.keys()]);
    },
  );

  Deno.test(
    named(
      "UNSUBSCRIBE ends exactly the filters it names [MQTT-3.10.4-1, MQTT-3.10.4-2, MQTT-3.10.4-4, MQTT-3.10.4-5, MQTT-3.10.4-6, MQTT-3.11.3-1, MQTT-3.11.3-2, MQTT3-3.10.4-1, MQTT3-3.10.4-2, MQTT3-3.10.4-4, MQTT3-3.10.4-5, MQTT3-3.10.4-6]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.subscribe([
        { filter: "a/b" },
        { filter: "c/#" },
        { filter: "d/+" },
      ]);
      await client.sendRaw(
        unsubscribe(version, 4711, ["a/+", "d/+", "#", "a/b", "A/b", "d/+"]),
      );
      const unsuback = await client.expect("unsuback");
      assert.equal(unsuback.packetId, 4711);
      const none = 0x11;
      assert.deepEqual(
        unsuback.reasonCodes,
        version === 5 ? [none, 0, none, 0, none, none] : [],
      );
      for (const topic of ["a/b", "d/e", "c/d"]) await client.publish(topic);
      assert.equal((await client.message()).topic, "c/d");
      await client.expectNothing();
      const nothing = await client.unsubscribe("a/b");
      assert.deepEqual(nothing.reasonCodes, version === 5 ? [none] : []);
    },
  );

  Deno.test(
    named(
      "deliveries begun before UNSUBSCRIBE are completed [MQTT-3.10.4-3, MQTT3-3.10.4-3]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const options = {
        version,
        clientId: "begun",
        clean: false,
        properties: { sessionExpiryInterval: 100 },
      };
      const client = await broker.connect(options);
      const publisher = await broker.connect({ version });
      await client.subscribe("a", { qos: 2 });
      await publisher.publish("a", "1", { qos: 1 });
      await publisher.publish("a", "2", { qos: 2 });
      const one = await client.expect("publish");
      const two = await client.expect("publish");
      await client.unsubscribe("a");
      await client.close();
      const back = await broker.connect(options);
      for (const before of [one, two]) {
        const again = await back.message();
        assert.equal(again.packetId, before.packetId);
        assert.equal(again.dup, true);
      }
      await publisher.publish("a", "3", { qos: 1 });
      await back.expectNothing();
    },
  );

  Deno.test(
    named("filters may have 65,535 bytes [MQTT-4.7.3-3, MQTT3-4.7.3-3]"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const topic = "f/" + "t".repeat(65_533);
      await client.subscribe(topic);
      await client.publish(topic);
      assert.ok((await client.message()).topic === topic);
      await client.unsubscribe(topic);
      await client.publish(topic);
      await client.expectNothing();
    },
  );
}

Deno.test("subscribe: hidden topics are not reached by wildcards in their first level [MQTT-4.7.2-1, MQTT3-4.7.2-1]", async () => {
  await using broker = await TestBroker.start();
  const hidden = await broker.connect();
  const open = await broker.connect();
  const filters = ["#", "+/broker/alarm/store", "+/#"];
  await hidden.subscribe(filters.map((filter) => ({ filter })));
  await open.subscribe("$SYS/#");
  broker.alarm("store", "The disk is full");
  assert.equal((await open.message()).topic, "$SYS/broker/alarm/store");
  await hidden.expectNothing();
});

Deno.test("subscribe: subscriptions beyond the limit are refused, others stay", async () => {
  await using broker = await TestBroker.start({
    limits: { subscriptionsPerClient: 2 },
  });
  const list = ["a", "b", "c"].map((filter) => ({ filter }));
  for (const [version, refused] of [[4, 0x80], [5, 0x97]] as const) {
    const client = await broker.connect({ version });
    const suback = await client.subscribe(list);
    assert.deepEqual(suback.reasonCodes, [0, 0, refused]);
    assert.deepEqual((await client.subscribe("b", { qos: 1 })).reasonCodes, [
      1,
    ]);
    await client.unsubscribe("a");
    assert.deepEqual((await client.subscribe("c")).reasonCodes, [0]);
    await client.disconnect();
  }
  // SUBACK of 3.1 has no way to say it.
  const client = await broker.connect({ version: 3 });
  await client.sendRaw(subscribe(3, 1, list));
  await client.expectClosed();
});
