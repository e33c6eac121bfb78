import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../tests/support/router.ts";
import { testMessage } from "../../tests/support/stores/store_writes.ts";
import { publish } from "../../tests/support/clients/write_packets.ts";

const COUNT = 300;
/** Room for some ten of the messages here. */
const LIMITS = { queuedInMemory: 2000, receiveMaximum: 65_535 };

/** A Router, a publisher and a subscriber whose session is kept, with a window of this size. */
async function setUp(receiveMaximum = 2, store = new MemoryStore()) {
  const router = new TestRouter({ limits: LIMITS, store });
  const publisher = await router.connect();
  const options = {
    clean: false,
    clientId: "kept",
    properties: { ...PERSISTENT.properties, receiveMaximum },
  };
  const back = () => router.connect(options);
  const subscriber = await back();
  await subscriber.subscribe("a", { qos: 1 });
  const send = async (from: number, to: number) => {
    const packets = numbers(from, to).map((n) =>
      publish(5, "a", String(n), { qos: 1, packetId: publisher.nextPacketId() })
    );
    await publisher.send(...packets);
    await router.settle();
    publisher.take();
  };
  return { router, publisher, subscriber, back, send };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

/** Acknowledges what comes until nothing does any more; returns the payloads. */
async function drain(router: TestRouter, peer: Peer): Promise<number[]> {
  const payloads: number[] = [];
  for (;;) {
    await router.settle();
    const messages = peer.messages();
    if (messages.length === 0) return payloads;
    for (const { payload, packetId } of messages) {
      payloads.push(Number(new TextDecoder().decode(payload)));
      await peer.acknowledge("puback", packetId);
    }
  }
}

Deno.test("Backlog keeps nothing in memory of what waits for a client that is offline, and gives it all", async () => {
  const { router, subscriber, back, send } = await setUp();
  await using _ = router;
  await subscriber.lose();
  await send(1, COUNT);
  const { counters } = router;
  assert.equal(counters.queuedNow, COUNT);
  assert.equal(counters.queuedBytesNow, 0);
  assert.ok(counters.storedBytesNow > COUNT * 100);
  const again = await back();
  assert.deepEqual(await drain(router, again), numbers(1, COUNT));
  assert.equal(counters.queuedNow, 0);
  assert.equal(counters.storedBytesNow, 0);
});

Deno.test("Backlog keeps little in memory of what waits for a slow client, and keeps the order", async () => {
  const { router, subscriber, send } = await setUp();
  await using _ = router;
  const { counters } = router;
  const payloads: number[] = [];
  let most = 0;
  for (let n = 0; n < COUNT; n += 30) {
    await send(n + 1, n + 30);
    most = Math.max(most, counters.queuedBytesNow);
    for (const { payload, packetId } of subscriber.messages()) {
      payloads.push(Number(new TextDecoder().decode(payload)));
      await subscriber.acknowledge("puback", packetId);
    }
  }
  // Before and behind what is in the Store alone, and a page that was asked for before that was full.
  assert.ok(most <= 3 * LIMITS.queuedInMemory, String(most));
  payloads.push(...await drain(router, subscriber));
  assert.deepEqual(payloads, numbers(1, COUNT));
});

/** A store that notes how large the pages are that it is asked for. */
class PagedStore extends MemoryStore {
  readonly pages: number[] = [];

  override read(...[query, take]: Parameters<MemoryStore["read"]>): void {
    this.pages.push(query.bytes);
    super.read(query, take);
  }
}

Deno.test("Backlog is read in larger pages by a client that takes each before the next has come, and in no others", async () => {
  const page = LIMITS.queuedInMemory / 2;
  for (const fast of [true, false]) {
    const store = new PagedStore();
    const receiveMaximum = fast ? COUNT : 2;
    const { router, subscriber, back, send } = await setUp(
      receiveMaximum,
      store,
    );
    await using _ = router;
    await subscriber.lose();
    await send(1, COUNT);
    const again = await back();
    assert.deepEqual(await drain(router, again), numbers(1, COUNT));
    const pages = fast ? [1, 2, 4, 8, 8] : [1, 2, 1, 1, 1];
    assert.deepEqual(
      store.pages.slice(0, 5),
      pages.map((times) => times * page),
    );
  }
});

Deno.test("Backlog keeps the order through connections that come and go while it is read", async () => {
  const { router, subscriber, back, send } = await setUp(5);
  await using _ = router;
  let peer = subscriber;
  const seen: number[] = [];
  for (let n = 0; n < COUNT; n += 20) {
    await send(n + 1, n + 20);
    for (const { payload, packetId } of peer.messages().slice(0, 3)) {
      seen.push(Number(new TextDecoder().decode(payload)));
      await peer.acknowledge("puback", packetId);
    }
    await peer.lose();
    await send(n + 21, n + 21);
    peer = await back();
    n++;
  }
  seen.push(...await drain(router, peer));
  assert.deepEqual(
    [...new Set(seen)],
    numbers(1, seen.at(-1)!),
    "all, each first in its place",
  );
});

Deno.test("Backlog goes on where it was after a restart, and behind what is damaged", async () => {
  const first = await setUp();
  await first.subscriber.lose();
  await first.send(1, 20);
  const { store } = first.router;
  assert.ok(store instanceof MemoryStore);
  await first.router[Symbol.asyncDispose]();
  const kept = new MemoryStore("atOnce", store.kept);
  const deliveries = kept.kept.deliveries.get("kept")!;
  await using router = new TestRouter({ store: kept, limits: LIMITS });
  for (const number of [1, 7, 20]) deliveries.delete(number);
  assert.equal(router.counters.queuedNow, 20);
  const again = router.arrive({ ...PERSISTENT, clientId: "kept" });
  await router.settle();
  again.expect("connack");
  assert.deepEqual(
    await drain(router, again),
    numbers(2, 19).filter((n) => n !== 7),
  );
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(router.counters.storedBytesNow, 0);
});

Deno.test("Backlog of a shared group waits in the Store while nobody is there", async () => {
  await using router = new TestRouter({ limits: LIMITS });
  const publisher = await router.connect();
  const options = { ...PERSISTENT, clientId: "member" };
  const member = await router.connect(options);
  await member.subscribe("$share/g/a", { qos: 1 });
  await member.lose();
  for (const n of numbers(1, 50)) {
    await publisher.publish("a", String(n), { qos: 1 });
  }
  await router.settle();
  const { counters } = router;
  assert.equal(counters.queuedNow, 50);
  assert.equal(counters.queuedBytesNow, 0);
  const again = await router.connect(options);
  assert.deepEqual(await drain(router, again), numbers(1, 50));
  assert.equal(counters.queuedNow, 0);
});

Deno.test("Backlog of a shared group is forgotten with its last member, and what that was sent is not", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store, limits: LIMITS });
  const publisher = await router.connect();
  const properties = { ...PERSISTENT.properties, receiveMaximum: 1 };
  const member = await router.connect({ clean: false, properties });
  await member.subscribe("$share/g/a", { qos: 1 });
  for (const n of numbers(1, 50)) {
    await publisher.publish("a", String(n), { qos: 1 });
  }
  await router.settle();
  assert.equal(store.written.owed("$share/g/a").length, 50);
  await member.send(Uint8Array.of(0xA2, 15, 0, 9, 0, 0, 10, ...GROUP_BYTES));
  await router.settle();
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(store.written.owed("$share/g/a").length, 1, "under way");
});

