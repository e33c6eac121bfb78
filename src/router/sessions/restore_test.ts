import assert from "node:assert/strict";
import { Contents } from "../../store/contents.ts";
import { MemoryStore } from "../../store/memory_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../../tests/support/router.ts";
import {
  acknowledgement,
  unsubscribe,
} from "../../../tests/support/clients/write_packets.ts";

/** The power is cut: a Router that starts with what the store of the former one kept. */
async function restart(router: TestRouter): Promise<TestRouter> {
  const kept = new Contents();
  (router.store as MemoryStore).kept.copyTo(kept);
  await router[Symbol.asyncDispose]();
  const again = new TestRouter({ store: new MemoryStore("atOnce", kept) });
  await again.settle();
  return again;
}

/** The client is back, and finds its session. */
async function back(
  router: TestRouter,
  clientId: string,
  options = {},
): Promise<Peer> {
  const peer = router.arrive({ ...PERSISTENT, clientId, ...options });
  await router.settle();
  assert.equal(peer.expect("connack").sessionPresent, true);
  return peer;
}

Deno.test("Restore puts subscriptions, queues and packet ids back [MQTT-4.1.0-1]", async () => {
  let router = new TestRouter();
  const peer = await router.connect({ ...PERSISTENT, clientId: "c" });
  const properties = { subscriptionIdentifiers: [7] };
  await peer.subscribe("a", { qos: 2, properties });
  const publisher = await router.connect({ ...PERSISTENT, clientId: "p" });
  for (const qos of [1, 2] as const) {
    await publisher.publish("a", `sent ${qos}`, { qos });
  }
  await router.settle();
  assert.deepEqual(peer.payloads(), ["sent 1", "sent 2"]);
  await peer.lose();
  await publisher.publish("a", "queued", { qos: 1 });
  router = await restart(router);
  assert.equal(router.counters.sessionsNow, 2);
  assert.equal(router.counters.subscriptionsNow, 1);
  assert.equal(router.counters.queuedNow, 1);
  const again = await back(router, "c");
  const messages = again.messages();
  assert.deepEqual(
    messages.map(({ dup, packetId, payload, properties }) => [
      dup,
      packetId,
      new TextDecoder().decode(payload),
      properties.subscriptionIdentifiers,
    ]),
    [
      [true, 1, "sent 1", [7]],
      [true, 2, "sent 2", [7]],
      [false, 3, "queued", [7]],
    ],
  );
  const other = await router.connect();
  await other.publish("a", "new", { qos: 1 });
  await router.settle();
  assert.equal(again.messages()[0]!.packetId, 4);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore goes on with QoS 2 where it was, in both directions [MQTT-4.3.3]", async () => {
  let router = new TestRouter();
  const observer = await router.connect({ ...PERSISTENT, clientId: "w" });
  await observer.subscribe("a", { qos: 2 });
  const publisher = await router.connect({ ...PERSISTENT, clientId: "p" });
  await publisher.publish("a", "once", { qos: 2, packetId: 9 });
  await router.settle();
  const [message] = observer.messages();
  await observer.acknowledge("pubrec", message!.packetId);
  await router.settle();
  observer.expect("pubrel");
  router = await restart(router);
  const again = await back(router, "w");
  assert.equal(again.expect("pubrel").packetId, message!.packetId);
  const resending = await back(router, "p");
  await resending.publish("a", "once", { qos: 2, packetId: 9, dup: true });
  await router.settle();
  resending.expect("pubrec");
  assert.deepEqual(again.take(), []);
  await again.send(acknowledgement(5, "pubcomp", message!.packetId));
  await resending.acknowledge("pubrel", 9);
  await router.settle();
  assert.equal(resending.expect("pubcomp").reasonCode, 0);
  const store = router.store as MemoryStore;
  assert.equal(store.kept.deliveries.size, 0);
  assert.equal(store.kept.received.get("p")!.size, 0);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore keeps what a shared group owes, and to whom it went", async () => {
  let router = new TestRouter();
  const member = await router.connect({ ...PERSISTENT, clientId: "m" });
  await member.subscribe("$share/g/a", { qos: 1 });
  const publisher = await router.connect();
  await publisher.publish("a", "sent", { qos: 1 });
  await router.settle();
  assert.deepEqual(member.payloads(), ["sent"]);
  await member.lose();
  await publisher.publish("a", "waits", { qos: 1 });
  router = await restart(router);
  const again = await back(router, "m");
  assert.deepEqual(again.payloads(), ["sent", "waits"]);
  const other = await router.connect();
  await other.publish("a", "new", { qos: 1 });
  await router.settle();
  assert.deepEqual(again.payloads(), ["new"]);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore puts retained messages back, and lets them expire", async () => {
  let router = new TestRouter();
  const publisher = await router.connect();
  await publisher.publish("a", "for ever", { qos: 1, retain: true });
  const properties = { messageExpiryInterval: 10 };
  await publisher.publish("b", "10 s", { qos: 1, retain: true, properties });
  await publisher.publish("c", "gone", { qos: 1, retain: true });
  await publisher.publish("c", "", { qos: 1, retain: true });
  router = await restart(router);
  assert.equal(router.counters.retainedNow, 2);
  const peer = await router.connect();
  await peer.subscribe("#");
  await router.settle();
  assert.deepEqual(peer.payloads(), ["for ever", "10 s"]);
  await router.advance(10_001);
  assert.equal(router.counters.retainedNow, 1);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore ends sessions when their interval has passed since they were left", async () => {
  let router = new TestRouter();
  const properties = { sessionExpiryInterval: 10 };
  const options = { clean: false, properties };
  const left = await router.connect({ ...options, clientId: "left" });
  await left.lose();
  await router.connect({ ...options, clientId: "online" });
  const kept = new Contents();
  await router.advance(6000);
  (router.store as MemoryStore).kept.copyTo(kept);
  const { endedAt } = kept.sessions.get("left")!;
  kept.saveSession({
    clientId: "left",
    expiryInterval: 10,
    endedAt: endedAt! - 6000,
  });
  await router[Symbol.asyncDispose]();
  router = new TestRouter({ store: new MemoryStore("atOnce", kept) });
  await router.settle();
  await router.advance(4001);
  assert.deepEqual([...kept.sessions.keys()], ["left", "online"]);
  const store = router.store as MemoryStore;
  assert.deepEqual([...store.written.sessions.keys()], ["online"]);
  await router.advance(6000);
  assert.equal(router.counters.sessionsNow, 0);
  await router[Symbol.asyncDispose]();
});

