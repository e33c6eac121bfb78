import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { utf8 } from "../../support/bytes.ts";
import type { Client } from "../../support/clients/client.ts";
import { EVERYTHING, type Properties } from "../../support/properties.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { unsubscribe } from "../../support/clients/write_packets.ts";

Deno.test("properties: those of a message are passed on unaltered and in order [MQTT-3.3.2-4, MQTT-3.3.2-15, MQTT-3.3.2-16, MQTT-3.3.2-17, MQTT-3.3.2-18, MQTT-3.3.2-20, MQTT-1.5.4-3]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const older = await broker.connect({ version: 4 });
  const away = {
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const absent = await broker.connect(away);
  await absent.subscribe("a", { qos: 1 });
  await absent.disconnect();
  await client.subscribe("a", { qos: 2 });
  await older.subscribe("a", { qos: 2 });
  for (const qos of [0, 1, 2]) {
    await client.publish("a", "x", { qos, properties: EVERYTHING });
    const message = await client.message();
    assert.deepEqual({ ...message.properties }, EVERYTHING);
    assert.equal(payloadText(await older.message()), "x");
  }
  const back = await broker.connect(away);
  for (const message of await back.messages(2)) {
    assert.deepEqual({ ...message.properties }, EVERYTHING);
  }
});

Deno.test("properties: each alone is passed on, and none is added [MQTT-3.3.2-4, MQTT-3.3.2-15, MQTT-3.3.2-16, MQTT-3.3.2-17, MQTT-3.3.2-20]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.subscribe("a");
  const alone: Properties[] = [
    {},
    { payloadFormatIndicator: 0 },
    { payloadFormatIndicator: 1 },
    { contentType: "" },
    { responseTopic: "r" },
    { correlationData: new Uint8Array() },
    { userProperties: [["", ""]] },
    {
      userProperties: Array.from(
        { length: 100 },
        (_, n) => [`${n % 3}`, `${n}`] as const,
      ),
    },
    { contentType: "x".repeat(65_535) },
    { correlationData: new Uint8Array(65_535).fill(7) },
  ];
  for (const properties of alone) {
    await client.sendPublish("a", "x", { properties });
    assert.deepEqual({ ...(await client.message()).properties }, properties);
  }
});

Deno.test("properties: a payload said to be UTF-8 that is none is passed on or refused, but nothing breaks", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.subscribe("a");
  const payload = Uint8Array.of(0xFF, 0xFE);
  const code = await client.publish("a", payload, {
    qos: 1,
    properties: { payloadFormatIndicator: 1 },
  });
  if (code === 0x99) await client.expectNothing();
  else assert.deepEqual((await client.message()).payload, payload);
});

Deno.test("properties: the expiry interval sent on is lessened by the time the message waited, and it expires [MQTT-3.3.2-5, MQTT-3.3.2-6]", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const publisher = await broker.connect();
  const options = {
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 10_000 },
  };
  const online = await broker.connect();
  await online.subscribe("a", { qos: 1 });
  const client = await broker.connect(options);
  await client.subscribe("a", { qos: 1 });
  await client.disconnect();
  const publish = async (text: string, messageExpiryInterval: number) => {
    await publisher.publish("a", text, {
      qos: 1,
      properties: { messageExpiryInterval },
    });
    const message = await online.message();
    assert.equal(
      message.properties.messageExpiryInterval,
      messageExpiryInterval,
    );
  };
  await publish("100", 100);
  await publish("30", 30);
  await publish("4294967295", 0xFFFF_FFFF);
  broker.advance(40_000);
  await publish("100", 100);
  await publish("5", 5);
  broker.advance(10_000);
  const back = await broker.connect(options);
  const received = (await back.messages(3)).map((message) => [
    payloadText(message),
    message.properties.messageExpiryInterval,
  ]);
  assert.deepEqual(received, [
    ["100", 50],
    ["4294967295", 0xFFFF_FFFF - 50],
    ["100", 90],
  ]);
  await back.expectNothing();
  assert.equal(broker.counters.dropped.expired, 2);
});

Deno.test("properties: a message expires in a connected client's queue too, one once sent does not [MQTT-3.3.2-5, MQTT-4.3.3-7]", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const publisher = await broker.connect();
  const options = {
    clientId: "window",
    clean: false,
    properties: { sessionExpiryInterval: 10_000, receiveMaximum: 1 },
  };
  const client = await broker.connect(options);
  await client.subscribe("a", { qos: 2 });
  for (
    const [text, messageExpiryInterval] of [["sent", 10], ["waits", 10], [
      "stays",
      100,
    ]] as const
  ) {
    await publisher.publish("a", text, {
      qos: 2,
      properties: { messageExpiryInterval },
    });
  }
  const sent = await client.expect("publish");
  assert.equal(payloadText(sent), "sent");
  broker.advance(20_000);
  await client.close();
  const back = await broker.connect(options);
  const again = await back.message();
  assert.equal(payloadText(again), "sent");
  assert.equal(again.packetId, sent.packetId);
  assert.equal(payloadText(await back.message()), "stays");
  await back.expectNothing();
});