const GROUP_BYTES = new TextEncoder().encode("$share/g/a");

Deno.test("DeliveryWindow sends a client no more than it may keep to be sent again", async () => {
  const limits = { inflightBytes: 5000, receiveMaximum: 65_535 };
  await using router = new TestRouter({ limits });
  const publisher = await router.connect();
  const peer = await router.connect(PERSISTENT);
  await peer.subscribe("a", { qos: 1 });
  const { size } = testMessage("x".repeat(1000));
  for (let n = 0; n < 20; n++) {
    await publisher.publish("a", "x".repeat(1000), { qos: 1 });
  }
  await router.settle();
  const sent = peer.messages();
  assert.equal(sent.length, Math.floor(5000 / size));
  const { counters } = router;
  assert.equal(counters.inflightBytesNow, sent.length * size);
  await peer.acknowledge("puback", sent[0]!.packetId);
  await router.settle();
  const next = peer.messages();
  assert.equal(next.length, 1);
  // Larger than all that may be kept: it comes when it is the only one.
  await publisher.publish("a", "x".repeat(10_000), { qos: 1 });
  for (const { packetId } of [...sent.slice(1), ...next]) {
    await peer.acknowledge("puback", packetId);
  }
  assert.equal((await drain(router, peer)).length, 20 - sent.length);
  assert.equal(counters.inflightBytesNow, 0);
});
