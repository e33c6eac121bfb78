import assert from "node:assert/strict";
import { TestBroker } from "../support/broker.ts";
import { frame, string, u16 } from "../support/bytes.ts";
import type { Client } from "../support/client.ts";
import { payloadText } from "../support/read_packets.ts";
import {
  subscribe,
  unsubscribe,
  VERSION_NAMES,
  VERSIONS,
} from "../support/write_packets.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_FILTER_INVALID = 0x8F;

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
  "$dollar/#": "$dollar $dollar/a",
  "$dollar/+": "$dollar/a",
  "$dollar/a": "$dollar/a",
};
const TOPICS =
  "a a/ a/b a/b/c a//c /a / // A b \u00E5 a\u030A a.b $dollar $dollar/a"
    .split(" ");

/** Requires a filter to be refused: by a failure in SUBACK or by the end of the connection. */
async function expectFilterRefused(
  client: Client,
  packet: Uint8Array,
  ...codes: number[]
): Promise<void> {
  await client.sendRaw(packet);
  const next = await client.receiveOrEnd();
  if (next?.type === "suback") {
    const code = client.version === 5 ? TOPIC_FILTER_INVALID : 0x80;
    assert.deepEqual(next.reasonCodes, [code]);
  } else if (next !== undefined) {
    assert.ok(next.type === "disconnect" && codes.includes(next.reasonCode));
  }
  await client.close();
}

