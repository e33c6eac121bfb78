import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TestBroker } from "../support/broker.ts";
import { frame, join, string, u16, utf8 } from "../support/bytes.ts";
import { payloadText } from "../support/read_packets.ts";
import {
  acknowledgement,
  publish,
  type Version,
  VERSION_NAMES,
  VERSIONS,
} from "../support/write_packets.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_NAME_INVALID = 0x90;
const NO_SUBSCRIBERS = 0x10;

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
    named(
      "acknowledgements bear the identifier of their PUBLISH [MQTT-2.2.1-5, MQTT-2.2.1-2, MQTT-4.3.2-4, MQTT-4.3.3-8, MQTT-4.3.3-11, MQTT-3.4.2-1, MQTT-3.5.2-1, MQTT3-2.3.1-5, MQTT3-2.3.1-6, MQTT3-4.3.2-2, MQTT3-4.3.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      for (const packetId of [1, 255, 256, 65535]) {
        await client.sendPublish("a", "1", { qos: 1, packetId });
        const puback = await client.expect("puback");
        assert.equal(puback.packetId, packetId);
        assert.ok([0, NO_SUBSCRIBERS].includes(puback.reasonCode));
        await client.sendPublish("a", "2", { qos: 2, packetId });
        const pubrec = await client.expect("pubrec");
        assert.equal(pubrec.packetId, packetId);
        assert.ok([0, NO_SUBSCRIBERS].includes(pubrec.reasonCode));
        await client.sendAcknowledgement("pubrel", packetId);
        const pubcomp = await client.expect("pubcomp");
        assert.equal(pubcomp.packetId, packetId);
        assert.equal(pubcomp.reasonCode, 0);
      }
    },
  );

  Deno.test(
    named(
      "after PUBACK the same identifier is a new message, whatever DUP says [MQTT-4.3.2-5, MQTT3-2.3.1-3, MQTT3-4.3.2-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 1 });
      for (const dup of [false, true, true]) {
        await client.publish("a", String(dup), { qos: 1, packetId: 9, dup });
        const message = await subscriber.message();
        assert.equal(payloadText(message), String(dup));
      }
    },
  );

  Deno.test(
    named(
      "QoS 2 sent again before PUBREL is acknowledged again and delivered once [MQTT-4.3.3-10, MQTT3-4.3.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      const packetId = 5;
      for (const dup of [false, true, true]) {
        await client.sendPublish("a", "once", { qos: 2, packetId, dup });
        assert.equal((await client.expect("pubrec")).packetId, packetId);
      }
      await client.sendAcknowledgement("pubrel", packetId);
      assert.equal((await client.expect("pubcomp")).packetId, packetId);
      assert.equal(payloadText(await subscriber.message()), "once");
      await subscriber.expectNothing();
    },
  );

  Deno.test(
    named(
      "after PUBCOMP the same identifier is a new message [MQTT-4.3.3-12, MQTT3-4.3.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      for (const dup of [false, true, false]) {
        await client.publish("a", String(dup), { qos: 2, packetId: 7, dup });
        assert.equal(payloadText(await subscriber.message()), String(dup));
      }
    },
  );

  Deno.test(
    named(
      "PUBREL for an identifier not in use is answered all the same [MQTT-3.7.2-1, MQTT-4.3.3-11]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendAcknowledgement("pubrel", 77);
      const pubcomp = await client.expect("pubcomp");
      assert.equal(pubcomp.packetId, 77);
      assert.equal(pubcomp.reasonCode, version === 5 ? 0x92 : 0);
      await client.expectNothing();
    },
  );

  Deno.test(
    named(
      "PUBREC for an identifier not in use is answered, other acknowledgements of it do nothing [MQTT-3.6.2-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendAcknowledgement("puback", 78);
      await client.sendAcknowledgement("pubcomp", 79);
      if (version === 5) {
        await client.sendAcknowledgement("pubrec", 77);
        const pubrel = await client.expect("pubrel");
        assert.equal(pubrel.packetId, 77);
        assert.equal(pubrel.reasonCode, 0x92);
      }
      await client.expectNothing();
    },
  );

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
    named(
      "acknowledgements come in the order of their packets [MQTT-4.6.0-2, MQTT-4.6.0-3, MQTT3-4.6.0-2, MQTT3-4.6.0-3]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await (await broker.connect({ version })).subscribe("a", { qos: 0 });
      const packets: Uint8Array[] = [];
      for (let packetId = 1; packetId <= 200; packetId++) {
        packets.push(
          publish(version, "a", "x", { qos: 1 + packetId % 2, packetId }),
        );
      }
      await client.sendRaw(join(...packets));
      for (let packetId = 2; packetId <= 200; packetId += 2) {
        assert.equal((await client.take("puback")).packetId, packetId);
      }
      for (let packetId = 1; packetId <= 200; packetId += 2) {
        assert.equal((await client.take("pubrec")).packetId, packetId);
      }
    },
  );

  Deno.test(
    named(
      "PUBRELs come in the order of the PUBRECs [MQTT-4.6.0-4, MQTT-4.3.3-4, MQTT3-4.6.0-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      for (let n = 0; n < 50; n++) await client.publish("a", "x", { qos: 2 });
      const identifiers: number[] = [];
      for (let n = 0; n < 50; n++) {
        identifiers.push((await subscriber.expect("publish")).packetId);
      }
      await subscriber.sendRaw(
        join(
          ...identifiers.map((id) => acknowledgement(version, "pubrec", id)),
        ),
      );
      for (const id of identifiers) {
        assert.equal((await subscriber.expect("pubrel")).packetId, id);
      }
      for (const id of identifiers) {
        await subscriber.sendAcknowledgement("pubcomp", id);
      }
      await subscriber.expectNothing();
    },
  );

  Deno.test(
    named(
      "messages under way have each their own identifier, not zero [MQTT-2.2.1-4, MQTT-4.3.2-1, MQTT-4.3.3-1, MQTT3-2.3.1-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      const used = new Set<number>();
      for (let n = 0; n < 300; n++) {
        await client.publish("a", "x", { qos: 1 + n % 2 });
        const { packetId } = await subscriber.expect("publish");
        assert.ok(!used.has(packetId), `Identifier ${packetId} twice`);
        used.add(packetId);
      }
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
    named(
      "a topic name with wildcards ends the connection [MQTT-3.3.2-2, MQTT-4.7.0-1, MQTT3-3.3.2-2, MQTT3-4.7.1-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      for (const topic of ["#", "+", "a/#", "a/+/b", "a+", "a#b"]) {
        const client = await broker.connect({ version });
        await client.sendPublish(topic, "x", { qos: 1 });
        await client.expectClosed(
          MALFORMED,
          PROTOCOL_ERROR,
          TOPIC_NAME_INVALID,
        );
      }
    },
  );

  Deno.test(
    named(
      "an empty topic name ends the connection [MQTT-4.7.3-1, MQTT3-4.7.3-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendPublish("", "x");
      await client.expectClosed(MALFORMED, PROTOCOL_ERROR, TOPIC_NAME_INVALID);
    },
  );

  Deno.test(
    named(
      "a topic name that is not UTF-8 ends the connection [MQTT-3.3.2-1, MQTT-4.7.3-2, MQTT3-3.3.2-1, MQTT3-4.7.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const wrong = [
        Uint8Array.of(0x61, 0x00),
        Uint8Array.of(0x61, 0xFF),
        Uint8Array.of(0xED, 0xBF, 0xBF),
        Uint8Array.of(0xF4, 0x90, 0x80, 0x80), // beyond U+10FFFF
      ];
      for (const topic of wrong) {
        const client = await broker.connect({ version });
        await client.sendRaw(rawPublish(version, 0x30, string(topic)));
        await client.expectClosed(
          MALFORMED,
          PROTOCOL_ERROR,
          TOPIC_NAME_INVALID,
        );
      }
    },
  );

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

  Deno.test(
    named("QoS 3 ends the connection [MQTT-3.3.1-4, MQTT3-3.3.1-4]"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendRaw(rawPublish(version, 0x36, string("a"), u16(1)));
      await client.expectClosed(MALFORMED);
    },
  );

  Deno.test(
    named(
      "DUP with QoS 0 ends the connection, but not in 3.1 [MQTT-3.3.1-2, MQTT3-3.3.1-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      if (version > 3) {
        await client.sendRaw(rawPublish(version, 0x38, string("a")));
        await client.expectClosed(MALFORMED, PROTOCOL_ERROR);
        return;
      }
      // 3.1 does not forbid it; subscribers are not sent it.
      const subscribers = [client, await broker.connect({ version: 4 })];
      for (const subscriber of subscribers) await subscriber.subscribe("a");
      const member = await broker.connect({ version: 4 });
      await member.subscribe("$share/g/b");
      for (const topic of ["a", "a", "b"]) {
        await client.sendRaw(rawPublish(version, 0x38, string(topic)));
      }
      for (const subscriber of subscribers) await subscriber.messages(2);
      await member.message();
    },
  );

  Deno.test(
    named("identifier zero ends the connection [MQTT-2.2.1-3, MQTT3-2.3.1-1]"),
    async () => {
      await using broker = await TestBroker.start();
      for (const qos of [1, 2]) {
        const client = await broker.connect({ version });
        await client.sendRaw(
          publish(version, "a", "x", { qos, packetId: 0 }),
        );
        await client.expectClosed(MALFORMED, PROTOCOL_ERROR);
      }
    },
  );

  Deno.test(
    named("a PUBLISH that ends within its header ends the connection"),
    async () => {
      await using broker = await TestBroker.start();
      const cut = [
        frame(0x30),
        frame(0x30, Uint8Array.of(0)),
        frame(0x30, Uint8Array.of(0, 5, 0x61)),
        frame(0x32, string("a")),
        frame(0x32, string("a"), Uint8Array.of(0)),
      ];
      for (const packet of cut) {
        const client = await broker.connect({ version });
        await client.sendRaw(packet);
        await client.expectClosed(MALFORMED);
      }
    },
  );

  Deno.test(
    named(
      "PUBREL with flags other than 0010 ends the connection [MQTT-3.6.1-1, MQTT-2.1.3-1, MQTT3-3.6.1-1, MQTT3-2.2.2-1, MQTT3-2.2.2-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      for (const first of [0x60, 0x61, 0x63, 0x66, 0x6A]) {
        const client = await broker.connect({ version });
        await client.sendRaw(frame(first, u16(1)));
        if (version === 3) { // 3.1 has DUP and QoS there: any answer will do
          await client.peek();
          await client.close();
        } else await client.expectClosed(MALFORMED);
      }
    },
  );
}