Deno.test("Registry.timePassed() ages sessions that were left before the start, and no others", async () => {
  let router = new TestRouter();
  const properties = { sessionExpiryInterval: 100 };
  const options = { clean: false, properties };
  for (const clientId of ["left", "back", "online"]) {
    await (await router.connect({ ...options, clientId })).lose();
  }
  router = await restart(router);
  await router.advance(5);
  await (await router.connect({ ...options, clientId: "back" })).lose();
  await router.connect({ ...options, clientId: "online" });
  await router.advance(1000);
  router.handle.timePassed(98_000);
  await router.settle();
  const store = router.store as MemoryStore;
  const names = () => [...store.written.sessions.keys()].sort();
  assert.deepEqual(names(), ["back", "left", "online"]);
  const { endedAt } = store.written.sessions.get("left")!;
  assert.ok(endedAt! <= router.clock.now() - 99_000, "it is kept");
  await router.advance(1001);
  assert.deepEqual(names(), ["back", "online"]);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore counts the time of a session that was online at a crash over all starts since", async () => {
  let router = new TestRouter();
  const properties = { sessionExpiryInterval: 10 };
  await router.connect({ clean: false, properties, clientId: "c" });
  router = await restart(router);
  const started = router.clock.now();
  await router.advance(6000);
  const kept = new Contents();
  const store = router.store as MemoryStore;
  store.commit();
  store.kept.copyTo(kept);
  await router[Symbol.asyncDispose]();
  assert.equal(kept.sessions.get("c")!.endedAt, started);
  router = new TestRouter({ store: new MemoryStore("atOnce", kept) });
  router.clock.advance(started + 6000 - router.clock.now());
  await router.advance(3900);
  assert.equal(router.counters.sessionsNow, 1);
  await router.advance(200);
  assert.equal(router.counters.sessionsNow, 0);
  await router[Symbol.asyncDispose]();
});

const WILL = {
  topic: "will",
  payload: new TextEncoder().encode("gone"),
  qos: 1,
  retain: true,
} as const;

