import { TestBroker } from "../../support/programs/broker.ts";
import { frame, string, u16, utf8 } from "../../support/bytes.ts";
import {
  publish,
  type Version,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_NAME_INVALID = 0x90;

for (const version of VERSIONS) {
  const named = (text: string) => `publish ${VERSION_NAMES[version]}: ${text}`;

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

Deno.test("publish 5.0: a client's subscription identifier is a protocol error [MQTT-3.3.4-6]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.sendPublish("a", "x", {
    properties: { subscriptionIdentifiers: [1] },
  });
  await client.expectClosed(PROTOCOL_ERROR);
});
