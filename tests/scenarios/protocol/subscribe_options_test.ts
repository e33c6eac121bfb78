import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

Deno.test("subscribe 5.0: one copy carries the identifiers of all matching subscriptions [MQTT-3.3.4-2, MQTT-3.3.4-3, MQTT-3.3.4-4]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const id = (...subscriptionIdentifiers: number[]) => ({
    properties: { subscriptionIdentifiers },
  });
  await client.subscribe("a/#", { qos: 1, ...id(1) });
  await client.subscribe("a/+", { qos: 2, ...id(268_435_455) });
  await client.subscribe("a/b", { qos: 0 });
  await client.subscribe([{ filter: "+/b" }, { filter: "c" }], id(128));
  await client.publish("a/b", "x", { qos: 2 });
  const all = await client.message();
  assert.equal(all.qos, 2);
  assert.deepEqual(
    all.properties.subscriptionIdentifiers?.toSorted((a, b) => a - b),
    [1, 128, 268_435_455],
  );
  await client.publish("c", "x");
  assert.deepEqual(
    (await client.message()).properties.subscriptionIdentifiers,
    [128],
  );
  await client.expectNothing();
});

Deno.test("subscribe 5.0: replacing a subscription replaces its identifier too [MQTT-3.8.4-3]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  for (const identifier of [5, 6, undefined, 7]) {
    await client.subscribe(
      "a",
      identifier === undefined
        ? {}
        : { properties: { subscriptionIdentifiers: [identifier] } },
    );
    await client.publish("a");
    assert.deepEqual(
      (await client.message()).properties.subscriptionIdentifiers,
      identifier === undefined ? undefined : [identifier],
    );
  }
  await client.expectNothing();
});

Deno.test("subscribe 5.0: No Local keeps a client's own messages from it, and no others [MQTT-3.8.3-3]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const other = await broker.connect();
  await client.subscribe("a", { noLocal: true, qos: 1 });
  await other.subscribe("a", { noLocal: true, qos: 1 });
  await client.publish("a", "from client", { qos: 1 });
  assert.equal(payloadText(await other.message()), "from client");
  await other.publish("a", "from other", { qos: 1 });
  assert.equal(payloadText(await client.message()), "from other");
  await client.expectNothing();
  await other.expectNothing();
  // With a second subscription that does not ask for it, the message comes for that one.
  await client.subscribe("+", { qos: 0 });
  await client.publish("a", "own", { qos: 1 });
  const own = await client.message();
  assert.equal(own.qos, 0);
  await client.expectNothing();
});

Deno.test("subscribe 5.0: No Local also holds for a later connection of the client [MQTT-3.8.3-3]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "local",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const client = await broker.connect(options);
  await client.subscribe("a", { noLocal: true, qos: 1 });
  await client.disconnect();
  const back = await broker.connect(options);
  await back.publish("a", "x", { qos: 1 });
  await back.expectNothing();
});

Deno.test("subscribe 5.0: No Local keeps a client's own retained messages from it, and no others [MQTT-3.8.3-3]", async () => {
  await using broker = await TestBroker.start();
  const options = { clientId: "local" };
  const client = await broker.connect(options);
  const other = await broker.connect();
  for (let n = 0; n < 600; n++) {
    await client.sendPublish(`own/${n}`, "x", { retain: true });
  }
  await client.settle();
  await other.publish("own/of other", "x", { qos: 1, retain: true });
  for (const qos of [0, 1]) {
    await client.subscribe("own/#", { noLocal: true, qos });
    assert.equal((await client.message()).topic, "own/of other");
    await client.expectNothing();
  }
  await client.disconnect();
  const back = await broker.connect(options);
  await back.subscribe("own/#", { noLocal: true });
  assert.equal((await back.message()).topic, "own/of other");
  await back.expectNothing();
  await back.subscribe("own/#");
  await back.messages(601);
});

Deno.test("subscribe 5.0: Retain As Published keeps the flag, without it the flag is cleared [MQTT-3.3.1-12, MQTT-3.3.1-13]", async () => {
  await using broker = await TestBroker.start();
  const keeps = await broker.connect();
  const clears = await broker.connect();
  await keeps.subscribe("a", { retainAsPublished: true });
  await clears.subscribe("a");
  for (const retain of [true, false]) {
    await keeps.publish("a", "x", { retain });
    assert.equal((await keeps.message()).retain, retain);
    assert.equal((await clears.message()).retain, false);
  }
});

Deno.test("subscribe 3.1.1: retain is cleared for established subscriptions [MQTT3-3.3.1-9]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect({ version: 4 });
  await client.subscribe("a");
  await client.publish("a", "x", { retain: true });
  assert.equal((await client.message()).retain, false);
});

Deno.test("subscribe 5.0: Retain Handling says when retained messages are sent [MQTT-3.3.1-9, MQTT-3.3.1-10, MQTT-3.3.1-11, MQTT-3.8.4-4]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  await client.publish("a", "x", { retain: true, qos: 1 });
  const sent = async (filter: string, retainHandling: number) => {
    await client.subscribe(filter, { retainHandling });
    await client.sendRaw(Uint8Array.of(0xC0, 0));
    let count = 0;
    for (;;) {
      const packet = await client.receive();
      if (packet.type === "pingresp") return count;
      assert.ok(packet.type === "publish" && packet.retain);
      count++;
    }
  };
  assert.equal(await sent("a", 2), 0, "2, new");
  assert.equal(await sent("a", 1), 0, "1, existed");
  assert.equal(await sent("a", 0), 1, "0, existed");
  assert.equal(await sent("+", 1), 1, "1, new");
  assert.equal(await sent("+", 2), 0, "2, existed");
  assert.equal(await sent("#", 0), 1, "0, new");
  await client.unsubscribe("+");
  assert.equal(await sent("+", 1), 1, "1, new again");
});