Deno.test("Restore sends wills after their delay, and each only once", async () => {
  let router = new TestRouter();
  const observer = await router.connect({ ...PERSISTENT, clientId: "w" });
  await observer.subscribe("will", { qos: 1 });
  const properties = { willDelayInterval: 5 };
  for (const clientId of ["kept", "back"]) {
    const will = { ...WILL, properties };
    await router.connect({ ...PERSISTENT, clientId, will });
  }
  await router.connect({ clientId: "clean", will: { ...WILL, properties } });
  router = await restart(router);
  const again = await back(router, "w");
  await back(router, "back");
  // The session of "clean" ended with its connection: its will does not wait [MQTT-3.1.3-9].
  assert.deepEqual(again.payloads(), ["gone"]);
  await router.advance(5001);
  assert.deepEqual(again.payloads(), ["gone"]);
  const { kept } = router.store as MemoryStore;
  await router.settle();
  assert.equal(kept.wills.size, 0);
  router = await restart(router);
  const last = await back(router, "w");
  // What was sent and not acknowledged comes again; there is no other will.
  assert.equal(last.messages().length, 2);
  await router.advance(60_000);
  assert.deepEqual(last.take(), []);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore counts the delay of a will from when the connection was lost", async () => {
  let router = new TestRouter();
  const observer = await router.connect({ ...PERSISTENT, clientId: "w" });
  await observer.subscribe("will", { qos: 1 });
  const will = { ...WILL, properties: { willDelayInterval: 10 } };
  const client = await router.connect({ ...PERSISTENT, clientId: "c", will });
  await client.lose();
  const lostAt = router.clock.now();
  await router.advance(6000);
  const kept = new Contents();
  await router.commit();
  (router.store as MemoryStore).kept.copyTo(kept);
  await router[Symbol.asyncDispose]();
  router = new TestRouter({
    store: new MemoryStore("atOnce", kept),
    startedAt: lostAt + 6000,
  });
  const again = await back(router, "w");
  await router.advance(3900);
  assert.deepEqual(again.payloads(), []);
  await router.advance(200);
  assert.deepEqual(again.payloads(), ["gone"]);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore has a client that is back in time wait until its will is forgotten", async () => {
  const store = new MemoryStore("byHand");
  const will = {
    topic: "w",
    payload: "x",
    properties: { willDelayInterval: 1000 },
  };
  {
    const router = new TestRouter({ store });
    router.arrive({ ...PERSISTENT, clientId: "c", will });
    await router.settle();
    await router.commit();
    await router.handle.close();
  }
  assert.ok(store.kept.wills.has("c"));
  const next = new MemoryStore("byHand", store.kept);
  await using router = new TestRouter({ store: next });
  const client = router.arrive({ ...PERSISTENT, clientId: "c" });
  await router.settle();
  assert.ok(
    client.take().length === 0 || !next.kept.wills.has("c"),
    "let in, and a power cut sends the will all the same",
  );
});

Deno.test("Restore keeps what a shared group owes apart from what is owed to its former member", async () => {
  let router = new TestRouter();
  const member = await router.connect({ ...PERSISTENT, clientId: "m" });
  await member.subscribe("$share/g/a", { qos: 1 });
  await member.subscribe("b", { qos: 1 });
  const publisher = await router.connect();
  await publisher.publish("a", "group", { qos: 1 });
  await publisher.publish("b", "own", { qos: 1 });
  await router.settle();
  const [group] = member.messages();
  await member.send(unsubscribe(5, 9, ["$share/g/a"]));
  await router.settle();
  router = await restart(router);
  const again = await back(router, "m");
  assert.deepEqual(again.payloads(), ["group", "own"]);
  await again.acknowledge("puback", group!.packetId);
  // Is committed before its answer, and that with it.
  await again.subscribe("x");
  router = await restart(router);
  const last = await back(router, "m");
  assert.deepEqual(last.payloads(), ["own"]);
  await router[Symbol.asyncDispose]();
});

Deno.test("Restore puts back that a bridge's subscriptions are No Local and Retain As Published", async () => {
  let router = new TestRouter();
  const bridge = { version: 4, bridge: true, clean: false } as const;
  const before = await router.connect({ ...bridge, clientId: "b" });
  await before.subscribe("a/#", { qos: 1 });
  router = await restart(router);
  const again = await back(router, "b", bridge);
  await again.publish("a/own", "own", { retain: true });
  const other = await router.connect();
  await other.publish("a/other", "other", { retain: true });
  await router.settle();
  const [message, ...more] = again.messages();
  assert.equal(message?.topic, "a/other");
  assert.equal(message.retain, true);
  assert.deepEqual(more, []);
  await router[Symbol.asyncDispose]();
});
