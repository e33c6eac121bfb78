import assert from "node:assert/strict";
import { TestBroker, until } from "../support/broker.ts";
import { join, joinAll, u16 } from "../support/bytes.ts";
import { payloadText, type ReceivedPublish } from "../support/read_packets.ts";
import {
  publish,
  unsubscribe,
  type Version,
  VERSION_NAMES,
  VERSIONS,
} from "../support/write_packets.ts";

const PROTOCOL_ERROR = 0x82;
const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
const TOPIC_ALIAS_INVALID = 0x94;
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

Deno.test("topic alias: every one up to our maximum is accepted, and may be set anew [MQTT-3.3.2-12]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const maximum = client.connack.properties.topicAliasMaximum ?? 0;
  assert.ok(maximum > 0);
  await client.subscribe("t/#", { qos: 2 });
  for (let topicAlias = 1; topicAlias <= maximum; topicAlias++) {
    await client.sendPublish(`t/${topicAlias}`, "set", {
      properties: { topicAlias },
    });
    assert.equal((await client.message()).topic, `t/${topicAlias}`);
  }
  for (const topicAlias of [1, maximum, 2]) {
    for (const qos of [0, 1, 2]) {
      await client.publish("", "used", { qos, properties: { topicAlias } });
      const message = await client.message();
      assert.equal(message.topic, `t/${topicAlias}`);
      assert.equal(message.properties.topicAlias, undefined);
    }
  }
  await client.sendPublish("t/anew", "set", { properties: { topicAlias: 1 } });
  await client.sendPublish("", "used", { properties: { topicAlias: 1 } });
  for (const text of ["set", "used"]) {
    const message = await client.message();
    assert.deepEqual([message.topic, payloadText(message)], ["t/anew", text]);
  }
});

Deno.test("topic alias: 0 and those above our maximum are refused [MQTT-3.3.2-8, MQTT-3.3.2-9, MQTT-3.2.2-17, MQTT-3.2.2-18]", async () => {
  for (
    const [topicAliasMaximum, aliases] of [[10, [0, 11, 65_535]], [0, [
      1,
    ]]] as const
  ) {
    await using broker = await TestBroker.start({
      limits: { topicAliasMaximum },
    });
    for (const topicAlias of aliases) {
      const client = await broker.connect();
      await client.sendPublish("a", "x", { properties: { topicAlias } });
      await client.expectClosed(TOPIC_ALIAS_INVALID);
    }
  }
});

Deno.test("topic alias: one that was not set is a protocol error, also if a former connection set it [MQTT-3.3.2-7]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "alias",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const one = await broker.connect(options);
  await one.publish("a", "set", { qos: 1, properties: { topicAlias: 3 } });
  await one.publish("", "used", { qos: 1, properties: { topicAlias: 3 } });
  await one.disconnect();
  const two = await broker.connect(options);
  await two.sendPublish("", "not set", { properties: { topicAlias: 3 } });
  await two.expectClosed(PROTOCOL_ERROR);
});

Deno.test("topic alias: the broker uses them from the first message on, up to the client's maximum [MQTT-3.1.2-26, MQTT-3.3.2-11, MQTT-3.3.2-7]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const options = {
    clientId: "alias",
    clean: false,
    properties: { sessionExpiryInterval: 100, topicAliasMaximum: 2 },
  };
  for (let connection = 0; connection < 2; connection++) {
    const client = await broker.connect(options);
    await client.subscribe("t/#", { qos: 1 });
    const aliases = new Map<number, string>();
    const bare = new Set<string>();
    for (let n = 0; n < 40; n++) {
      const topic = `t/${n % 4}`;
      await publisher.publish(topic, topic, { qos: n % 2 });
      const message = await client.message();
      const { topicAlias } = message.properties;
      if (topicAlias !== undefined) {
        assert.ok(topicAlias >= 1 && topicAlias <= 2, `Alias ${topicAlias}`);
        if (message.topic !== "") aliases.set(topicAlias, message.topic);
      }
      if (n === 0) assert.equal(topicAlias, 1, "no alias at once");
      if (message.topic === "") bare.add(aliases.get(topicAlias!)!);
      const meant = message.topic === ""
        ? aliases.get(topicAlias!)
        : message.topic;
      assert.equal(meant, topic);
    }
    assert.ok(bare.size > 0, "aliases are never used");
    await client.disconnect();
  }
});