Deno.test("properties: QoS 2 is completed for a message that expired meanwhile [MQTT-4.3.3-13]", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const client = await broker.connect();
  const packetId = await client.sendPublish("a", "x", {
    qos: 2,
    properties: { messageExpiryInterval: 1 },
  });
  await client.expect("pubrec");
  broker.advance(10_000);
  await client.sendPublish("a", "x", {
    qos: 2,
    packetId,
    dup: true,
    properties: { messageExpiryInterval: 1 },
  });
  assert.equal((await client.expect("pubrec")).packetId, packetId);
  await client.sendAcknowledgement("pubrel", packetId);
  const pubcomp = await client.expect("pubcomp");
  assert.deepEqual([pubcomp.packetId, pubcomp.reasonCode], [packetId, 0]);
});

Deno.test("properties: an expiry interval of 0 lets a message go to all who can be sent it at once [MQTT-3.3.2-5]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const properties = { messageExpiryInterval: 0 };
  const subscribers: Client[] = [
    await broker.connect(),
    await broker.connect({ version: 4 }),
    await broker.connect({ properties: { topicAliasMaximum: 5 } }),
  ];
  for (const client of subscribers) await client.subscribe("a", { qos: 2 });
  const identified = await broker.connect();
  await identified.subscribe("a", {
    qos: 2,
    properties: { subscriptionIdentifiers: [7] },
  });
  const member = await broker.connect();
  await member.subscribe("$share/g/a", {
    qos: 2,
    properties: { subscriptionIdentifiers: [8] },
  });
  for (const qos of [0, 1, 2]) {
    await publisher.publish("a", "x", { qos, properties });
    for (const client of [...subscribers, identified, member]) {
      const message = await client.message();
      assert.equal(message.qos, qos);
      const interval = client.version === 5 ? 0 : undefined;
      assert.equal(message.properties.messageExpiryInterval, interval);
    }
  }
  assert.equal(broker.counters.dropped.expired, 0);
});

Deno.test("properties: an expiry interval of 0 keeps nothing waiting [MQTT-3.3.2-5]", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const options = {
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const publisher = await broker.connect();
  const away = await broker.connect(options);
  await away.subscribe("a", { qos: 1 });
  await away.disconnect();
  const busy = await broker.connect({ properties: { receiveMaximum: 1 } });
  await busy.subscribe("a", { qos: 1 });
  for (const payload of ["1", "2"]) {
    await publisher.publish("a", payload, {
      qos: 1,
      properties: { messageExpiryInterval: 0 },
    });
  }
  broker.advance(1);
  const back = await broker.connect(options);
  await back.expectNothing();
  assert.equal(payloadText(await busy.message()), "1");
  await busy.expectNothing();
  assert.equal(broker.counters.dropped.expired, 3);
});

Deno.test("properties: values that PUBLISH must not have end the connection [MQTT-3.3.2-14, MQTT-3.3.2-8]", async () => {
  await using broker = await TestBroker.start();
  const wrong: (Properties | Uint8Array)[] = [
    { payloadFormatIndicator: 2 },
    { responseTopic: "a/+" },
    { responseTopic: "#" },
    { sessionExpiryInterval: 1 },
    { reasonString: "no" },
    Uint8Array.of(0x01, 0, 0x01, 0),
    Uint8Array.of(0x02, 0, 0, 0, 1, 0x02, 0, 0, 0, 1),
    Uint8Array.of(0x7E, 1),
    Uint8Array.of(0x26, 0, 1, 0x6B, 0, 1, 0xFF),
  ];
  for (const properties of wrong) {
    const client = await broker.connect();
    await client.sendPublish("a", "x", { properties });
    await client.expectClosed(0x81, 0x82, 0x90);
  }
});

Deno.test("properties: Response Information goes to none that did not ask for it [MQTT-3.1.2-28]", async () => {
  await using broker = await TestBroker.start();
  for (const properties of [{}, { requestResponseInformation: 0 }]) {
    const client = await broker.connect({ properties });
    assert.equal(client.connack.properties.responseInformation, undefined);
  }
  await broker.connect({ properties: { requestResponseInformation: 1 } });
});

Deno.test("properties: user properties are taken in every packet of a client", async () => {
  await using broker = await TestBroker.start();
  const userProperties: [string, string][] = [["a", "1"], ["a", "2"]];
  const reasonString = "because";
  const client = await broker.connect({
    properties: { userProperties },
    will: { topic: "w", properties: { userProperties } },
  });
  await client.subscribe("a", { qos: 2, properties: { userProperties } });
  await client.publish("a", "x", { qos: 1, properties: { userProperties } });
  const one = await client.expect("publish");
  await client.sendAcknowledgement("puback", one.packetId, 0, {
    userProperties,
    reasonString,
  });
  await client.publish("a", "x", { qos: 2 });
  const two = await client.expect("publish");
  await client.sendAcknowledgement("pubrec", two.packetId, 0, {
    userProperties,
    reasonString,
  });
  await client.take("pubrel");
  await client.sendAcknowledgement("pubcomp", two.packetId, 0, {
    userProperties,
    reasonString,
  });
  await client.sendPublish("a", utf8("x"), { qos: 2, packetId: 77 });
  await client.take("pubrec", 77);
  await client.acknowledge(await client.take("publish"));
  await client.sendAcknowledgement("pubrel", 77, 0, {
    userProperties,
    reasonString,
  });
  await client.expect("pubcomp");
  await client.sendRaw(unsubscribe(5, 9, ["a"], { userProperties }));
  await client.expect("unsuback");
  await client.disconnect(0x04, { userProperties, reasonString });
});
