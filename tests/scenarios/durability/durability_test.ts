import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { join } from "../../support/bytes.ts";
import type { Client } from "../../support/clients/client.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import { LateStore } from "../../support/stores/late_store.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  publish,
  subscribe,
  unsubscribe,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const PERSISTENT = {
  clientId: "persistent",
  clean: false,
  properties: { sessionExpiryInterval: 1000 },
};

/** Connects a client whose CONNACK waits for a commit, which it is given. */
async function connectPersistent(
  broker: TestBroker,
  store: LateStore,
): Promise<Client> {
  const client = await broker.open();
  await client.sendConnect(PERSISTENT);
  await until("CONNACK waits", () => store.requested);
  store.commit();
  client.connack = await client.expect("connack");
  assert.equal(client.connack.reasonCode, 0);
  return client;
}

/** Requires that a client is told nothing while others are served. */
async function expectSilence(
  broker: TestBroker,
  ...clients: Client[]
): Promise<void> {
  const other = await broker.connect();
  for (let n = 0; n < 3; n++) await other.settle();
  await other.disconnect();
  for (const client of clients) assert.equal(client.waiting, 0, "was told");
}

/** Does something whose answer must wait for a commit, and returns that answer. */
async function expectAfterCommit<T>(
  { broker, store, silent }: {
    broker: TestBroker;
    store: LateStore;
    silent: Client[];
  },
  ask: () => Promise<unknown>,
  answer: () => Promise<T>,
): Promise<T> {
  await ask();
  await until("a commit is asked for", () => store.requested);
  await expectSilence(broker, ...silent);
  store.commit();
  return await answer();
}

Deno.test("durability: CONNACK, SUBACK and UNSUBACK of a persistent session wait for their commit", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const client = await broker.open();
  await client.sendConnect(PERSISTENT);
  await until("a commit is asked for", () => store.requested);
  assert.equal(client.waiting, 0);
  store.commit();
  assert.equal((await client.expect("connack")).sessionPresent, false);
  const suback = await expectAfterCommit(
    { broker, store, silent: [client] },
    () => client.sendRaw(subscribe(5, 1, [{ filter: "a", qos: 2 }])),
    () => client.expect("suback"),
  );
  assert.deepEqual(suback.reasonCodes, [2]);
  const unsuback = await expectAfterCommit(
    { broker, store, silent: [client] },
    () => client.sendRaw(unsubscribe(5, 2, ["a"])),
    () => client.expect("unsuback"),
  );
  assert.deepEqual(unsuback.reasonCodes, [0]);
  await client.disconnect();
  // Resumed, and then wiped.
  for (const clean of [false, true]) {
    const again = await broker.open();
    await again.sendConnect({ ...PERSISTENT, clean });
    await until("a commit is asked for", () => store.requested);
    store.commit();
    assert.equal((await again.expect("connack")).sessionPresent, !clean);
    await again.disconnect();
  }
});

for (const qos of [1, 2]) {
  Deno.test(`durability: a QoS ${qos} message for a persistent session is acknowledged after its commit`, async () => {
    const store = new LateStore();
    await using broker = await TestBroker.start({ store });
    const persistent = await connectPersistent(broker, store);
    await persistent.sendRaw(subscribe(5, 1, [{ filter: "a", qos: 1 }]));
    await until("SUBACK waits", () => store.requested);
    store.commit();
    await persistent.expect("suback");
    await persistent.disconnect();
    store.commit();
    const publisher = await broker.connect();
    const acknowledged = await expectAfterCommit(
      { broker, store, silent: [publisher] },
      () => publisher.sendPublish("a", "x", { qos }),
      () => publisher.expect(qos === 1 ? "puback" : "pubrec"),
    );
    assert.equal(acknowledged.reasonCode, 0);
    const back = await broker.open();
    await back.sendConnect(PERSISTENT);
    await until("CONNACK waits", () => store.requested);
    store.commit();
    assert.equal((await back.expect("connack")).sessionPresent, true);
    assert.equal(payloadText(await back.expect("publish")), "x");
  });

  Deno.test(`durability: a retained QoS ${qos} message is acknowledged after its commit, also its removal`, async () => {
    const store = new LateStore();
    await using broker = await TestBroker.start({ store });
    const publisher = await broker.connect();
    for (const payload of ["x", "y", ""]) {
      await expectAfterCommit(
        { broker, store, silent: [publisher] },
        () => publisher.sendPublish("a", payload, { qos, retain: true }),
        () => publisher.expect(qos === 1 ? "puback" : "pubrec"),
      );
    }
  });
}

