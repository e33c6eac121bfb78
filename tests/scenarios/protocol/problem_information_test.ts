import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import type { Client } from "../../support/clients/client.ts";
import { EVERYTHING, type Properties } from "../../support/properties.ts";
import { subscribe, unsubscribe } from "../../support/clients/write_packets.ts";

/** Whether a packet carries what Request Problem Information rules. */
function explains(properties: Properties): boolean {
  return properties.reasonString !== undefined ||
    properties.userProperties !== undefined;
}

/** Makes the broker answer with a failure in as many packets as can be. */
async function provoke(client: Client): Promise<Properties[]> {
  const answers: Properties[] = [];
  await client.sendAcknowledgement("pubrel", 99);
  answers.push((await client.expect("pubcomp")).properties);
  await client.sendAcknowledgement("pubrec", 98);
  answers.push((await client.expect("pubrel")).properties);
  await client.sendRaw(
    subscribe(5, 97, [{ filter: "$share//x" }, { filter: "a" }]),
  );
  const suback = await client.receive();
  assert.ok(suback.type === "suback", suback.type);
  answers.push(suback.properties);
  await client.sendRaw(unsubscribe(5, 96, ["never"]));
  answers.push((await client.expect("unsuback")).properties);
  for (const qos of [1, 2]) {
    const packetId = 90 + qos;
    await client.sendPublish("full", "x", { qos, packetId, retain: true });
    const refusal = await client.expect(qos === 1 ? "puback" : "pubrec");
    assert.equal(refusal.reasonCode, 0x97);
    answers.push(refusal.properties);
  }
  return answers;
}

Deno.test("properties: Request Problem Information 0 keeps explanations out of acknowledgements [MQTT-3.1.2-29]", async () => {
  await using broker = await TestBroker.start({
    limits: { retainedMessages: 0 },
  });
  const client = await broker.connect({
    properties: { requestProblemInformation: 0 },
  });
  const answers = await provoke(client);
  assert.ok(!answers.some(explains), JSON.stringify(answers));
  // User properties of messages are no explanation: they are always passed on.
  await client.publish("a", "x", { properties: EVERYTHING });
  assert.deepEqual(
    (await client.message()).properties.userProperties,
    EVERYTHING.userProperties,
  );
});

Deno.test("properties: without it, each refusal is explained [MQTT-3.1.2-29]", async () => {
  await using broker = await TestBroker.start({
    limits: { retainedMessages: 0, subscriptionsPerClient: 2 },
  });
  const notFound = "No message is under way with this packet identifier";
  const full = "Cannot retain the message: too many retained messages";
  for (const properties of [{}, { requestProblemInformation: 1 }]) {
    const client = await broker.connect({ properties });
    const answers = await provoke(client);
    assert.deepEqual(
      answers.map(({ reasonString }) => reasonString),
      [
        notFound,
        notFound,
        "Cannot subscribe to filter 1 of 2: it is not valid, or has too many levels or bytes",
        undefined,
        full,
        full,
      ],
    );
    const some = await client.subscribe(
      ["a", "b", "c", "d"].map((filter) => ({ filter })),
    );
    assert.deepEqual(some.reasonCodes, [0, 0, 0x97, 0x97]);
    assert.equal(
      some.properties.reasonString,
      "Cannot subscribe to filter 3 of 4: the client has too many subscriptions",
    );
    // What succeeds, and what is to be known before 5.0, is not explained.
    const fine = await client.subscribe("a");
    assert.deepEqual({ ...fine.properties }, {});
    const older = await broker.connect({ version: 4 });
    assert.equal(await older.publish("full", "x", { qos: 1, retain: true }), 0);
    const refused = await older.subscribe([{ filter: "a/#/b" }]);
    assert.deepEqual(refused.reasonCodes, [0x80]);
  }
});

Deno.test("properties: explanations keep to the client's Maximum Packet Size [MQTT-3.4.2-2, MQTT-3.5.2-2, MQTT-3.6.2-2, MQTT-3.7.2-2, MQTT-3.9.2-1, MQTT-3.11.2-1, MQTT-3.14.2-3]", async () => {
  await using broker = await TestBroker.start({
    limits: { retainedMessages: 0 },
  });
  for (const requestProblemInformation of [0, 1]) {
    const client = await broker.connect({
      properties: { maximumPacketSize: 24, requestProblemInformation },
    });
    const answers = await provoke(client);
    assert.ok(!answers.some(explains), JSON.stringify(answers));
    await client.sendRaw(Uint8Array.of(0x00, 0x00));
    const disconnect = await client.expect("disconnect");
    assert.ok((disconnect.properties.reasonString ?? "").length < 20);
    await client.expectClosed();
  }
});

Deno.test("properties: the server's DISCONNECT says why, without a session expiry interval [MQTT-3.14.2-2, MQTT-3.14.2-1]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect({
    properties: { sessionExpiryInterval: 10 },
  });
  await client.sendRaw(Uint8Array.of(0x00, 0x00));
  const { reasonCode, properties } = await client.expect("disconnect");
  assert.equal(reasonCode, 0x81);
  assert.equal(properties.sessionExpiryInterval, undefined);
  await client.expectClosed();
});