function rawPublish(
  version: Version,
  first: number,
  ...parts: Uint8Array[]
): Uint8Array {
  return frame(
    first,
    ...parts,
    version === 5 ? Uint8Array.of(0) : new Uint8Array(),
    utf8("x"),
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

Deno.test("publish 5.0: a client's subscription identifier is a protocol error [MQTT-3.3.4-6]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.sendPublish("a", "x", {
    properties: { subscriptionIdentifiers: [1] },
  });
  await client.expectClosed(PROTOCOL_ERROR);
});

Deno.test("publish 5.0: a message refused with 0x80 or above is done with [MQTT-4.4.0-2, MQTT-4.3.3-9]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "refuses",
    clean: false,
    properties: { sessionExpiryInterval: 100, receiveMaximum: 1 },
  };
  const subscriber = await broker.connect(options);
  const publisher = await broker.connect();
  await subscriber.subscribe("a", { qos: 2 });
  for (const [qos, type] of [[1, "puback"], [2, "pubrec"]] as const) {
    await publisher.publish("a", "refused", { qos });
    const refused = await subscriber.expect("publish");
    await subscriber.sendAcknowledgement(type, refused.packetId, 0x97);
    await publisher.publish("a", "next", { qos });
    const next = await subscriber.message();
    assert.equal(payloadText(next), "next");
  }
  await subscriber.close();
  const again = await broker.connect(options);
  assert.equal(again.connack.sessionPresent, true);
  await again.expectNothing();
});