Deno.test("durability: what nobody needs to keep is acknowledged at once", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const client = await broker.connect();
  await client.subscribe("a", { qos: 2 });
  for (const qos of [0, 1, 2]) {
    await client.publish("a", String(qos), { qos });
    assert.equal(payloadText(await client.message()), String(qos));
  }
  await client.unsubscribe("a");
  await client.expectNothing();
});

Deno.test("durability: an acknowledgement that needs no disk waits for those before it [MQTT-4.6.0-2]", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const publisher = await broker.connect();
  await publisher.sendRaw(join(
    publish(5, "kept", "x", { qos: 1, packetId: 1, retain: true }),
    publish(5, "not kept", "x", { qos: 1, packetId: 2 }),
    publish(5, "not kept", "x", { qos: 1, packetId: 3 }),
  ));
  await until("a commit is asked for", () => store.requested);
  await expectSilence(broker, publisher);
  store.commit();
  for (const packetId of [1, 2, 3]) {
    assert.equal((await publisher.expect("puback")).packetId, packetId);
  }
});

Deno.test("durability: QoS 2 from a persistent session reaches nobody before its identifier is committed", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const watcher = await broker.connect();
  await watcher.subscribe("a", { qos: 2 });
  const client = await connectPersistent(broker, store);
  await expectAfterCommit(
    { broker, store, silent: [client, watcher] },
    () => client.sendPublish("a", "x", { qos: 2, packetId: 5 }),
    () => client.expect("pubrec"),
  );
  assert.equal(payloadText(await watcher.message()), "x");
  const pubcomp = await expectAfterCommit(
    { broker, store, silent: [client, watcher] },
    () => client.sendAcknowledgement("pubrel", 5),
    () => client.expect("pubcomp"),
  );
  assert.equal(pubcomp.packetId, 5);
});

Deno.test("durability: PUBLISH leaves for a persistent session after its identifier's commit, PUBREL after PUBREC's", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const client = await connectPersistent(broker, store);
  await expectAfterCommit(
    { broker, store, silent: [client] },
    () => client.sendRaw(subscribe(5, 1, [{ filter: "a", qos: 2 }])),
    () => client.expect("suback"),
  );
  const publisher = await broker.connect();
  const message = await expectAfterCommit(
    { broker, store, silent: [client, publisher] },
    () => publisher.sendPublish("a", "x", { qos: 2 }),
    () => client.expect("publish"),
  );
  const pubrel = await expectAfterCommit(
    { broker, store, silent: [client] },
    () => client.sendAcknowledgement("pubrec", message.packetId),
    () => client.expect("pubrel"),
  );
  assert.equal(pubrel.packetId, message.packetId);
});

Deno.test("durability: without commits nothing is acknowledged, and everybody is served", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const publisher = await broker.connect();
  const other = await broker.connect();
  await other.subscribe("#", { qos: 0 });
  for (let n = 0; n < 100; n++) {
    await publisher.sendPublish("a", String(n), { qos: 1, retain: true });
    assert.equal(payloadText(await other.message()), String(n));
  }
  await expectSilence(broker, publisher);
  store.commit();
  for (let n = 0; n < 100; n++) await publisher.expect("puback");
  await publisher.expectNothing();
});

