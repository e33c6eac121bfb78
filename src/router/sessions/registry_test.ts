import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../../tests/support/router.ts";
import {
  type ConnectOptions,
  disconnect,
} from "../../../tests/support/clients/write_packets.ts";

const expiring = (sessionExpiryInterval: number) => ({
  clean: false,
  properties: { sessionExpiryInterval },
});

/** Connects once more under the identifier of `peer` and says whether there was a session. */
async function isPresent(
  router: TestRouter,
  peer: Peer,
  options: ConnectOptions = { clean: false },
): Promise<boolean> {
  const again = router.arrive({ ...options, clientId: peer.clientId });
  await router.settle();
  return again.expect("connack").sessionPresent;
}

Deno.test("Registry keeps a session as long as its expiry interval says [MQTT-3.1.2-23]", async () => {
  await using router = new TestRouter();
  for (
    const [interval, wait, present] of [
      [0, 0, false],
      [10, 9_000, true],
      [10, 10_100, false],
      [0xFFFF_FFFE, 1e12, true],
      [0xFFFF_FFFF, 1e13, true],
    ] as const
  ) {
    const peer = await router.connect(expiring(interval));
    await peer.subscribe("a");
    await peer.lose();
    await router.advance(wait);
    assert.equal(await isPresent(router, peer), present, `${interval} s`);
  }
});

Deno.test("Registry keeps sessions of clients below 5.0 unless they are clean", async () => {
  await using router = new TestRouter();
  for (const clean of [true, false]) {
    const peer = await router.connect({ version: 4, clean });
    await peer.lose();
    await router.advance(1e10);
    assert.equal(
      await isPresent(router, peer, { version: 4, clean: false }),
      !clean,
    );
  }
});

Deno.test("Registry counts the interval anew from each end of the connection", async () => {
  await using router = new TestRouter();
  let peer = await router.connect(expiring(10));
  for (let n = 0; n < 3; n++) {
    await peer.lose();
    await router.advance(8_000);
    peer = await router.connect({ ...expiring(10), clientId: peer.clientId });
    assert.equal(router.counters.sessionsNow, 1);
    await router.advance(20_000);
  }
  await peer.lose();
  await router.advance(11_000);
  assert.equal(router.counters.sessionsNow, 0);
});

Deno.test("Registry takes another interval with DISCONNECT, but none where there was none [3.14.2.2.2]", async () => {
  await using router = new TestRouter();
  const leave = (sessionExpiryInterval: number) =>
    disconnect(5, 0, { sessionExpiryInterval });
  const shorter = await router.connect(expiring(1000));
  await shorter.send(leave(5));
  await router.advance(6_000);
  assert.equal(await isPresent(router, shorter), false);
  const ended = await router.connect(expiring(1000));
  await ended.send(leave(0));
  await router.settle();
  assert.equal(await isPresent(router, ended), false);
  const wrong = await router.connect();
  await wrong.send(leave(5));
  assert.equal(wrong.endCause(), "protocolError");
  assert.equal(wrong.endCode(), 0x82);
});

Deno.test("Registry keeps no session longer than the limit, and says so", async () => {
  await using router = new TestRouter({ limits: { maximumSessionExpiry: 60 } });
  for (const [asked, told] of [[10, undefined], [60, undefined], [61, 60]]) {
    const peer = router.arrive(expiring(asked!));
    await router.settle();
    const { properties } = peer.expect("connack");
    assert.equal(properties.sessionExpiryInterval, told);
  }
  const old = await router.connect({ version: 4, clean: false });
  await old.lose();
  await router.advance(61_000);
  assert.equal(
    await isPresent(router, old, { version: 4, clean: false }),
    false,
  );
});

Deno.test("Registry ends the former connection of a client, and carries its session over [MQTT-3.1.4-3]", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const first = await router.connect(PERSISTENT);
  await first.subscribe("a", { qos: 1 });
  await publisher.publish("a", "1", { qos: 1 });
  await router.settle();
  assert.deepEqual(first.payloads(), ["1"]);
  const { clientId } = first;
  const second = router.arrive({ ...PERSISTENT, clientId });
  await router.settle();
  assert.equal(first.endCause(), "sessionTakenOver");
  assert.equal(second.expect("connack").sessionPresent, true);
  assert.deepEqual(second.payloads(), ["1"]);
  // What the first one still sends is of no account.
  await first.acknowledge("puback", 1);
  await first.publish("a", "2");
  await router.settle();
  assert.deepEqual(second.take(), []);
  const third = router.arrive({ clientId });
  await router.settle();
  assert.equal(second.endCause(), "sessionTakenOver");
  assert.equal(third.expect("connack").sessionPresent, false);
  await publisher.publish("a", "3", { qos: 1 });
  await router.settle();
  assert.deepEqual(third.take(), []);
});

