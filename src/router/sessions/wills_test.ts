import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import { type Peer, TestRouter } from "../../../tests/support/router.ts";
import {
  disconnect,
  type Will,
} from "../../../tests/support/clients/write_packets.ts";

/** A Router, a subscriber of all wills, and clients that have one. */
async function setUp(store?: MemoryStore) {
  const router = new TestRouter(store === undefined ? {} : { store });
  const watcher = await router.connect();
  await watcher.subscribe("will/#", { qos: 2 });
  const withWill = (
    will: Partial<Will> = {},
    sessionExpiryInterval = 0,
    options: Parameters<TestRouter["connect"]>[0] = {},
  ): Promise<Peer> =>
    router.connect({
      clean: false,
      will: { topic: "will/a", payload: "gone", ...will },
      properties: { sessionExpiryInterval },
      ...options,
    });
  return { router, watcher, withWill };
}

const delayed = (willDelayInterval: number): Partial<Will> => ({
  properties: { willDelayInterval },
});

Deno.test("Wills are published when the connection is lost [MQTT-3.1.2-8]", async () => {
  const { router, watcher, withWill } = await setUp();
  await using _ = router;
  const peer = await withWill({ qos: 1 });
  await router.settle();
  assert.deepEqual(watcher.take(), []);
  await peer.lose();
  const [message] = watcher.messages();
  assert.deepEqual([message!.topic, message!.qos], ["will/a", 1]);
  assert.equal(message!.retain, false);
});

Deno.test("Wills are dropped by DISCONNECT with 0x00, sent with 0x04 [MQTT-3.1.2-10]", async () => {
  const { router, watcher, withWill } = await setUp();
  await using _ = router;
  for (const code of [0x00, 0x04, 0x81]) {
    const peer = await withWill();
    await peer.send(disconnect(5, code));
    await router.settle();
    assert.equal(peer.endCause(), "clientDisconnect");
    assert.equal(watcher.payloads().length, code === 0 ? 0 : 1);
  }
});

Deno.test("Wills wait for their delay, and not a moment less", async () => {
  const { router, watcher, withWill } = await setUp();
  await using _ = router;
  const peer = await withWill(delayed(10), 100);
  await peer.lose();
  await router.advance(9_980);
  assert.deepEqual(watcher.take(), []);
  await router.advance(40);
  assert.deepEqual(watcher.payloads(), ["gone"]);
  await router.advance(200_000);
  assert.deepEqual(watcher.take(), [], "once");
});

Deno.test("Wills are not sent where the client is back before the delay is over [MQTT-3.1.3-9]", async () => {
  const { router, watcher, withWill } = await setUp();
  await using _ = router;
  const peer = await withWill(delayed(10), 100);
  await peer.lose();
  await router.advance(5_000);
  const { clientId } = peer;
  const back = await withWill({ payload: "other" }, 100, { clientId });
  await router.advance(60_000);
  assert.deepEqual(watcher.take(), []);
  await back.lose();
  assert.deepEqual(watcher.payloads(), ["other"]);
});

Deno.test("Wills are sent when the session ends before the delay is over [MQTT-3.1.3-9]", async () => {
  const { router, watcher, withWill } = await setUp();
  await using _ = router;
  const expires = await withWill(delayed(100), 5);
  await expires.lose();
  await router.advance(4_000);
  assert.deepEqual(watcher.take(), []);
  await router.advance(2_000);
  assert.deepEqual(watcher.payloads(), ["gone"]);
  const ephemeral = await withWill(delayed(100), 0);
  await ephemeral.lose();
  assert.deepEqual(watcher.payloads(), ["gone"]);
  const wiped = await withWill(delayed(100), 500);
  await wiped.lose();
  await router.connect({ clientId: wiped.clientId });
  assert.deepEqual(watcher.payloads(), ["gone"]);
});

Deno.test("Wills are sent when another connection takes over, but for delayed ones that go on", async () => {
  const { router, watcher, withWill } = await setUp();
  await using _ = router;
  const plain = await withWill({}, 100);
  await withWill({ payload: "second" }, 100, { clientId: plain.clientId });
  assert.equal(plain.endCause(), "sessionTakenOver");
  assert.deepEqual(watcher.payloads(), ["gone"]);
  const late = await withWill(delayed(10), 100);
  await withWill({ payload: "second" }, 100, { clientId: late.clientId });
  await router.advance(60_000);
  assert.deepEqual(watcher.take(), []);
  const cleaned = await withWill(delayed(10), 100);
  await router.connect({ clientId: cleaned.clientId });
  assert.deepEqual(watcher.payloads(), ["gone"], "the session ended");
});

Deno.test("Wills are retained where they ask for it, and their expiry begins when they are published", async () => {
  const { router, watcher, withWill } = await setUp();
  await using _ = router;
  const properties = {
    willDelayInterval: 100,
    messageExpiryInterval: 10,
    contentType: "text",
  };
  const peer = await withWill({ retain: true, properties }, 500);
  await peer.lose();
  await router.advance(100_050);
  const [message] = watcher.messages();
  assert.equal(message!.properties.messageExpiryInterval, 10);
  assert.equal(message!.properties.contentType, "text");
  assert.equal(message!.properties.willDelayInterval, undefined);
  const later = await router.connect();
  await later.subscribe("will/a", { retainHandling: 0 });
  assert.equal(later.messages()[0]!.retain, true);
  await router.advance(11_000);
  const tooLate = await router.connect();
  await tooLate.subscribe("will/a");
  assert.deepEqual(tooLate.take(), []);
});

Deno.test("Wills are kept before CONNACK and forgotten in the batch that keeps what they led to", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const kept = {
    clean: false,
    properties: { sessionExpiryInterval: 1000 },
  };
  const watcher = router.arrive(kept);
  await router.commit();
  watcher.expect("connack");
  const subscribed = watcher.subscribe("will/#", { qos: 1 });
  await router.settle();
  await router.commit();
  await subscribed;
  await watcher.lose();
  const peer = router.arrive({
    ...kept,
    will: { topic: "will/a", payload: "gone", qos: 1, retain: true },
  });
  await router.settle();
  assert.deepEqual(peer.take(), []);
  assert.ok(store.awaited);
  await router.commit();
  peer.expect("connack");
  assert.ok(store.kept.wills.has(peer.clientId));
  const { requested } = store;
  await peer.lose();
  assert.equal(store.requested, requested, "nobody waits for it");
  assert.ok(store.kept.wills.has(peer.clientId));
  assert.equal(store.kept.owed(watcher.clientId).length, 0);
  store.commit();
  assert.equal(store.kept.wills.size, 0);
  assert.equal(store.kept.owed(watcher.clientId).length, 1);
  assert.ok(store.kept.retained.has("will/a"));
  await router.commit();
});

Deno.test("Wills do not get the broker beyond the limits of topics", async () => {
  await using router = new TestRouter({
    limits: { topicLevels: 3, topicLength: 6 },
  });
  for (const topic of ["a/b/c/d", "long/er"]) {
    const peer = router.arrive({ will: { topic } });
    await router.settle();
    assert.equal(peer.endCode(), 0x90, topic);
  }
  const peer = router.arrive({ will: { topic: "a/b/c" } });
  await router.settle();
  peer.expect("connack");
});
