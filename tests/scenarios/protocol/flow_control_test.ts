import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import {
  payloadText,
  type ReceivedPublish,
} from "../../support/clients/read_packets.ts";
import {
  publish,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
const PACKET_TOO_LARGE = 0x95;

Deno.test("flow control: no more than the client's Receive Maximum is under way, all else goes on [MQTT-3.3.4-9, MQTT-3.3.4-10, MQTT-4.9.0-1, MQTT-4.9.0-2, MQTT-4.9.0-3]", async () => {
  for (const qos of [1, 2]) {
    await using broker = await TestBroker.start();
    const publisher = await broker.connect();
    const client = await broker.connect({ properties: { receiveMaximum: 3 } });
    await client.subscribe("a", { qos });
    for (let n = 0; n < 10; n++) {
      await publisher.publish("a", String(n), { qos });
    }
    const under: ReceivedPublish[] = [];
    for (let n = 0; n < 3; n++) under.push(await client.expect("publish"));
    await client.expectNothing();
    // QoS 0 and answers are not held back.
    await publisher.publish("a", "at once", { qos: 0 });
    await publisher.settle();
    assert.equal(payloadText(await client.expect("publish")), "at once");
    assert.deepEqual((await client.subscribe("b", { qos: 1 })).reasonCodes, [
      1,
    ]);
    assert.equal(await client.publish("c", "x", { qos: 2 }) & 0x80, 0);
    const order: string[] = under.map(payloadText);
    for (let n = 3; n < 10; n++) {
      await client.acknowledge(under.shift()!);
      const next = await client.expect("publish");
      order.push(payloadText(next));
      under.push(next);
      await client.expectNothing();
    }
    assert.deepEqual(order, Array.from({ length: 10 }, (_, n) => String(n)));
    for (const message of under) await client.acknowledge(message);
    await client.expectNothing();
  }
});

Deno.test("flow control: at QoS 2 the window opens with PUBCOMP, or a refusing PUBREC, not before [MQTT-4.9.0-2]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const client = await broker.connect({ properties: { receiveMaximum: 1 } });
  await client.subscribe("a", { qos: 2 });
  for (const text of ["1", "2", "3"]) {
    await publisher.publish("a", text, { qos: 2 });
  }
  const one = await client.expect("publish");
  await client.sendAcknowledgement("pubrec", one.packetId);
  await client.expect("pubrel");
  await client.expectNothing();
  await client.sendAcknowledgement("pubcomp", one.packetId);
  const two = await client.expect("publish");
  await client.sendAcknowledgement("pubrec", two.packetId, 0x80);
  const three = await client.expect("publish");
  assert.equal(payloadText(three), "3");
});

Deno.test("flow control: the Receive Maximum of each connection counts, also for what is sent again [MQTT-3.3.4-9, MQTT-4.9.0-2]", async () => {
  await using broker = await TestBroker.start();
  const options = (receiveMaximum: number) => ({
    clientId: "window",
    clean: false,
    properties: { sessionExpiryInterval: 100, receiveMaximum },
  });
  const publisher = await broker.connect();
  let client = await broker.connect(options(5));
  await client.subscribe("a", { qos: 2 });
  for (let n = 0; n < 10; n++) {
    await publisher.publish("a", String(n), { qos: 1 + n % 2 });
  }
  for (let n = 0; n < 5; n++) await client.expect("publish");
  await client.expectNothing();
  await client.close();
  client = await broker.connect(options(2));
  const order: string[] = [];
  for (let n = 0; n < 10; n++) {
    const message = await client.message();
    assert.equal(message.dup, n < 5);
    order.push(payloadText(message));
  }
  assert.deepEqual(order, Array.from({ length: 10 }, (_, n) => String(n)));
  await client.expectNothing();
});

Deno.test("flow control 3.1.1: the broker's own limit holds the window", async () => {
  await using broker = await TestBroker.start({
    limits: { maximumInflight: 4 },
  });
  for (const version of VERSIONS) {
    const client = await broker.connect({ version });
    await client.subscribe("a", { qos: 1 });
    for (let n = 0; n < 8; n++) {
      await client.publish("a", String(n), { qos: 1 });
    }
    const under: ReceivedPublish[] = [];
    for (let n = 0; n < 4; n++) under.push(await client.expect("publish"));
    await client.expectNothing();
    for (const message of under) await client.acknowledge(message);
    await client.messages(4);
    await client.expectNothing();
    await client.disconnect();
  }
});

Deno.test("flow control: a client beyond our Receive Maximum gets 0x93 [MQTT-3.3.4-7]", async () => {
  await using broker = await TestBroker.start({
    limits: { receiveMaximum: 3 },
  });
  const client = await broker.connect();
  assert.equal(client.connack.properties.receiveMaximum, 3);
  const identifiers: number[] = [];
  for (let n = 0; n < 3; n++) {
    identifiers.push(await client.sendPublish("a", "x", { qos: 2 }));
    await client.expect("pubrec");
  }
  // Within it again after PUBCOMP.
  await client.sendAcknowledgement("pubrel", identifiers[0]!);
  await client.expect("pubcomp");
  await client.sendPublish("a", "x", { qos: 2 });
  await client.expect("pubrec");
  await client.publish("a", "QoS 0 does not count");
  await client.expectNothing();
  await client.sendPublish("a", "x", { qos: 1 });
  await client.expectClosed(RECEIVE_MAXIMUM_EXCEEDED);
});

