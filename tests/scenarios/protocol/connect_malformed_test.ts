import { TestBroker } from "../../support/programs/broker.ts";
import { frame, string, u16, utf8 } from "../../support/bytes.ts";
import {
  auth,
  disconnect,
  PINGREQ,
  publish,
  subscribe,
  type Version,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;

/** A CONNECT with whatever flags and payload, right or wrong. */
function rawConnect(
  version: Version,
  flags: number,
  ...payload: Uint8Array[]
): Uint8Array {
  return frame(
    0x10,
    string(version === 3 ? "MQIsdp" : "MQTT"),
    Uint8Array.of(version, flags),
    u16(0),
    version === 5 ? Uint8Array.of(0) : new Uint8Array(),
    ...payload,
  );
}

const NO_WILL_PROPERTIES = Uint8Array.of(0);

for (const version of VERSIONS) {
  const named = (text: string) => `connect ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named(
      "anything but CONNECT first ends the connection without an answer [MQTT-3.1.0-1, MQTT-3.14.0-1, MQTT-4.13.1-1, MQTT3-3.1.0-1, MQTT3-4.8.0-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const packets = [
        PINGREQ,
        publish(version, "a", "b"),
        publish(version, "a", "b", { qos: 1, packetId: 1 }),
        subscribe(version, 1, [{ filter: "a" }]),
        disconnect(version),
        auth(0x18, { authenticationMethod: "x" }),
        frame(0x00),
        frame(0x20, Uint8Array.of(0, 0)),
      ];
      for (const packet of packets) {
        const client = await broker.open(version);
        await client.sendRaw(packet);
        await client.expectClosed();
      }
    },
  );

  Deno.test(
    named(
      "a second CONNECT ends the connection, without a second CONNACK [MQTT-3.1.0-2, MQTT-3.2.0-2, MQTT3-3.1.0-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendConnect({ clientId: "other" });
      await client.expectClosed(PROTOCOL_ERROR);
    },
  );

  Deno.test(
    named(
      "the reserved connect flag set ends the connection [MQTT-3.1.2-3, MQTT-3.1.4-1, MQTT3-3.1.2-3, MQTT3-3.1.4-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.open(version);
      await client.sendRaw(rawConnect(version, 0x03, string("a")));
      if (version === 3) return; // 3.1 calls the bit unused
      await client.expectMalformedConnect(MALFORMED);
    },
  );

  Deno.test(
    named(
      "fields that the flags announce must be there [MQTT-3.1.2-9, MQTT-3.1.3-3, MQTT3-3.1.2-9, MQTT3-3.1.3-3]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const properties = version === 5 ? NO_WILL_PROPERTIES : new Uint8Array();
      const packets = [
        rawConnect(version, 0x02), // no client identifier at all
        rawConnect(version, 0x06, string("a")), // will flag, no will
        rawConnect(version, 0x06, string("a"), properties, string("w")), // no will payload
      ];
      if (version > 3) { // 3.1 lets user name and password be missing in spite of their flags
        packets.push(
          rawConnect(version, 0x82, string("a")), // no user name
          rawConnect(version, 0xC2, string("a"), string("u")), // no password
        );
      }
      for (const packet of packets) {
        const client = await broker.open(version);
        await client.sendRaw(packet);
        await client.expectMalformedConnect(MALFORMED, PROTOCOL_ERROR);
      }
    },
  );

  Deno.test(
    named(
      "fields that no flag announces end the connection [MQTT-3.1.2-16, MQTT-3.1.2-18, MQTT3-3.1.2-11, MQTT3-3.1.2-18, MQTT3-3.1.2-20]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.open(version);
      await client.sendRaw(rawConnect(version, 0x02, string("a"), string("u")));
      await client.expectMalformedConnect(MALFORMED, PROTOCOL_ERROR);
      const second = await broker.open(version);
      await second.sendRaw(
        rawConnect(version, 0x82, string("a"), string("u"), string("p")),
      );
      await second.expectMalformedConnect(MALFORMED, PROTOCOL_ERROR);
    },
  );

  Deno.test(
    named(
      "will QoS and will retain need the will flag, and QoS 3 is none [MQTT-3.1.2-11, MQTT-3.1.2-12, MQTT-3.1.2-13, MQTT3-3.1.2-13, MQTT3-3.1.2-14, MQTT3-3.1.2-15]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const properties = version === 5 ? NO_WILL_PROPERTIES : new Uint8Array();
      const will = [properties, string("w"), string("p")];
      const packets = [
        rawConnect(version, 0x02 | 0x08, string("a")),
        rawConnect(version, 0x02 | 0x10, string("a")),
        rawConnect(version, 0x02 | 0x20, string("a")),
        rawConnect(version, 0x02 | 0x04 | 0x18, string("a"), ...will),
      ];
      for (const packet of version === 3 ? packets.slice(3) : packets) {
        const client = await broker.open(version);
        await client.sendRaw(packet);
        await client.expectMalformedConnect(MALFORMED, PROTOCOL_ERROR);
      }
    },
  );

  Deno.test(
    named(
      "strings of CONNECT must be UTF-8 without U+0000 [MQTT-1.5.4-1, MQTT-1.5.4-2, MQTT-3.1.3-4, MQTT-3.1.3-11, MQTT-3.1.3-12, MQTT3-1.5.3-1, MQTT3-1.5.3-2, MQTT3-3.1.3-4, MQTT3-3.1.3-10, MQTT3-3.1.3-11]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const properties = version === 5 ? NO_WILL_PROPERTIES : new Uint8Array();
      const wrong = [
        Uint8Array.of(0x61, 0xFF), // no UTF-8 byte
        Uint8Array.of(0xC0, 0xAF), // overlong
        Uint8Array.of(0xED, 0xA0, 0x80), // surrogate
        Uint8Array.of(0xE2, 0x82), // cut
        Uint8Array.of(0x61, 0x00, 0x62), // U+0000
      ];
      for (const bytes of wrong) {
        const packets = [
          rawConnect(version, 0x02, string(bytes)),
          rawConnect(
            version,
            0x06,
            string("a"),
            properties,
            string(bytes),
            string("p"),
          ),
          rawConnect(version, 0x82, string("a"), string(bytes)),
        ];
        for (const packet of packets) {
          const client = await broker.open(version);
          await client.sendRaw(packet);
          await client.expectMalformedConnect(MALFORMED, PROTOCOL_ERROR);
        }
      }
    },
  );
}

Deno.test("connect: a wrong protocol name ends the connection [MQTT-3.1.2-1, MQTT3-3.1.2-1]", async () => {
  await using broker = await TestBroker.start();
  const names = ["MQTX", "mqtt", "MQTTT", "", "MQIsdpp", "HTTP/1.1"];
  for (const name of names) {
    const client = await broker.open();
    await client.sendRaw(
      frame(
        0x10,
        string(name),
        Uint8Array.of(5, 2),
        u16(0),
        Uint8Array.of(0),
        string("a"),
      ),
    );
    await client.expectMalformedConnect(0x84, 0x01, MALFORMED, PROTOCOL_ERROR);
  }
});

Deno.test("connect: an unsupported protocol version is refused as such [MQTT-3.1.2-2, MQTT-3.2.2-6, MQTT-3.2.2-7, MQTT3-3.1.2-2, MQTT3-3.2.2-4, MQTT3-3.2.2-5]", async () => {
  await using broker = await TestBroker.start();
  for (const level of [0, 1, 2, 6, 7, 127]) {
    const client = await broker.open(level > 5 ? 5 : 4);
    await client.sendRaw(
      frame(
        0x10,
        string("MQTT"),
        Uint8Array.of(level, 2),
        u16(0),
        level > 5 ? Uint8Array.of(0) : new Uint8Array(),
        string("a"),
      ),
    );
    await client.expectRefused(...(level > 5 ? [0x84, 0x01] : [0x01]));
  }
});

Deno.test("connect: a garbage stream ends the connection and nothing else", async () => {
  await using broker = await TestBroker.start();
  const other = await broker.connect();
  for (
    const garbage of [
      utf8("get / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
      Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03),
      new Uint8Array(64).fill(0xFF),
      new Uint8Array(64),
    ]
  ) {
    const client = await broker.open();
    await client.sendRaw(garbage);
    await client.expectClosed();
  }
  await other.expectNothing();
});

Deno.test("connect 3.1.1: a password needs a user name [MQTT3-3.1.2-22, MQTT3-3.2.2-6]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.open(4);
  await client.sendRaw(rawConnect(4, 0x42, string("a"), string("p")));
  await client.expectClosed();
});

Deno.test("connect 5.0: values that a CONNECT property must not have are protocol errors", async () => {
  await using broker = await TestBroker.start();
  const wrong = [
    { receiveMaximum: 0 },
    { maximumPacketSize: 0 },
    { requestProblemInformation: 2 },
    { requestResponseInformation: 2 },
    { authenticationData: utf8("x") },
    { contentType: "not for CONNECT" },
    Uint8Array.of(0x21, 0, 1, 0x21, 0, 1), // twice
    Uint8Array.of(0x7F, 0), // unknown
    Uint8Array.of(0x21, 0), // cut
  ];
  for (const properties of wrong) {
    const client = await broker.open();
    await client.sendConnect({ properties });
    await client.expectMalformedConnect(MALFORMED, PROTOCOL_ERROR);
  }
});
