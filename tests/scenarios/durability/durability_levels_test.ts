import assert from "node:assert/strict";
import { DurabilityRules } from "../../../src/router/topics/durability_rules.ts";
import type { Contents } from "../../../src/store/contents.ts";
import type { Durability } from "../../../src/store/durability.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { subscribe } from "../../support/clients/write_packets.ts";

const KEPT = { clean: false, properties: { sessionExpiryInterval: 1000 } };

/** Rules by which each level has a topic of its name, and all below. */
function rules(overall: Durability): DurabilityRules {
  return new DurabilityRules(overall, [
    { filter: "commit/#", durability: "commit" },
    { filter: "interval/#", durability: "interval" },
    { filter: "off/#", durability: "off" },
  ]);
}

/** What a store holds of a broker with a persistent session that wants all but is away. */
async function before(): Promise<Contents> {
  const store = new MemoryStore();
  {
    await using broker = await TestBroker.start({ store });
    const away = await broker.connect({ ...KEPT, clientId: "away" });
    await away.subscribe("#", { qos: 2 });
    await away.disconnect();
    await broker.connect({ ...KEPT, clientId: "publisher" });
  }
  return store.kept;
}

/** A broker whose store commits by hand; what is there is committed. */
async function start(overall: Durability, kept?: Contents) {
  const store = new MemoryStore("byHand", kept ?? await before());
  const broker = await TestBroker.start({ store, durability: rules(overall) });
  return {
    store,
    broker,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

Deno.test("durability: what is published to a topic of level commit is acknowledged once it is committed", async () => {
  for (const overall of ["interval", "off"] as const) {
    await using setting = await start(overall);
    const { broker, store } = setting;
    const publisher = await broker.connect();
    await publisher.sendPublish("commit/a", "1", { qos: 1 });
    await until("somebody waits", () => store.awaited);
    await publisher.ping();
    assert.equal(publisher.waiting, 0);
    store.commit();
    await publisher.expect("puback");
    assert.equal(store.kept.owed("away").length, 1);
  }
});

Deno.test("durability: what is published to a topic of level interval is kept, and nobody waits for that", async () => {
  for (const overall of ["commit", "interval"] as const) {
    await using setting = await start(overall);
    const { broker, store } = setting;
    const publisher = await broker.connect();
    await publisher.publish("interval/a", "1", { qos: 1 });
    await publisher.publish("interval/a", "2", { qos: 2, retain: true });
    assert.ok(!store.awaited);
    assert.equal(store.kept.owed("away").length, 0);
    store.commit();
    assert.equal(store.kept.owed("away").length, 2);
    assert.equal(store.kept.retained.size, 1);
  }
});

Deno.test("durability: what is published to a topic of level off lives in memory alone", async () => {
  await using setting = await start("commit");
  const { broker, store } = setting;
  const publisher = await broker.connect();
  const member = await broker.open();
  await member.sendConnect({ ...KEPT, clientId: "member" });
  await until("somebody waits", () => store.awaited);
  store.commit();
  await member.expect("connack");
  await member.sendRaw(subscribe(5, 1, [{ filter: "$share/g/off/a", qos: 2 }]));
  await until("somebody waits", () => store.awaited);
  store.commit();
  await member.expect("suback");
  await publisher.publish("off/a", "1", { qos: 1 });
  await publisher.publish("off/a", "2", { qos: 2, retain: true });
  for (const payload of ["1", "2"]) {
    const message = await member.message();
    assert.equal(payloadText(message), payload);
    await member.acknowledge(message);
  }
  await member.close();
  await publisher.publish("off/a", "3", { qos: 2 });
  store.commit();
  assert.equal(store.written.retained.size, 0);
  assert.equal(store.written.deliveries.size, 0);

  // As long as the broker runs, it is as good as any other.
  const away = await broker.open();
  await away.sendConnect({ ...KEPT, clientId: "away" });
  await until("somebody waits", () => store.awaited);
  store.commit();
  await away.expect("connack");
  for (const payload of ["1", "2", "3"]) {
    const message = await away.message();
    assert.equal(payloadText(message), payload);
    await away.acknowledge(message);
  }
  await publisher.subscribe("off/a");
  assert.equal(payloadText(await publisher.message()), "2");
  await publisher.publish("off/a", "", { qos: 1, retain: true });
  assert.ok(!store.awaited);
  assert.equal(store.written.deliveries.size, 0);
});

Deno.test("durability: a packet identifier of QoS 2 is kept as sessions are", async () => {
  {
    await using setting = await start("interval");
    const { broker, store } = setting;
    const publisher = await broker.connect({ ...KEPT, clientId: "publisher" });
    await publisher.publish("off/a", "1", { qos: 2 });
    await publisher.publish("interval/a", "1", { qos: 2 });
    assert.ok(!store.awaited);
  }
  await using setting = await start("commit");
  const { broker, store } = setting;
  const publisher = await broker.open();
  await publisher.sendConnect({ ...KEPT, clientId: "publisher" });
  await until("somebody waits", () => store.awaited);
  store.commit();
  await publisher.expect("connack");
  await publisher.sendPublish("off/a", "1", { qos: 2 });
  await until("somebody waits", () => store.awaited);
  assert.equal(publisher.waiting, 0);
  store.commit();
  await publisher.expect("pubrec");
});

Deno.test("durability: without commit overall, nobody waits for sessions, subscriptions and wills", async () => {
  for (const overall of ["interval", "off"] as const) {
    await using setting = await start(overall);
    const { broker, store } = setting;
    const client = await broker.connect({
      ...KEPT,
      clientId: "new",
      will: { topic: "w" },
    });
    await client.subscribe("mine", { qos: 2 });
    const away = await broker.connect({ ...KEPT, clientId: "away" });
    await client.publish("interval/a", "1", { qos: 2 });
    await away.acknowledge(await away.message());
    await away.unsubscribe("#");
    assert.ok(!store.awaited);
    store.commit();
    assert.deepEqual([...store.kept.subscriptions.get("new")!.keys()], [
      "mine",
    ]);
    assert.ok(store.kept.wills.has("new"));
    assert.equal(store.kept.subscriptions.get("away")?.size ?? 0, 0);
  }
});

Deno.test("durability: a topic that comes to be off leaves no retained message behind that a crash would bring back", async () => {
  const first = new MemoryStore();
  {
    await using broker = await TestBroker.start({ store: first });
    const publisher = await broker.connect();
    for (const topic of ["off/a", "commit/a", "interval/a"]) {
      await publisher.publish(topic, "old", { qos: 1, retain: true });
    }
  }
  await using setting = await start("commit", first.kept);
  const { broker, store } = setting;
  await until("its removal is asked for", () => store.awaited);
  store.commit();
  assert.deepEqual([...store.kept.retained.keys()], ["commit/a", "interval/a"]);
  const client = await broker.connect();
  await client.publish("off/a", "new", { retain: true });
  await client.subscribe("#");
  const messages = await client.messages(3);
  assert.deepEqual(messages.map(payloadText).toSorted(), ["new", "old", "old"]);
});

Deno.test("durability: what waits in memory and on the disk comes in the order in which it was published", async () => {
  const store = new MemoryStore("atOnce", await before());
  await using broker = await TestBroker.start({
    store,
    durability: rules("commit"),
    limits: { queuedInMemory: 1000 },
  });
  const publisher = await broker.connect();
  const expected: string[] = [];
  for (let n = 0; n < 60; n++) {
    const topic = ["commit/a", "off/a", "off/b", "interval/a"][n % 4]!;
    await publisher.publish(topic, `${n}`, { qos: 1 });
    expected.push(`${n}`);
  }
  const away = await broker.connect({
    ...KEPT,
    clientId: "away",
    properties: { ...KEPT.properties, receiveMaximum: 3 },
  });
  const payloads: string[] = [];
  for (let n = 0; n < 60; n++) {
    const message = await away.message();
    payloads.push(payloadText(message));
    await away.acknowledge(message);
  }
  assert.deepEqual(payloads, expected);
  await away.expectNothing();
  assert.equal(broker.counters.queuedNow, 0);
});