Deno.test("flow control: our Receive Maximum counts anew with each connection [MQTT-3.3.4-7, MQTT-4.9.0-1]", async () => {
  await using broker = await TestBroker.start({
    limits: { receiveMaximum: 3 },
  });
  const options = {
    clientId: "again",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  let client = await broker.connect(options);
  for (const packetId of [1, 2, 3]) {
    await client.sendPublish("a", "x", { qos: 2, packetId });
    await client.expect("pubrec");
  }
  await client.close();
  // These are completed without having been sent on this connection ...
  client = await broker.connect(options);
  for (const packetId of [1, 2, 3]) {
    await client.sendAcknowledgement("pubrel", packetId);
    assert.equal((await client.expect("pubcomp")).reasonCode, 0);
  }
  // ... and so leave the quota where it was: at three.
  for (const packetId of [4, 5, 6]) {
    await client.sendPublish("a", "x", { qos: 2, packetId });
    await client.expect("pubrec");
  }
  await client.sendPublish("a", "x", { qos: 2, packetId: 7 });
  await client.expectClosed(RECEIVE_MAXIMUM_EXCEEDED);
});

Deno.test("flow control: what is larger than the client's Maximum Packet Size is dropped for it and counted, as if delivered [MQTT-3.1.2-24, MQTT-3.1.2-25]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const any = await broker.connect();
  const maximumPacketSize = 100;
  const small = await broker.connect({
    properties: { maximumPacketSize, receiveMaximum: 1 },
  });
  for (const client of [any, small]) await client.subscribe("a", { qos: 2 });
  let dropped = 0;
  for (const qos of [0, 1, 2]) {
    for (const size of [20, 91, 92, 93, 94, 95, 96, 97, 200, 20]) {
      await publisher.publish("a", "x".repeat(size), { qos });
      const message = await any.message();
      if (message.size <= maximumPacketSize) {
        assert.equal((await small.message()).size, message.size);
      } else dropped++;
    }
  }
  await small.expectNothing();
  assert.equal(broker.counters.dropped.tooLarge, dropped);
});

Deno.test("flow control: Maximum Packet Size also holds for what waited and what is retained [MQTT-3.1.2-24, MQTT-3.1.2-25]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const options = {
    clientId: "small",
    clean: false,
    properties: { sessionExpiryInterval: 100, maximumPacketSize: 60 },
  };
  const client = await broker.connect({
    ...options,
    properties: { sessionExpiryInterval: 100 },
  });
  await client.subscribe("a/#", { qos: 1 });
  await publisher.publish("a/1", "x".repeat(200), { qos: 1 });
  await client.expect("publish"); // sent, not acknowledged
  await client.close();
  for (const [n, size] of [200, 10, 300, 20].entries()) {
    await publisher.publish(`a/${n}`, "x".repeat(size), {
      qos: 1,
      retain: true,
    });
  }
  const back = await broker.connect(options);
  assert.deepEqual(
    (await back.messages(2)).map(({ payload }) => payload.length),
    [10, 20],
  );
  await back.expectNothing();
  await back.subscribe("+/+", { qos: 1 });
  assert.deepEqual(
    (await back.messages(2)).map(({ payload }) => payload.length).toSorted(),
    [10, 20],
  );
  await back.expectNothing();
});

Deno.test("flow control: user properties and expiry count towards Maximum Packet Size [MQTT-3.1.2-24]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect({
    properties: { maximumPacketSize: 64 },
  });
  await client.subscribe("a", {
    properties: { subscriptionIdentifiers: [268_435_455] },
  });
  for (let length = 1; length < 60; length++) {
    await client.sendPublish("a", "x".repeat(10), {
      properties: {
        messageExpiryInterval: 1000,
        userProperties: [["k", "v".repeat(length)]],
      },
    });
  }
  await client.sendPublish("a", "end");
  for (;;) {
    const message = await client.message();
    assert.ok(message.size <= 64, `${message.size} bytes`);
    if (payloadText(message) === "end") break;
  }
});

for (const version of VERSIONS) {
  Deno.test(`flow control ${VERSION_NAMES[version]}: a packet above our maximum ends the connection [MQTT-3.2.2-15]`, async () => {
    await using broker = await TestBroker.start({
      limits: { maximumPacketSize: 10_000 },
    });
    const client = await broker.connect({ version });
    if (version === 5) {
      assert.equal(client.connack.properties.maximumPacketSize, 10_000);
    }
    const header = publish(version, "a", "x".repeat(5000)).length - 5000;
    await client.subscribe("a");
    await client.sendPublish("a", "x".repeat(10_000 - header));
    assert.equal((await client.message()).payload.length, 10_000 - header);
    await client.sendPublish("a", "x".repeat(10_001 - header));
    await client.expectClosed(PACKET_TOO_LARGE);
  });
}

Deno.test("flow control: a packet above our maximum is refused by its length, before it is all there [MQTT-3.2.2-15]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.sendRaw(Uint8Array.of(0x30, 0xFF, 0xFF, 0xFF, 0x7F));
  await client.expectClosed(PACKET_TOO_LARGE);
});