Deno.test("Registry mixes nothing up where many connections come at once under one identifier", async () => {
  await using router = new TestRouter();
  const peers = Array.from(
    { length: 50 },
    () => router.arrive({ ...PERSISTENT, clientId: "one" }),
  );
  await router.settle();
  // So many are slowed down.
  await router.advance(10_000);
  await router.settle();
  const last = peers.pop()!;
  assert.equal(last.expect("connack").reasonCode, 0);
  assert.equal(last.endCause(), undefined);
  for (const peer of peers) {
    assert.equal(peer.endCause(), "sessionTakenOver");
  }
  assert.equal(router.counters.sessionsNow, 1);
});

Deno.test("Registry sends CONNACK once the session is made, resumed or wiped", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const { commit } = { commit: () => router.commit() };
  const options = { ...PERSISTENT, clientId: "one" };
  for (
    const [clean, present] of [[false, false], [false, true], [true, false]]
  ) {
    const peer = router.arrive({
      ...options,
      clean: clean!,
      properties: clean ? {} : options.properties,
    });
    await router.settle();
    assert.deepEqual(peer.take(), []);
    assert.ok(store.awaited);
    await commit();
    assert.equal(peer.expect("connack").sessionPresent, present);
    assert.equal(store.kept.sessions.has("one"), !clean);
    await peer.lose();
  }
  const ephemeral = await router.connect();
  assert.equal(store.awaited, false);
  assert.equal(store.kept.sessions.has(ephemeral.clientId), false);
});

Deno.test("Registry lets clients in that need no disk while others wait for it", async () => {
  const store = new MemoryStore("never");
  await using router = new TestRouter({ store });
  const waiting = router.arrive(PERSISTENT);
  await router.connect();
  const { clientId } = waiting;
  const next = router.arrive({ ...PERSISTENT, clientId });
  await router.settle();
  assert.equal(waiting.endCause(), "sessionTakenOver");
  await next.lose();
  assert.deepEqual([waiting.take(), next.take()], [[], []]);
});

Deno.test("Registry tells the store of all that belongs to a session, and wipes all of it", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store });
  const publisher = await router.connect();
  const peer = await router.connect({
    ...PERSISTENT,
    will: { topic: "w", payload: "x" },
  });
  const { clientId } = peer;
  await peer.subscribe("a", { qos: 2 });
  await peer.publish("b", "x", { qos: 2 });
  await publisher.publish("a", "x", { qos: 2 });
  await router.settle();
  const { written } = store;
  assert.equal(written.sessions.get(clientId)!.expiryInterval, Infinity);
  assert.equal(written.subscriptions.get(clientId)!.get("a")!.qos, 2);
  assert.equal(written.received.get(clientId)!.size, 1);
  assert.equal(written.owed(clientId).length, 1);
  assert.equal(written.wills.size, 1);
  await peer.lose();
  await router.connect({ clientId });
  assert.equal(written.sessions.size, 0);
  assert.equal(written.subscriptions.size, 0);
  assert.equal(written.received.size, 0);
  assert.equal(written.deliveries.size, 0);
  assert.equal(written.wills.size, 0);
});

Deno.test("Registry forgets a session in the store when it expires", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store });
  const peer = await router.connect(expiring(5));
  await peer.lose();
  assert.equal(store.written.sessions.size, 1);
  await router.advance(6_000);
  assert.equal(store.written.sessions.size, 0);
  // A session that was kept and no longer is to be.
  const kept = await router.connect(expiring(5));
  const { clientId } = kept;
  await kept.lose();
  const last = await router.connect({ clean: false, clientId });
  assert.equal(store.written.sessions.get(clientId)!.expiryInterval, 0);
  await last.publish("a", "x", { qos: 2 });
  await last.lose();
  assert.equal(store.written.sessions.size, 0);
  assert.equal(store.written.received.size, 0);
});

