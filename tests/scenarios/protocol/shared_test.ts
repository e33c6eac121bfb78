import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import type { Client } from "../../support/clients/client.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  cut,
  member,
  numbers,
  publishNumbers,
  SHARED,
  sorted,
} from "../../support/shared_members.ts";
import { subscribe } from "../../support/clients/write_packets.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_FILTER_INVALID = 0x8F;

/** All that was sent to a client by now, acknowledged. */
async function inbox(client: Client): Promise<string[]> {
  await client.sendRaw(Uint8Array.of(0xC0, 0));
  const texts: string[] = [];
  for (;;) {
    const packet = await client.receive();
    if (packet.type === "pingresp") return texts;
    assert.ok(packet.type === "publish", packet.type);
    texts.push(payloadText(packet));
    await client.acknowledge(packet);
  }
}

for (const qos of [0, 1, 2]) {
  Deno.test(`shared: each message goes to one member, in turn, at QoS ${qos} [MQTT-4.8.2-1]`, async () => {
    await using broker = await TestBroker.start();
    const publisher = await broker.connect();
    const members = [
      await broker.connect(),
      await broker.connect(),
      await broker.connect(),
    ];
    for (const one of members) await one.subscribe(SHARED, { qos });
    await publishNumbers(publisher, 0, 30, qos);
    const received = await Promise.all(members.map(inbox));
    assert.deepEqual(sorted(...received), numbers(0, 30));
    for (const list of received) {
      assert.equal(list.length, 10);
      assert.deepEqual(list, sorted(list), "not in order");
    }
  });
}

Deno.test("shared: groups, and subscriptions that are not shared, get their own copies", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.subscribe("$share/one/work", {
    properties: { subscriptionIdentifiers: [1] },
  });
  await client.subscribe("$share/two/work", {
    properties: { subscriptionIdentifiers: [2] },
  });
  await client.subscribe("$share/two/+", {
    properties: { subscriptionIdentifiers: [3] },
  });
  await client.subscribe("work", {
    properties: { subscriptionIdentifiers: [4] },
  });
  await client.publish("work", "x");
  const identifiers: number[] = [];
  for (const { properties } of await client.messages(4)) {
    identifiers.push(...properties.subscriptionIdentifiers ?? []);
  }
  assert.deepEqual(identifiers.toSorted(), [1, 2, 3, 4]);
  await client.expectNothing();
  const unsuback = await client.unsubscribe(
    "$share/one/work",
    "$share/none/work",
    "work",
  );
  assert.deepEqual(unsuback.reasonCodes, [0, 0x11, 0]);
  await client.publish("work", "x");
  await client.messages(2);
  await client.expectNothing();
});

Deno.test("shared: wildcards match as in any filter", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.subscribe("$share/group/a/+/#");
  for (const topic of ["a", "a/b", "a/b/c", "b/b"]) {
    await client.publish(topic, topic);
  }
  assert.deepEqual(await inbox(client), ["a/b", "a/b/c"]);
});

Deno.test("shared: each member gets messages at its own granted QoS [MQTT-4.8.2-3]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const members = [
    await broker.connect(),
    await broker.connect(),
    await broker.connect(),
  ];
  for (const [qos, one] of members.entries()) {
    assert.deepEqual((await one.subscribe(SHARED, { qos })).reasonCodes, [qos]);
  }
  await publishNumbers(publisher, 0, 3, 2);
  for (const [qos, one] of members.entries()) {
    assert.equal((await one.message()).qos, qos);
  }
});

Deno.test("shared: filters of a wrong form are refused [MQTT-4.8.2-1, MQTT-4.8.2-2]", async () => {
  await using broker = await TestBroker.start();
  for (
    const filter of [
      "$share/group",
      "$share/group/",
      "$share//work",
      "$share/+/work",
      "$share/#/work",
      "$share/a+/work",
      "$share/a#b/work",
      "$share/",
      "$share",
    ]
  ) {
    if (filter === "$share") continue; // an ordinary filter of one level
    const client = await broker.connect();
    await client.sendRaw(subscribe(5, 1, [{ filter }]));
    const answer = await client.receive();
    if (answer.type === "suback") {
      assert.deepEqual(answer.reasonCodes, [TOPIC_FILTER_INVALID], filter);
    } else {
      assert.ok(answer.type === "disconnect", filter);
      assert.ok(
        [MALFORMED, PROTOCOL_ERROR, TOPIC_FILTER_INVALID].includes(
          answer.reasonCode,
        ),
      );
    }
    await client.close();
  }
});

Deno.test("shared: No Local is a protocol error [MQTT-3.8.3-4]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.sendRaw(subscribe(5, 1, [{ filter: SHARED, noLocal: true }]));
  await client.expectClosed(PROTOCOL_ERROR);
});

Deno.test("shared: retained messages are not sent on subscribing", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.publish("work", "retained", { retain: true });
  for (const retainHandling of [0, 1]) {
    await client.subscribe(SHARED, { retainHandling });
    await client.expectNothing();
    await client.unsubscribe(SHARED);
  }
});

Deno.test("shared: members that are online come first", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const away = await broker.connect(member("away"));
  await away.subscribe(SHARED, { qos: 1 });
  await cut(broker, away);
  const here = await broker.connect();
  await here.subscribe(SHARED, { qos: 1 });
  await publishNumbers(publisher, 0, 10, 1);
  assert.deepEqual(await inbox(here), numbers(0, 10));
  const back = await broker.connect(member("away"));
  await back.expectNothing();
});

Deno.test("shared: with no member online messages wait for whoever is first", async () => {
  for (const first of ["a", "b"]) {
    await using broker = await TestBroker.start();
    const publisher = await broker.connect();
    for (const clientId of ["a", "b"]) {
      const client = await broker.connect(member(clientId));
      await client.subscribe(SHARED, { qos: 2 });
      await cut(broker, client);
    }
    await publishNumbers(publisher, 0, 10, 1);
    await publishNumbers(publisher, 10, 20, 2);
    const back = await broker.connect(member(first));
    assert.deepEqual(await inbox(back), numbers(0, 20));
    const other = await broker.connect(member(first === "a" ? "b" : "a"));
    await other.expectNothing();
    await publishNumbers(publisher, 20, 24, 1);
    assert.deepEqual(
      sorted(await inbox(back), await inbox(other)),
      numbers(20, 24),
    );
  }
});

Deno.test("shared: a message refused by a member is discarded [MQTT-4.8.2-6]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const one = await broker.connect(member("one"));
  await one.subscribe(SHARED, { qos: 2 });
  const other = await broker.connect();
  for (const [qos, type] of [[1, "puback"], [2, "pubrec"]] as const) {
    await publishNumbers(publisher, 0, 1, qos);
    const { packetId } = await one.expect("publish");
    await one.sendAcknowledgement(type, packetId, 0x83);
    await one.expectNothing();
  }
  await other.subscribe(SHARED, { qos: 2 });
  await cut(broker, one);
  await other.expectNothing();
  const back = await broker.connect(member("one"));
  await back.expectNothing();
});

Deno.test("shared: a member with a full window is passed over while others have room", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const stuck = await broker.connect(member("stuck", 1));
  const free = await broker.connect(member("free"));
  await stuck.subscribe(SHARED, { qos: 1 });
  await free.subscribe(SHARED, { qos: 1 });
  await publishNumbers(publisher, 0, 20, 1);
  const sent = payloadText(await stuck.expect("publish"));
  await stuck.expectNothing();
  assert.deepEqual(sorted(await inbox(free), [sent]), numbers(0, 20));
});
