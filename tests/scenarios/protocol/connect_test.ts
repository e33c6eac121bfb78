import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { join, utf8 } from "../../support/bytes.ts";
import {
  auth,
  connect,
  PINGREQ,
  publish,
  subscribe,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const PROTOCOL_ERROR = 0x82;

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