Deno.test("topic alias: none is sent to a client that allows none [MQTT-3.1.2-27]", async () => {
  await using broker = await TestBroker.start();
  for (const properties of [{}, { topicAliasMaximum: 0 }]) {
    const client = await broker.connect({ properties });
    await client.subscribe("a");
    for (let n = 0; n < 5; n++) {
      await client.sendPublish("a", "x", { properties: { topicAlias: 5 } });
      const message = await client.message();
      assert.equal(message.topic, "a");
      assert.equal(message.properties.topicAlias, undefined);
    }
    await client.disconnect();
  }
});

Deno.test("topic alias: what is sent again makes sense on its own connection [MQTT-3.3.2-7]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "alias",
    clean: false,
    properties: { sessionExpiryInterval: 100, topicAliasMaximum: 5 },
  };
  const one = await broker.connect(options);
  await one.subscribe("a", { qos: 1 });
  for (let n = 0; n < 3; n++) await one.publish("a", "x", { qos: 1 });
  for (let n = 0; n < 3; n++) await one.expect("publish");
  await one.close();
  const two = await broker.connect(options);
  const aliases = new Map<number, string>();
  for (let n = 0; n < 3; n++) {
    const { topic, properties } = await two.message();
    if (topic !== "" && properties.topicAlias !== undefined) {
      aliases.set(properties.topicAlias, topic);
    }
    assert.equal(topic || aliases.get(properties.topicAlias!), "a");
  }
});

for (const version of VERSIONS) {
  Deno.test(`slow consumer ${VERSION_NAMES[version]}: QoS 0 is dropped and counted, QoS 1 and 2 are not, and nobody else waits`, async () => {
    await using broker = await TestBroker.start({
      limits: { outboxBytes: 65_536 },
    });
    const publisher = await broker.connect();
    const other = await broker.connect({ version });
    const slow = await broker.connect({ version });
    await other.subscribe("sure", { qos: 2 });
    await slow.subscribe("sure", { qos: 2 });
    await slow.subscribe("fast", { qos: 0 });
    slow.pause();
    // More than the sockets' buffers and the Outbox can hold.
    const blocks = 3000;
    for (let n = 0; n < blocks;) {
      const packets: Uint8Array[] = [];
      for (const end = n + 100; n < end; n++) {
        packets.push(publish(5, "fast", String(n).padEnd(10_000)));
      }
      await publisher.sendRaw(join(...packets));
      await publisher.publish("sure", String(n), { qos: 1 + n / 100 % 2 });
      assert.equal(payloadText(await other.message()), String(n));
    }
    assert.ok(broker.counters.dropped.outboxFull > 0, "nothing was dropped");
    slow.resume();
    const sure: string[] = [];
    let last = -1;
    let received = 0;
    while (sure.length < blocks / 100) {
      const message = await slow.message();
      if (message.topic === "sure") sure.push(payloadText(message));
      else {
        const n = parseInt(payloadText(message));
        assert.ok(n > last, "not in order");
        last = n;
        received++;
      }
    }
    assert.deepEqual(
      sure,
      Array.from({ length: 30 }, (_, n) => String(100 * (n + 1))),
    );
    assert.ok(received > 0, "everything was dropped");
    await publisher.publish("fast", "after");
    await publisher.settle();
    let message = await slow.message();
    while (payloadText(message) !== "after") {
      message = await slow.message();
      received++;
    }
    assert.equal(broker.counters.dropped.outboxFull, blocks - received);
  });
}