Deno.test("publish 5.0: after a refusing PUBREC the identifier is free for a new message [MQTT-4.3.3-9]", async () => {
  await using broker = await TestBroker.start({
    limits: { retainedMessages: 0 },
  });
  const client = await broker.connect();
  const subscriber = await broker.connect();
  await subscriber.subscribe("a", { qos: 2 });
  const packetId = 5;
  await client.sendPublish("a", "refused", { qos: 2, packetId, retain: true });
  assert.equal((await client.expect("pubrec")).reasonCode, 0x97);
  for (const text of ["new", "newer"]) {
    await client.publish("a", text, { qos: 2, packetId });
    assert.equal(payloadText(await subscriber.message()), text);
  }
  await subscriber.expectNothing();
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

  Deno.test(`publish ${VERSION_NAMES[version]}: acknowledgements of the wrong kind complete nothing [MQTT-4.3.2-3, MQTT-4.3.3-3, MQTT-4.3.3-5]`, async () => {
    await using broker = await TestBroker.start();
    const options = {
      version,
      clientId: "confused",
      clean: false,
      properties: { sessionExpiryInterval: 100 },
    };
    const wrong = [
      { qos: 1, types: ["pubrec", "pubcomp"] },
      { qos: 2, types: ["puback", "pubcomp"] },
    ] as const;
    for (const { qos, types } of wrong) {
      for (const type of types) {
        let client = await broker.connect(options);
        await client.subscribe("a", { qos: 2 });
        await client.publish("a", `${qos} ${type}`, { qos });
        const before = await client.expect("publish");
        await client.sendAcknowledgement(type, before.packetId);
        await client.close(); // whatever the broker thought of that
        client = await broker.connect(options);
        const again = await client.expect("publish");
        assert.equal(again.packetId, before.packetId);
        assert.equal(again.dup, true);
        await client.acknowledge(again);
        await client.disconnect();
      }
    }
  });

  Deno.test(`publish ${VERSION_NAMES[version]}: a repeated PUBREC is answered again [MQTT-4.3.3-4]`, async () => {
    await using broker = await TestBroker.start();
    const client = await broker.connect({ version });
    await client.subscribe("a", { qos: 2 });
    await client.publish("a", "x", { qos: 2 });
    const { packetId } = await client.expect("publish");
    for (let n = 0; n < 3; n++) {
      await client.sendAcknowledgement("pubrec", packetId);
      const pubrel = await client.expect("pubrel");
      assert.deepEqual([pubrel.packetId, pubrel.reasonCode], [packetId, 0]);
    }
    await client.sendAcknowledgement("pubcomp", packetId);
    await client.expectNothing();
  });
}
