import assert from "node:assert/strict";
import { MESSAGE_OVERHEAD } from "../../store/message.ts";
import { MemoryStore } from "../../store/memory_store.ts";
import { HesitantStore } from "../../../tests/support/stores/hesitant_store.ts";
import { PERSISTENT, TestRouter } from "../../../tests/support/router.ts";
import { LONG } from "../../../tests/support/sizes.ts";
import {
  subscribe,
  unsubscribe,
} from "../../../tests/support/clients/write_packets.ts";

const RETAIN = { retain: true };

/** A router whose store alone has the retained messages `t/0`, `t/1` and so on, with their numbers as payloads. */
async function setUp(count: number, qos = 0) {
  const store = new HesitantStore();
  const router = new TestRouter({ store, limits: { retainedInMemory: 0 } });
  const publisher = await router.connect();
  for (let n = 0; n < count; n++) {
    await publisher.publish(`t/${n}`, String(n), { ...RETAIN, qos });
  }
  store.request(store.saveWill("nobody", undefined));
  await router.settle();
  publisher.take();
  return { store, router, publisher, stubs: router.counters.retainedBytesNow };
}

Deno.test("RetainedMessages keeps no more of what the Store has in memory than the budget allows", async () => {
  const store = new MemoryStore("byHand");
  const limits = { retainedInMemory: 1000, retainedBytes: 5000 };
  await using router = new TestRouter({ store, limits });
  const { counters } = router;
  const publisher = await router.connect();
  const payload = "".padEnd(240, ".");
  const size = MESSAGE_OVERHEAD + 1 + payload.length;
  const stub = MESSAGE_OVERHEAD + 1;
  for (const topic of "abcdefgh") {
    await publisher.publish(topic, payload, RETAIN);
  }
  await router.settle();
  assert.equal(counters.retainedBytesNow, 8 * size, "none is committed");
  assert.equal(store.awaited, false, "nobody waits for QoS 0");
  await router.commit();
  assert.equal(counters.retainedNow, 8);
  assert.equal(counters.retainedBytesNow, 2 * size + 6 * stub);
  // What is removed or replaced makes room for others.
  await publisher.publish("a", "", RETAIN);
  await publisher.publish("b", "", RETAIN);
  await publisher.publish("c", payload, RETAIN);
  await publisher.publish("d", "x", RETAIN);
  const properties = { messageExpiryInterval: 10 };
  await publisher.publish("e", payload, { ...RETAIN, properties });
  await router.commit();
  assert.equal(counters.retainedNow, 6);
  assert.equal(
    counters.retainedBytesNow,
    size + (stub + 1) + size + 3 * stub,
  );
  // The limit of all counts those too that the Store alone has.
  for (const topic of "ijklmnopq") {
    await publisher.publish(topic, payload, RETAIN);
  }
  assert.equal(counters.retainedNow, 13);
  assert.equal(counters.dropped.retainedBytes, 2);
  await router.commit();
  await router.advance(11_000);
  assert.equal(counters.retainedNow, 12);
  for (const topic of "abcdefghijklmnopq") {
    await publisher.publish(topic, "", RETAIN);
  }
  assert.equal(counters.retainedNow, 0);
  assert.equal(counters.retainedBytesNow, 0);
  await router.commit();
  assert.equal(store.kept.retained.size, 0);
});

Deno.test("RetainedMessages beyond the budget are read together and in order, and nothing is done meanwhile", async () => {
  const { store, router, publisher, stubs } = await setUp(250);
  await using _ = router;
  const peer = await router.connect();
  await peer.subscribe("t/+");
  await peer.subscribe("t/7");
  const topics = Array.from({ length: 250 }, (_, n) => `t/${n}`);
  assert.deepEqual(store.asked, [topics.slice(0, 100)]);
  await publisher.publish("other", "x");
  await peer.send(Uint8Array.of(0xC0, 0));
  await router.settle();
  assert.deepEqual(peer.take().map(({ type }) => type), ["pingresp"]);
  assert.equal(store.asked.length, 1, "it is asked for once");
  for (const end of [200, 250]) {
    store.answer();
    await router.settle();
    assert.deepEqual(store.asked, [topics.slice(end === 200 ? 100 : 200, end)]);
  }
  store.answer();
  await router.settle();
  assert.deepEqual(store.asked, [["t/7"]]);
  store.answer();
  await router.settle();
  assert.deepEqual(peer.payloads(), [...Array(250).keys(), 7].map(String));
  assert.equal(router.counters.retainedBytesNow, stubs);
});