Deno.test("slow consumer: one that takes nothing for the time allowed is ended", async () => {
  await using broker = await TestBroker.start({
    limits: { outboxBytes: 65_536, stalledOutboxTime: 1_000 },
    manualClock: true,
  });
  const publisher = await broker.connect();
  const slow = await broker.connect({ version: 4 });
  const idle = await broker.connect({ version: 4 });
  await slow.subscribe("fast");
  slow.pause();
  const payload = "x".repeat(100_000);
  while (broker.counters.dropped.outboxFull === 0) {
    await publisher.publish("fast", payload);
    await publisher.settle();
  }
  const before = broker.counters.clientsNow;
  for (let n = 0; n < 100 && broker.counters.clientsNow === before; n++) {
    broker.advance(100);
    await publisher.ping();
  }
  await until(
    "the slow client is ended",
    () => broker.counters.clientsNow === before - 1,
  );
  assert.equal(broker.counters.disconnected.slowConsumer, 1);
  await idle.expectNothing();
});

Deno.test("queue: what does not fit into an absent client's session is dropped and counted", async () => {
  const versions: Version[] = [4, 5];
  for (const limits of [{ queuedMessages: 10 }, { queuedBytes: 5_000 }]) {
    await using broker = await TestBroker.start({ limits });
    const publisher = await broker.connect();
    for (const version of versions) {
      const options = {
        version,
        clientId: `away${version}`,
        clean: false,
        properties: { sessionExpiryInterval: 100 },
      };
      const away = await broker.connect(options);
      await away.subscribe(`to/${version}`, { qos: 1 });
      await away.disconnect();
      const before = { ...broker.counters.dropped };
      for (let n = 0; n < 30; n++) {
        await publisher.publish(`to/${version}`, String(n).padEnd(400), {
          qos: 1,
        });
      }
      const { dropped } = broker.counters;
      const lost = dropped.queueMessages - before.queueMessages +
        dropped.queueBytes - before.queueBytes;
      assert.ok(lost > 0 && lost < 30, `${lost} dropped`);
      const back = await broker.connect(options);
      const kept = (await back.messages(30 - lost)).map((message) =>
        parseInt(payloadText(message))
      );
      assert.deepEqual(kept, kept.toSorted((a, b) => a - b));
      await back.expectNothing();
      if ("queuedMessages" in limits) assert.equal(kept.length, 10);
    }
    assert.equal(broker.counters.queuedNow, 0);
    assert.equal(broker.counters.queuedBytesNow, 0);
  }
});

Deno.test("queue: QoS 0 for an absent client is not kept, and counted", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const publisher = await broker.connect();
  const away = await broker.connect(options);
  await away.subscribe("a", { qos: 0 });
  await away.subscribe("b", { qos: 2 });
  await away.disconnect();
  await publisher.publish("a", "lost", { qos: 2 });
  await publisher.publish("b", "lost", { qos: 0 });
  await publisher.publish("b", "kept", { qos: 1 });
  const back = await broker.connect(options);
  assert.equal(payloadText(await back.message()), "kept");
  await back.expectNothing();
  assert.equal(broker.counters.dropped.offline, 2);
});

Deno.test("slow consumer: one that asks and does not read the answers is not read either, and loses none", async () => {
  await using broker = await TestBroker.start({
    limits: { outboxBytes: 65_536 },
  });
  const other = await broker.connect();
  const slow = await broker.connect();
  slow.pause();
  const request = unsubscribe(5, 1, Array.from({ length: 1000 }, () => "a"));
  const requests = Array.from({ length: 8000 }, (_, n) => {
    const copy = request.slice();
    copy.set(u16(n + 1), 3); // after one byte for the type and two for the length
    return copy;
  });
  const bytes = joinAll(requests);
  const sending = slow.sendRaw(bytes);
  // The sockets' buffers take some of the answers; from then on the broker reads no more.
  let last = -1;
  for (let quiet = 0; quiet < 10;) {
    const { packetsReceived } = broker.counters;
    await other.settle();
    quiet = packetsReceived - last <= 1 ? quiet + 1 : 0;
    last = packetsReceived;
  }
  assert.ok(broker.counters.bytesReceived < bytes.length, "all was read");
  slow.resume();
  for (let n = 1; n <= requests.length; n++) {
    const { packetId, reasonCodes } = await slow.expect("unsuback");
    assert.deepEqual([packetId, reasonCodes.length], [n, 1000]);
  }
  await sending;
});