Deno.test("Registry counts sessions and subscriptions", async () => {
  await using router = new TestRouter();
  const one = await router.connect(PERSISTENT);
  const two = await router.connect();
  await one.subscribe("a");
  await one.subscribe("$share/g/a");
  await two.subscribe("#");
  await two.subscribe("#");
  assert.equal(router.counters.sessionsNow, 2);
  assert.equal(router.counters.subscriptionsNow, 3);
  await two.lose();
  await one.lose();
  assert.equal(router.counters.sessionsNow, 1);
  assert.equal(router.counters.subscriptionsNow, 2);
  await router.connect({ clientId: one.clientId });
  assert.equal(router.counters.sessionsNow, 1);
  assert.equal(router.counters.subscriptionsNow, 0);
});

Deno.test("Registry.keepAgain() has the Store keep what it may have lost", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store });
  const peer = await router.connect({
    ...PERSISTENT,
    clientId: "kept",
    will: { topic: "w", payload: "gone" },
  });
  await peer.subscribe("a", { qos: 1 });
  await peer.publish("b", "x", { qos: 2, packetId: 7 });
  await router.settle();
  for (const contents of [store.kept, store.written]) {
    contents.sessions.clear();
    contents.subscriptions.clear();
    contents.received.clear();
    contents.wills.clear();
  }
  router.handle.keepAgain();
  await router.settle();
  await router.commit();
  const { sessions, subscriptions, received, wills } = store.kept;
  assert.ok(sessions.has("kept"));
  assert.equal(subscriptions.get("kept")!.get("a")!.qos, 1);
  assert.deepEqual([...received.get("kept")!], [7]);
  assert.equal(wills.get("kept")!.message.topic.text, "w");
});

Deno.test("Registry lets a user have a session, and no other one", async () => {
  await using router = new TestRouter({ store: new MemoryStore() });
  const options = { ...PERSISTENT, clientId: "one", username: "ann" };
  const first = router.arrive(options);
  await router.settle();
  assert.equal(first.expect("connack").reasonCode, 0);
  for (const username of ["bob", undefined]) {
    const { username: _, ...rest } = options;
    const other = router.arrive(
      username === undefined ? rest : { ...rest, username, clean: true },
    );
    await router.settle();
    assert.equal(other.endCause(), "notAuthorized");
    assert.equal(first.endCause(), undefined);
  }
  assert.ok(
    router.log.some((line) =>
      /client=one .*owner=ann user=bob command="mailboxqtt session adopt one bob"/
        .test(line)
    ),
    router.log.join("\n"),
  );
  await first.lose();
  const again = router.arrive(options);
  await router.settle();
  assert.equal(again.expect("connack").sessionPresent, true);
});

Deno.test("Registry gives a session that is nobody's to the first user who comes for it", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store });
  const options = { ...PERSISTENT, clientId: "one" };
  const nobody = router.arrive(options);
  await router.settle();
  await nobody.lose();
  assert.equal(store.kept.sessions.get("one")?.user, undefined);
  const ann = router.arrive({ ...options, username: "ann" });
  await router.settle();
  assert.equal(ann.expect("connack").sessionPresent, true);
  assert.equal(store.kept.sessions.get("one")?.user, "ann");
  const bob = router.arrive({ ...options, username: "bob" });
  await router.settle();
  assert.equal(bob.endCause(), "notAuthorized");
});

Deno.test("Registry has one newcomer wait where devices throw each other out", async () => {
  await using router = new TestRouter();
  const options = { clientId: "one" };
  const peers = Array.from({ length: 8 }, () => router.arrive(options));
  await router.settle();
  const [last, waited] = [peers[7]!, peers[6]!];
  assert.equal(waited.endCause(), "sessionTakenOver");
  assert.equal(last.endCause(), undefined);
  assert.deepEqual(last.take(), []);
  await router.advance(8_000);
  await router.settle();
  assert.equal(last.expect("connack").reasonCode, 0);
  await last.lose();
  const back = router.arrive(options);
  await router.settle();
  assert.equal(back.expect("connack").reasonCode, 0);
});
