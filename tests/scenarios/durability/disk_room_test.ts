import assert from "node:assert/strict";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import { TestBroker, until } from "../../support/programs/broker.ts";
import type { Client } from "../../support/clients/client.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { subscribe } from "../../support/clients/write_packets.ts";

const QUOTA_EXCEEDED = 0x97;
const KEPT = { clean: false, properties: { sessionExpiryInterval: 1000 } };

/** A broker with a store, and a client that is away and wants all below `kept/`. */
async function setUp() {
  const store = new MemoryStore();
  const broker = await TestBroker.start({ store });
  const away = await broker.connect({ ...KEPT, clientId: "away" });
  await away.subscribe("kept/#", { qos: 2 });
  await away.disconnect();
  return {
    store,
    broker,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

async function expectPayloads(client: Client, ...expected: string[]) {
  for (const payload of expected) {
    const message = await client.message();
    assert.equal(payloadText(message), payload);
    if (message.qos > 0) await client.acknowledge(message);
  }
}

Deno.test("disk room: without it, what must be kept is refused and goes to nobody", async () => {
  await using setting = await setUp();
  const { broker, store } = setting;
  const watcher = await broker.connect();
  await watcher.subscribe("#", { qos: 2 });
  const member = await broker.connect({ ...KEPT, clientId: "member" });
  await member.subscribe("$share/g/shared", { qos: 1 });
  const publisher = await broker.connect();
  const persistent = await broker.connect({ ...KEPT, clientId: "publisher" });
  store.tellRoom("short");
  for (const qos of [1, 2] as const) {
    assert.equal(await publisher.publish("kept/a", "no", { qos }), 0x97);
    assert.equal(await publisher.publish("shared", "no", { qos }), 0x97);
    const retain = { qos, retain: true };
    assert.equal(await publisher.publish("retained", "no", retain), 0x97);
  }
  // Its packet identifier would have to be kept.
  assert.equal(await persistent.publish("live", "no", { qos: 2 }), 0x97);
  await watcher.expectNothing();
  assert.equal(broker.counters.diskRefusals, 7);
  assert.equal(broker.counters.diskPauses, 1);

  // What needs no disk passes.
  await persistent.publish("live", "1", { qos: 1 });
  await publisher.publish("live", "2", { qos: 2 });
  await publisher.publish("kept/a", "3", { qos: 0 });
  await publisher.publish("retained", "4", { retain: true });
  // And so does what makes room.
  assert.ok(
    await publisher.publish("none", "", { qos: 1, retain: true }) < 0x80,
  );
  await expectPayloads(watcher, "1", "2", "3", "4", "");
  assert.equal(broker.counters.dropped.disk, 1, "it is not retained");
  await watcher.unsubscribe("#");
  await watcher.subscribe("retained");
  await watcher.expectNothing();

  store.tellRoom("ample");
  assert.equal(await publisher.publish("kept/a", "yes", { qos: 1 }), 0);
  const away = await broker.connect({ ...KEPT, clientId: "away" });
  assert.equal(payloadText(await away.message()), "yes");
});

Deno.test("disk room: a refusal for lack of it says so", async () => {
  await using setting = await setUp();
  const { broker, store } = setting;
  const client = await broker.connect({ ...KEPT, clientId: "client" });
  store.tellRoom("short");
  for (const qos of [1, 2]) {
    const id = await client.sendPublish("kept/a", "no", { qos });
    const { properties } = await client.take(
      qos === 1 ? "puback" : "pubrec",
      id,
    );
    assert.equal(
      properties.reasonString,
      "Cannot keep the message: there is no room on the disk",
    );
  }
  const suback = await client.subscribe("b");
  assert.deepEqual(suback.reasonCodes, [QUOTA_EXCEEDED]);
  assert.equal(
    suback.properties.reasonString,
    "Cannot subscribe to filter 1 of 1: there is no room on the disk",
  );
});

Deno.test("disk room: without it, a publisher that cannot be refused anything waits, and all else passes", async () => {
  await using setting = await setUp();
  const { broker, store } = setting;
  const watcher = await broker.connect();
  await watcher.subscribe("#", { qos: 1 });
  const publisher = await broker.connect({ version: 4 });
  await publisher.subscribe("own", { qos: 1 });
  store.tellRoom("short");
  await publisher.sendPublish("live", "1", { qos: 1 });
  await publisher.expect("puback");
  const first = await publisher.sendPublish("kept/a", "waits", { qos: 1 });
  // It must not overtake the one before.
  const second = await publisher.sendPublish("live", "behind it", { qos: 1 });
  await publisher.publish("kept/a", "2", { qos: 0 });
  await publisher.publish("own", "3", { qos: 0 });
  await expectPayloads(publisher, "3");
  await publisher.ping();
  await expectPayloads(watcher, "1", "2", "3");
  await watcher.publish("own", "4", { qos: 1 });
  await expectPayloads(publisher, "4");
  await expectPayloads(watcher, "4");
  await watcher.expectNothing();

  store.tellRoom("none");
  store.tellRoom("short");
  await watcher.expectNothing();
  store.tellRoom("ample");
  await publisher.take("puback", first);
  await publisher.take("puback", second);
  await expectPayloads(watcher, "waits", "behind it");
});

Deno.test("disk room: a publisher that waits is not silent, however long it takes", async () => {
  const store = new MemoryStore();
  await using broker = await TestBroker.start({ store, manualClock: true });
  const away = await broker.connect({ ...KEPT, clientId: "away" });
  await away.subscribe("kept", { qos: 1 });
  await away.disconnect();
  store.tellRoom("short");
  const publisher = await broker.connect({ version: 4, keepAlive: 10 });
  const id = await publisher.sendPublish("kept", "waits", { qos: 1 });
  await publisher.ping();
  for (let n = 0; n < 10; n++) {
    broker.advance(14_000);
    const other = await broker.connect();
    await other.disconnect();
  }
  store.tellRoom("ample");
  await publisher.take("puback", id);
  // Now it is listened to again.
  broker.advance(16_000);
  await publisher.expectClosed();
});

Deno.test("disk room: a publisher that leaves takes with it what was never acknowledged", async () => {
  await using setting = await setUp();
  const { broker, store } = setting;
  store.tellRoom("short");
  const publisher = await broker.connect({ version: 4 });
  await publisher.sendPublish("kept/a", "waits", { qos: 1 });
  await publisher.disconnect();
  store.tellRoom("ample");
  const other = await broker.connect();
  await other.publish("kept/a", "another", { qos: 1 });
  const away = await broker.connect({ ...KEPT, clientId: "away" });
  await expectPayloads(away, "another");
});

Deno.test("disk room: a client that waits with much is not read until there is room", async () => {
  await using setting = await setUp();
  const { broker, store } = setting;
  store.tellRoom("short");
  const publisher = await broker.connect({ version: 4 });
  const payload = "x".repeat(10_000);
  const ids: number[] = [];
  for (let n = 0; n < 50; n++) {
    ids.push(await publisher.sendPublish("kept/a", payload, { qos: 1 }));
  }
  assert.equal(publisher.waiting, 0);
  store.tellRoom("ample");
  for (const id of ids) await publisher.take("puback", id);
  await until("nothing is held", () => broker.counters.queuedNow === 50);
});

Deno.test("disk room: without it, only sessions that are there come in, and only subscriptions that are there", async () => {
  await using setting = await setUp();
  const { broker, store } = setting;
  const online = await broker.connect({ ...KEPT, clientId: "online" });
  await online.subscribe("known", { qos: 1 });
  const old = await broker.connect({ ...KEPT, clientId: "old", version: 4 });
  store.tellRoom("short");
  const { reasonCodes, properties } = await online.subscribe("unknown", {
    qos: 1,
  });
  assert.deepEqual(reasonCodes, [QUOTA_EXCEEDED]);
  assert.match(properties.reasonString!, /no room on the disk/);
  await old.sendRaw(subscribe(4, 9, [{ filter: "unknown", qos: 1 }]));
  assert.deepEqual((await old.expect("suback")).reasonCodes, [0x80]);
  const known = await online.subscribe("known", { qos: 0 });
  assert.deepEqual(known.reasonCodes, [0]);
  await online.unsubscribe("known");

  const refused = await broker.open(5);
  await refused.sendConnect({ ...KEPT, clientId: "new" });
  await refused.expectRefused(QUOTA_EXCEEDED);
  const refused4 = await broker.open(4);
  await refused4.sendConnect({ clean: false, clientId: "new" });
  await refused4.expectRefused(3);
  const willing = await broker.open(5);
  await willing.sendConnect({ clientId: "new", will: { topic: "w" } });
  await willing.expectRefused(QUOTA_EXCEEDED);
  assert.equal(broker.counters.refused.disk, 3);

  const plain = await broker.connect({ clientId: "new" });
  await plain.subscribe("anything", { qos: 1 });
  const again = await broker.connect({
    ...KEPT,
    clientId: "online",
    will: { topic: "w" },
  });
  assert.ok(again.connack.sessionPresent);
  store.tellRoom("ample");
  await broker.connect({ ...KEPT, clientId: "newer" });
});

Deno.test("disk room: log and alarm tell when it ends and when it is back, each once", async () => {
  await using setting = await setUp();
  const { broker, store } = setting;
  const operator = await broker.connect();
  await operator.subscribe("$SYS/broker/alarm/store");
  for (const room of ["short", "none", "short", "none", "short"] as const) {
    store.tellRoom(room);
  }
  store.tellRoom("ample");
  const lines = broker.log.filter((line) => line.includes(" disk"));
  assert.deepEqual(
    lines.map((line) =>
      /The disk is full|cannot be written|room on the disk/.exec(line)?.[0]
    ),
    [
      "The disk is full",
      "cannot be written",
      "room on the disk",
    ],
  );
  const alarms = (await operator.messages(3)).map(payloadText);
  assert.match(alarms[0]!, /^The disk is full/);
  assert.match(alarms[1]!, /^The disk cannot be written to/);
  assert.equal(alarms[2], "");
});
