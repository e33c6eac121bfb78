import assert from "node:assert/strict";
import { TestBroker } from "../support/broker.ts";
import { frame, join, string, u16, utf8 } from "../support/bytes.ts";
import {
  auth,
  connect,
  disconnect,
  PINGREQ,
  publish,
  subscribe,
  type Version,
  VERSION_NAMES,
  VERSIONS,
} from "../support/write_packets.ts";

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
      "a good CONNECT is answered with CONNACK first, with Session Present 0 [MQTT-3.1.4-5, MQTT-3.2.0-1, MQTT-3.2.2-1, MQTT-3.2.2-2, MQTT3-3.1.4-4, MQTT3-3.2.0-1, MQTT3-3.2.2-1, MQTT-4.2.0-1, MQTT3-7.1.1-1, MQTT3-7.0.0-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version, clientId: "one" });
      assert.equal(client.connack.sessionPresent, false);
      await client.expectNothing();
    },
  );

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
      "client identifiers of 1 to 23 letters and digits are accepted [MQTT-3.1.3-5, MQTT3-3.1.3-5]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const letters =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
      const ids = [...letters];
      for (let length = 2; length <= 23; length++) {
        ids.push(letters.slice(length, 2 * length));
      }
      for (const clientId of [...ids, letters.slice(-23)]) {
        const client = await broker.connect({ version, clientId });
        await client.disconnect();
      }
    },
  );

  Deno.test(
    named(
      "will, user name and password are read in their order [MQTT-3.1.3-1, MQTT-3.1.2-17, MQTT-3.1.2-19, MQTT3-3.1.3-1, MQTT3-3.1.2-19, MQTT3-3.1.2-21]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const watcher = await broker.connect({ version });
      await watcher.subscribe("will/topic");
      const client = await broker.connect({
        version,
        clientId: "first",
        will: { topic: "will/topic", payload: "will payload" },
        username: "user",
        password: "secret",
      });
      await client.close();
      const will = await watcher.message();
      assert.equal(will.topic, "will/topic");
      assert.deepEqual(will.payload, utf8("will payload"));
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

  Deno.test(
    named(
      "packets may come byte by byte, or all in one piece before the CONNACK",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const packets = join(
        connect({ version, clientId: "pieces" }),
        subscribe(version, 7, [{ filter: "a/b", qos: 0 }]),
        publish(version, "a/b", "hello"),
        PINGREQ,
      );
      const whole = await broker.open(version);
      await whole.sendRaw(packets);
      const cut = await broker.open(version);
      await whole.expect("connack");
      await whole.expect("suback");
      await whole.expect("publish");
      await whole.expect("pingresp");
      await whole.disconnect();
      for (const byte of packets) await cut.sendRaw(Uint8Array.of(byte));
      await cut.expect("connack");
      await cut.expect("suback");
      await cut.expect("publish");
      await cut.expect("pingresp");
    },
  );

  Deno.test(
    named("a client that does not send CONNECT in time is ended"),
    async () => {
      await using broker = await TestBroker.start({
        limits: { connectTimeout: 100 },
      });
      const silent = await broker.open(version);
      const slow = await broker.open(version);
      await slow.sendRaw(connect({ version }).subarray(0, 9));
      await silent.expectClosed();
      await slow.expectClosed();
    },
  );

  Deno.test(
    named("a CONNECT larger than its limit ends the connection"),
    async () => {
      await using broker = await TestBroker.start({
        limits: { maximumConnectSize: 2048 },
      });
      const client = await broker.open(version);
      await client.sendConnect({
        will: { topic: "w", payload: "x".repeat(4096) },
      });
      if (version === 5) await client.expectMalformedConnect(0x95);
      else await client.expectClosed();
    },
  );

  Deno.test(
    named(
      "connections beyond the limit are refused, and there is room again once one ends",
    ),
    async () => {
      await using broker = await TestBroker.start({
        limits: { maximumConnections: 2 },
      });
      const first = await broker.connect({ version });
      await broker.connect({ version });
      const third = await broker.open(version);
      await third.sendConnect();
      await third.peek();
      await third.close();
      await first.expectNothing();
      await first.disconnect();
      for (let tries = 0;; tries++) {
        const again = await broker.open(version);
        await again.sendConnect();
        try {
          const connack = await again.expect("connack");
          if (connack.reasonCode === 0) break;
        } catch {
          assert.ok(tries < 100, "Never accepted again");
        }
        await again.close();
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
      utf8("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
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

Deno.test("connect 5.0: a password without a user name is fine", async () => {
  await using broker = await TestBroker.start();
  await broker.connect({ password: "secret" });
});

Deno.test("connect 3.1.1: an empty client identifier is replaced, each by another [MQTT3-3.1.3-6]", async () => {
  await using broker = await TestBroker.start();
  const one = await broker.connect({ version: 4, clientId: "" });
  const two = await broker.connect({ version: 4, clientId: "" });
  await one.expectNothing();
  await two.expectNothing();
});

Deno.test("connect 3.1.1: an empty client identifier without CleanSession is refused [MQTT3-3.1.3-7, MQTT3-3.1.3-8, MQTT3-3.1.3-9]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.open(4);
  await client.sendConnect({ clientId: "", clean: false });
  await client.expectRefused(0x02);
});

Deno.test("connect: a client identifier that looks like a shared group is refused [MQTT-3.1.3-8]", async () => {
  await using broker = await TestBroker.start();
  for (const version of VERSIONS) {
    const client = await broker.open(version);
    await client.sendConnect({ clientId: "$share/g/a" });
    await client.expectRefused(version === 5 ? 0x85 : 2);
  }
});

Deno.test("connect 3.1: an empty client identifier is refused", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.open(3);
  await client.sendConnect({ clientId: "" });
  await client.expectRefused(0x02);
});

Deno.test("connect 5.0: an empty client identifier is replaced by one to come back with [MQTT-3.1.3-2, MQTT-3.1.3-6, MQTT-3.1.3-7, MQTT-3.2.2-16]", async () => {
  await using broker = await TestBroker.start();
  const properties = { sessionExpiryInterval: 100 };
  const one = await broker.connect({ clientId: "", clean: false, properties });
  const two = await broker.connect({ clientId: "", clean: false, properties });
  const clientId = one.connack.properties.assignedClientIdentifier;
  assert.ok(clientId);
  assert.notEqual(two.connack.properties.assignedClientIdentifier, clientId);
  await one.disconnect();
  const back = await broker.connect({ clientId, clean: false, properties });
  assert.equal(back.connack.sessionPresent, true);
  assert.equal(back.connack.properties.assignedClientIdentifier, undefined);
  await two.expectNothing();
});

Deno.test("connect 5.0: CONNACK tells what the server allows", async () => {
  await using broker = await TestBroker.start({
    limits: {
      receiveMaximum: 12,
      maximumPacketSize: 5000,
      topicAliasMaximum: 7,
      maximumSessionExpiry: 60,
    },
  });
  const client = await broker.connect({
    properties: { sessionExpiryInterval: 100 },
  });
  const { properties } = client.connack;
  assert.equal(properties.receiveMaximum, 12);
  assert.equal(properties.maximumPacketSize, 5000);
  assert.equal(properties.topicAliasMaximum, 7);
  assert.equal(properties.sessionExpiryInterval, 60);
  // What is absent says: supported.
  assert.equal(properties.maximumQoS, undefined);
  assert.equal(properties.retainAvailable ?? 1, 1);
  assert.equal(properties.wildcardSubscriptionAvailable ?? 1, 1);
  assert.equal(properties.subscriptionIdentifierAvailable ?? 1, 1);
  assert.equal(properties.sharedSubscriptionAvailable ?? 1, 1);
});

Deno.test("connect 5.0: an authentication method that is not configured is refused, and nothing after it carried out [MQTT-4.12.0-1, MQTT-4.12.0-6, MQTT-3.1.4-2, MQTT-3.1.4-6, MQTT-3.2.2-8, MQTT-4.13.2-1]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.open();
  await client.sendRaw(
    join(
      connect({ properties: { authenticationMethod: "SCRAM-SHA-256" } }),
      publish(5, "a", "must not be", { retain: true }),
    ),
  );
  const connack = await client.expectRefused(0x8C);
  assert.equal(connack.properties.authenticationMethod, undefined);
  const other = await broker.connect();
  await other.subscribe("a");
  await other.expectNothing();
});

Deno.test("connect 3.1.1: nothing sent after a refused CONNECT is carried out [MQTT3-3.1.4-5]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.open(4);
  await client.sendRaw(
    join(
      connect({ version: 4, clientId: "", clean: false }),
      publish(4, "a", "must not be", { retain: true }),
    ),
  );
  await client.expectRefused(0x02);
  const other = await broker.connect({ version: 4 });
  await other.subscribe("a");
  await other.expectNothing();
});

Deno.test("connect 5.0: AUTH without an authentication method is a protocol error [MQTT-4.12.0-7, MQTT-4.12.1-2]", async () => {
  await using broker = await TestBroker.start();
  for (const code of [0x18, 0x19]) {
    const client = await broker.connect();
    await client.sendRaw(auth(code, { authenticationMethod: "x" }));
    await client.expectClosed(PROTOCOL_ERROR);
  }
});

Deno.test("connect 5.0: a CONNACK keeps to the client's Maximum Packet Size by leaving out its reason string [MQTT-3.2.2-19]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.open();
  await client.sendConnect({
    properties: { authenticationMethod: "x", maximumPacketSize: 12 },
  });
  const connack = await client.expectRefused(0x8C);
  assert.equal(connack.properties.reasonString, undefined);
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

Deno.test("connect 5.0: a CONNACK that lets a client in keeps to its Maximum Packet Size [MQTT-3.1.2-24, MQTT-3.1.2-25]", async () => {
  await using broker = await TestBroker.start();
  const properties = { maximumPacketSize: 30, requestResponseInformation: 1 };
  const roomy = await broker.open();
  await roomy.sendConnect({ clientId: "a-client-with-a-name", properties });
  const connack = await roomy.expect("connack");
  assert.equal(connack.reasonCode, 0);
  assert.equal(connack.properties.responseInformation, undefined);
  const tight = await broker.open();
  await tight.sendConnect({
    clientId: "",
    properties: { ...properties, maximumPacketSize: 10 },
  });
  const refusal = await tight.expect("connack");
  assert.equal(refusal.reasonCode, 0x95);
  await tight.expectClosed();
});