Deno.test("RetainedMessages that change while they are read are sent as they are now, once", async () => {
  const { store, router, publisher } = await setUp(6);
  await using _ = router;
  const properties = { messageExpiryInterval: 10 };
  await publisher.publish("t/5", "5", { ...RETAIN, properties });
  await router.settle();
  store.request(store.saveWill("nobody", undefined));
  await router.settle();
  const peer = await router.connect();
  await peer.subscribe("#");
  assert.equal(store.asked.length, 1);
  await publisher.publish("t/1", "new", RETAIN);
  await publisher.publish("t/3", "", RETAIN);
  await publisher.publish("t/4", "", RETAIN);
  await publisher.publish("t/4", "4 again", RETAIN);
  store.request(store.saveWill("nobody", undefined));
  await router.advance(11_000);
  assert.deepEqual(peer.payloads(), ["new", "", "", "4 again"]);
  store.answer();
  await router.settle();
  assert.deepEqual(peer.payloads(), ["0", "2"]);
});

Deno.test("RetainedMessages that are read for nobody any more are let go", async () => {
  const { store, router, stubs } = await setUp(250, 1);
  await using _ = router;
  const { counters } = router;
  const gone = await router.connect();
  await gone.subscribe("#", { qos: 1 });
  const wantsNoMore = await router.connect();
  await wantsNoMore.subscribe("#", { qos: 1 });
  const connect = {
    clientId: "away",
    clean: false,
    properties: { ...PERSISTENT.properties, receiveMaximum: 4 },
  };
  const away = await router.connect(connect);
  await away.subscribe("#", { qos: 1 });
  assert.equal(store.asked.length, 3);
  await gone.lose();
  await away.lose();
  await wantsNoMore.send(unsubscribe(5, 9, ["#"]));
  store.answer();
  await router.settle();
  assert.equal(counters.retainedBytesNow, stubs);
  assert.deepEqual(wantsNoMore.take().map(({ type }) => type), ["unsuback"]);
  assert.deepEqual(gone.take(), []);
  // The session that goes on goes on with the first one.
  let back = await router.connect(connect);
  assert.equal(store.asked[0]?.length, 100);
  store.answer();
  await router.settle();
  const seen = back.messages();
  assert.equal(seen.length, 4);
  assert.ok(counters.retainedBytesNow > stubs, "some are read ahead");
  await back.lose();
  assert.equal(counters.retainedBytesNow, stubs);
  back = await router.connect({
    ...connect,
    properties: { ...connect.properties, receiveMaximum: 65_535 },
  });
  while (store.asked.length > 0) {
    store.answer();
    await router.settle();
  }
  seen.push(...back.messages().filter(({ dup }) => !dup));
  assert.deepEqual(
    seen.map(({ payload }) => new TextDecoder().decode(payload)),
    [...Array(250).keys()].map(String),
  );
  await back.send(unsubscribe(5, 9, ["#"]));
  assert.equal(counters.retainedBytesNow, stubs);
});

Deno.test("RetainedMessages forgets what the Store turns out not to have", async () => {
  const { store, router } = await setUp(3);
  await using _ = router;
  // As if its row had been damaged.
  store.kept.retained.delete("t/1");
  const peer = await router.connect();
  await peer.subscribe("#");
  store.answer();
  await router.settle();
  assert.deepEqual(peer.payloads(), ["0", "2"]);
  assert.equal(router.counters.retainedNow, 2);
});

Deno.test("RetainedMessages beyond the budget reach a slow subscriber complete, and take little memory", async () => {
  const store = new MemoryStore();
  const limits = { retainedInMemory: 20_000, receiveMaximum: 65_535 };
  const count = LONG ? 100_000 : 5000;
  {
    await using router = new TestRouter({ store, limits });
    const publisher = await router.connect();
    for (let n = 0; n < count; n++) {
      const payload = String(n).padEnd(n % 1000 === 0 ? 90_000 : 200, ".");
      await publisher.publish(`t/${n}`, payload, { ...RETAIN, qos: 1 });
      publisher.take();
    }
  }
  // Also after a restart.
  await using router = new TestRouter({
    store: new MemoryStore("atOnce", store.kept),
    limits,
  });
  const { counters } = router;
  const least = counters.retainedBytesNow;
  assert.equal(counters.retainedNow, count);
  assert.ok(least < count * (MESSAGE_OVERHEAD + 10) + 20_000, `${least}`);
  const peer = await router.connect();
  peer.limit(10);
  await peer.send(subscribe(5, 1, [{ filter: "t/+" }]));
  const topics = new Set<string>();
  let most = 0;
  for (let idle = 0; idle < 6;) {
    const before = topics.size;
    peer.limit(30_000);
    await router.settle();
    most = Math.max(most, counters.retainedBytesNow);
    for (const packet of peer.take()) {
      if (packet.type === "publish") topics.add(packet.topic);
    }
    idle = topics.size === before ? idle + 1 : 0;
  }
  assert.equal(topics.size, count);
  assert.ok(most < least + 200_000, `${most - least} bytes read ahead`);
  assert.equal(counters.retainedBytesNow, least);
});