Deno.test("durability: without commits CONNECT times out, in words that the client's version has", async () => {
  const store = new MemoryStore("never");
  await using broker = await TestBroker.start({
    store,
    limits: { connectTimeout: 100 },
  });
  const watcher = await broker.connect();
  await watcher.subscribe("will");
  for (const version of VERSIONS) {
    const client = await broker.open(version);
    await client.sendConnect({
      ...PERSISTENT,
      will: { topic: "will" },
      properties: version === 5 ? PERSISTENT.properties : {},
    });
    await client.expectRefused(version === 5 ? 0x88 : 3);
  }
  assert.equal(broker.counters.refused.unavailable, 3);
  // One that goes away by itself.
  const client = await broker.open();
  await client.sendConnect(PERSISTENT);
  await until("it waits", () => store.awaited);
  await client.close();
  await until("it is gone", () => broker.counters.connectionsNow === 1);
  await watcher.expectNothing();
});

Deno.test("durability: a thousand messages take few commits", async () => {
  const store = new LateStore({ commitTime: 5 });
  await using broker = await TestBroker.start({ store });
  const publisher = await broker.connect();
  const packets = Array.from(
    { length: 1000 },
    (_, n) => publish(5, "a", "x", { qos: 1, packetId: n + 1, retain: true }),
  );
  await publisher.sendRaw(join(...packets));
  for (let n = 1; n <= 1000; n++) {
    assert.equal((await publisher.expect("puback")).packetId, n);
  }
  assert.ok(store.committed < 100, `${store.committed} commits`);
});

Deno.test("durability: a will is kept before CONNACK", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const client = await broker.open();
  await client.sendConnect({ ...PERSISTENT, will: { topic: "w", qos: 1 } });
  await until("a commit is asked for", () => store.requested);
  assert.ok(store.writes.includes("saveWill"), store.writes.join());
  store.commit();
  await client.expect("connack");
});

Deno.test("durability: a take-over leaves the acknowledgements of the former connection behind", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const client = await connectPersistent(broker, store);
  for (let n = 1; n <= 5; n++) {
    await client.sendPublish("kept", "x", {
      qos: 1,
      packetId: n,
      retain: true,
    });
  }
  await until("a commit is asked for", () => store.requested);
  await expectSilence(broker, client);
  const next = await broker.open();
  await next.sendConnect(PERSISTENT);
  await client.expectClosed(0x8E);
  store.commit();
  assert.equal((await next.expect("connack")).sessionPresent, true);
  await next.expectNothing();
});

Deno.test("durability: when the store fails, nothing more is acknowledged and the broker ends with status 70", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const publisher = await broker.connect();
  await publisher.sendPublish("a", "x", { qos: 1, retain: true });
  await until("a commit is asked for", () => store.requested);
  store.fail();
  assert.equal(await broker.finished, 70);
  assert.equal(publisher.waiting, 0);
});

Deno.test("durability: a disk holds up nobody's PINGRESP, QoS 0 messages or ephemeral session", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const client = await broker.connect();
  await client.subscribe("a");
  await client.sendPublish("kept", "x", { qos: 1, retain: true });
  await until("a commit is asked for", () => store.requested);
  await client.ping();
  const persistent = await broker.open();
  await persistent.sendConnect(PERSISTENT);
  const other = await broker.connect();
  await other.publish("a", "x");
  assert.equal(payloadText(await client.message()), "x");
  store.commit();
  await client.expect("puback");
  await persistent.expect("connack");
});

Deno.test("durability: CONNACK of a clean start waits until the session before is wiped", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const client = await connectPersistent(broker, store);
  await client.disconnect();
  store.commit();
  const clean = await broker.open();
  await clean.sendConnect({ clientId: PERSISTENT.clientId });
  await until("a commit is asked for", () => store.requested);
  assert.ok(store.writes.includes("removeSession"), store.writes.join());
  assert.equal(clean.waiting, 0);
  store.commit();
  assert.equal((await clean.expect("connack")).sessionPresent, false);
});