for (const version of VERSIONS) {
  const named = (text: string) =>
    `subscribe ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named(
      "filters match the topics they should, unaltered [MQTT-3.3.2-3, MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT-4.7.2-1, MQTT-4.7.3-4, MQTT3-3.3.2-3, MQTT3-4.7.1-2, MQTT3-4.7.1-3, MQTT3-4.7.2-1, MQTT3-4.7.3-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const subscriber = await broker.connect({ version });
      const publisher = await broker.connect({ version });
      await subscriber.subscribe("$end");
      for (const [filter, topics] of Object.entries(MATCHES)) {
        await subscriber.subscribe(filter);
        for (const topic of TOPICS) await publisher.sendPublish(topic, topic);
        await publisher.sendPublish("$end");
        const received: string[] = [];
        for (;;) {
          const message = await subscriber.message();
          if (message.topic === "$end") break;
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
      "filters with wildcards in the wrong place are refused [MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT3-4.7.1-2, MQTT3-4.7.1-3]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      for (
        const filter of [
          "a#",
          "#/a",
          "a/#/b",
          "a/b#",
          "a+",
          "+a",
          "a/+b/c",
          "a/b+",
          "##",
          "++",
          "#+",
        ]
      ) {
        const client = await broker.connect({ version });
        await expectFilterRefused(
          client,
          subscribe(version, 1, [{ filter }]),
          MALFORMED,
          PROTOCOL_ERROR,
          TOPIC_FILTER_INVALID,
        );
      }
    },
  );

  Deno.test(
    named("an empty filter is refused [MQTT-4.7.3-1, MQTT3-4.7.3-1]"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await expectFilterRefused(
        client,
        subscribe(version, 1, [{ filter: "" }]),
        MALFORMED,
        PROTOCOL_ERROR,
        TOPIC_FILTER_INVALID,
      );
    },
  );

  Deno.test(
    named(
      "filters that are not UTF-8, or contain U+0000, end the connection [MQTT-3.8.3-1, MQTT-3.10.3-1, MQTT-4.7.3-2, MQTT3-3.8.3-1, MQTT3-3.10.3-1, MQTT3-4.7.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const properties = version === 5 ? Uint8Array.of(0) : new Uint8Array();
      for (
        const filter of [Uint8Array.of(0x61, 0xFF), Uint8Array.of(0x61, 0)]
      ) {
        const one = await broker.connect({ version });
        await one.sendRaw(
          frame(0x82, u16(1), properties, string(filter), Uint8Array.of(0)),
        );
        await one.expectClosed(MALFORMED, PROTOCOL_ERROR, TOPIC_FILTER_INVALID);
        const two = await broker.connect({ version });
        await two.sendRaw(frame(0xA2, u16(1), properties, string(filter)));
        await two.expectClosed(MALFORMED, PROTOCOL_ERROR, TOPIC_FILTER_INVALID);
      }
    },
  );

  Deno.test(
    named(
      "a packet without filters ends the connection [MQTT-3.8.3-2, MQTT-3.10.3-2, MQTT3-3.8.3-3, MQTT3-3.10.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      for (
        const packet of [subscribe(version, 1, []), unsubscribe(version, 1, [])]
      ) {
        const client = await broker.connect({ version });
        await client.sendRaw(packet);
        await client.expectClosed(PROTOCOL_ERROR, MALFORMED);
      }
    },
  );

  Deno.test(
    named("identifier zero ends the connection [MQTT-2.2.1-3, MQTT3-2.3.1-1]"),
    async () => {
      await using broker = await TestBroker.start();
      for (
        const packet of [
          subscribe(version, 0, [{ filter: "a" }]),
          unsubscribe(version, 0, ["a"]),
        ]
      ) {
        const client = await broker.connect({ version });
        await client.sendRaw(packet);
        await client.expectClosed(PROTOCOL_ERROR, MALFORMED);
      }
    },
  );

  Deno.test(
    named(
      "flags other than 0010 end the connection [MQTT-3.8.1-1, MQTT-3.10.1-1, MQTT-2.1.3-1, MQTT3-3.8.1-1, MQTT3-3.10.1-1]",
    ),
    async () => {
      if (version === 3) return; // 3.1 has DUP and QoS there
      await using broker = await TestBroker.start();
      const properties = version === 5 ? Uint8Array.of(0) : new Uint8Array();
      for (const kind of [0x80, 0xA0]) {
        for (const flags of [0, 1, 3, 6, 10]) {
          const client = await broker.connect({ version });
          const options = kind === 0x80 ? Uint8Array.of(0) : new Uint8Array();
          await client.sendRaw(
            frame(kind | flags, u16(1), properties, string("a"), options),
          );
          await client.expectClosed(MALFORMED);
        }
      }
    },
  );

  Deno.test(
    named(
      "reserved option bits and QoS 3 end the connection [MQTT-3.8.3-5, MQTT3-3.8.3-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const properties = version === 5 ? Uint8Array.of(0) : new Uint8Array();
      const wrong = version === 5
        ? [0x40, 0x80, 0xC1, 0x03, 0x30]
        : [0x03, 0x04, 0x80];
      for (const options of version === 3 ? [0x03] : wrong) {
        const client = await broker.connect({ version });
        await client.sendRaw(
          frame(0x82, u16(1), properties, string("a"), Uint8Array.of(options)),
        );
        await client.expectClosed(
          MALFORMED,
          // QoS 3 and Retain Handling 3 are called protocol errors (3.8.3.1).
          ...(options < 0x40 ? [PROTOCOL_ERROR] : []),
        );
      }
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

Deno.test("subscribe: hidden topics are not reached by wildcards in their first level [MQTT-4.7.2-1]", async () => {
  await using broker = await TestBroker.start();
  const hidden = await broker.connect();
  const open = await broker.connect();
  await hidden.subscribe([{ filter: "#" }, { filter: "+/a" }, {
    filter: "+/#",
  }]);
  await open.subscribe("$app/a");
  await open.publish("$app/a", "x");
  await open.message();
  await hidden.expectNothing();
});

Deno.test("subscribe 5.0: one copy carries the identifiers of all matching subscriptions [MQTT-3.3.4-2, MQTT-3.3.4-3, MQTT-3.3.4-4]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const id = (...subscriptionIdentifiers: number[]) => ({
    properties: { subscriptionIdentifiers },
  });
  await client.subscribe("a/#", { qos: 1, ...id(1) });
  await client.subscribe("a/+", { qos: 2, ...id(268_435_455) });
  await client.subscribe("a/b", { qos: 0 });
  await client.subscribe([{ filter: "+/b" }, { filter: "c" }], id(128));
  await client.publish("a/b", "x", { qos: 2 });
  const all = await client.message();
  assert.equal(all.qos, 2);
  assert.deepEqual(
    all.properties.subscriptionIdentifiers?.toSorted((a, b) => a - b),
    [1, 128, 268_435_455],
  );
  await client.publish("c", "x");
  assert.deepEqual(
    (await client.message()).properties.subscriptionIdentifiers,
    [128],
  );
  await client.expectNothing();
});

Deno.test("subscribe 5.0: replacing a subscription replaces its identifier too [MQTT-3.8.4-3]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  for (const identifier of [5, 6, undefined, 7]) {
    await client.subscribe(
      "a",
      identifier === undefined
        ? {}
        : { properties: { subscriptionIdentifiers: [identifier] } },
    );
    await client.publish("a");
    assert.deepEqual(
      (await client.message()).properties.subscriptionIdentifiers,
      identifier === undefined ? undefined : [identifier],
    );
  }
  await client.expectNothing();
});

Deno.test("subscribe 5.0: an identifier of 0, or two of them, is a protocol error", async () => {
  await using broker = await TestBroker.start();
  for (const subscriptionIdentifiers of [[0], [1, 2]]) {
    const client = await broker.connect();
    await client.sendRaw(
      subscribe(5, 1, [{ filter: "a" }], { subscriptionIdentifiers }),
    );
    await client.expectClosed(PROTOCOL_ERROR);
  }
});

Deno.test("subscribe 5.0: No Local keeps a client's own messages from it, and no others [MQTT-3.8.3-3]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const other = await broker.connect();
  await client.subscribe("a", { noLocal: true, qos: 1 });
  await other.subscribe("a", { noLocal: true, qos: 1 });
  await client.publish("a", "from client", { qos: 1 });
  assert.equal(payloadText(await other.message()), "from client");
  await other.publish("a", "from other", { qos: 1 });
  assert.equal(payloadText(await client.message()), "from other");
  await client.expectNothing();
  await other.expectNothing();
  // With a second subscription that does not ask for it, the message comes for that one.
  await client.subscribe("+", { qos: 0 });
  await client.publish("a", "own", { qos: 1 });
  const own = await client.message();
  assert.equal(own.qos, 0);
  await client.expectNothing();
});

Deno.test("subscribe 5.0: No Local also holds for a later connection of the client [MQTT-3.8.3-3]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "local",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const client = await broker.connect(options);
  await client.subscribe("a", { noLocal: true, qos: 1 });
  await client.disconnect();
  const back = await broker.connect(options);
  await back.publish("a", "x", { qos: 1 });
  await back.expectNothing();
});

Deno.test("subscribe 5.0: No Local keeps a client's own retained messages from it, and no others [MQTT-3.8.3-3]", async () => {
  await using broker = await TestBroker.start();
  const options = { clientId: "local" };
  const client = await broker.connect(options);
  const other = await broker.connect();
  for (let n = 0; n < 600; n++) {
    await client.sendPublish(`own/${n}`, "x", { retain: true });
  }
  await client.settle();
  await other.publish("own/of other", "x", { qos: 1, retain: true });
  for (const qos of [0, 1]) {
    await client.subscribe("own/#", { noLocal: true, qos });
    assert.equal((await client.message()).topic, "own/of other");
    await client.expectNothing();
  }
  await client.disconnect();
  const back = await broker.connect(options);
  await back.subscribe("own/#", { noLocal: true });
  assert.equal((await back.message()).topic, "own/of other");
  await back.expectNothing();
  await back.subscribe("own/#");
  await back.messages(601);
});

Deno.test("subscribe 5.0: Retain As Published keeps the flag, without it the flag is cleared [MQTT-3.3.1-12, MQTT-3.3.1-13]", async () => {
  await using broker = await TestBroker.start();
  const keeps = await broker.connect();
  const clears = await broker.connect();
  await keeps.subscribe("a", { retainAsPublished: true });
  await clears.subscribe("a");
  for (const retain of [true, false]) {
    await keeps.publish("a", "x", { retain });
    assert.equal((await keeps.message()).retain, retain);
    assert.equal((await clears.message()).retain, false);
  }
});

Deno.test("subscribe 3.1.1: retain is cleared for established subscriptions [MQTT3-3.3.1-9]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect({ version: 4 });
  await client.subscribe("a");
  await client.publish("a", "x", { retain: true });
  assert.equal((await client.message()).retain, false);
});

Deno.test("subscribe 5.0: Retain Handling says when retained messages are sent [MQTT-3.3.1-9, MQTT-3.3.1-10, MQTT-3.3.1-11, MQTT-3.8.4-4]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.publish("a", "x", { retain: true, qos: 1 });
  const sent = async (filter: string, retainHandling: number) => {
    await client.subscribe(filter, { retainHandling });
    await client.sendRaw(Uint8Array.of(0xC0, 0));
    let count = 0;
    for (;;) {
      const packet = await client.receive();
      if (packet.type === "pingresp") return count;
      assert.ok(packet.type === "publish" && packet.retain);
      count++;
    }
  };
  assert.equal(await sent("a", 2), 0, "2, new");
  assert.equal(await sent("a", 1), 0, "1, existed");
  assert.equal(await sent("a", 0), 1, "0, existed");
  assert.equal(await sent("+", 1), 1, "1, new");
  assert.equal(await sent("+", 2), 0, "2, existed");
  assert.equal(await sent("#", 0), 1, "0, new");
  await client.unsubscribe("+");
  assert.equal(await sent("+", 1), 1, "1, new again");
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
