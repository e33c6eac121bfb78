import assert from "node:assert/strict";
import { HeldContents } from "../../tests/support/stores/held_contents.ts";
import { type CommitPolicy, MemoryStore } from "./memory_store.ts";
import { Message } from "./message.ts";
import type { BatchNumber } from "./store.ts";

const SESSION = {
  clientId: "c",
  expiryInterval: Infinity,
  endedAt: undefined,
};

function message(payload: string): Message {
  return Message.of({
    topic: { text: "t", bytes: Uint8Array.of(0x74) },
    qos: 1,
    retain: false,
    payload: new TextEncoder().encode(payload),
    properties: new Uint8Array(0),
    expiresAt: Infinity,
    publisher: "p",
  });
}

function delivery(number: number) {
  return {
    number,
    message: message(String(number)),
    qos: 2,
    retain: false,
    identifiers: [],
  } as const;
}

/** An open store and the batches that it said were committed. */
async function open(policy: CommitPolicy) {
  const store = new MemoryStore(policy);
  const committed: BatchNumber[] = [];
  const failed: Error[] = [];
  await store.open({
    resumed: () => {},
    committed: (batch) => void committed.push(batch),
    failed: (error) => void failed.push(error),
  }, new HeldContents());
  return { store, committed, failed };
}

/** The turn of the event loop has ended, and its microtasks with it. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("MemoryStore keeps only what is committed", async () => {
  const { store, committed } = await open("byHand");
  assert.equal(store.saveSession(SESSION), 1);
  assert.equal(store.enqueue("c", delivery(1)), 1);
  assert.equal(store.kept.sessions.size, 0);
  assert.equal(store.written.sessions.size, 1);
  assert.ok(store.uncommittedBytes > 0);
  assert.equal(store.commit(), 1);
  assert.deepEqual(committed, [1]);
  assert.equal(store.committed, 1);
  assert.equal(store.uncommittedBytes, 0);
  assert.deepEqual(store.kept.sessions.get("c"), SESSION);
  assert.equal(store.dequeue("c", 1), 2);
  assert.equal(store.kept.owed("c").length, 1);
  assert.equal(store.commit(), 2);
  assert.equal(store.kept.owed("c").length, 0);
});

Deno.test("MemoryStore commits on request, and all of one turn in one batch", async () => {
  const { store, committed } = await open("atOnce");
  store.request(store.saveSession(SESSION));
  assert.equal(store.saveReceived("c", 1), 1, "still the same turn");
  assert.equal(store.committed, 0);
  await endOfTurn();
  assert.deepEqual(committed, [1]);
  assert.deepEqual([...store.kept.received.get("c")!], [1]);
  store.saveReceived("c", 2);
  await endOfTurn();
  assert.deepEqual(committed, [1], "nobody asked for it");
  await store.close();
  assert.deepEqual(committed, [1, 2]);
});

Deno.test("MemoryStore gathers the next batch while one commits", async () => {
  const { store, committed } = await open("byHand");
  store.request(store.saveSession(SESSION));
  await endOfTurn();
  for (let id = 1; id <= 10; id++) {
    const batch = store.saveReceived("c", id);
    assert.equal(batch, 2);
    store.request(batch);
    await endOfTurn();
  }
  assert.equal(store.commit(), 1);
  assert.equal(store.kept.received.size, 0);
  await endOfTurn();
  assert.equal(store.saveReceived("c", 11), 3, "batch 2 is under way");
  assert.equal(store.commit(), 2);
  assert.equal(store.kept.received.get("c")!.size, 10);
  assert.deepEqual(committed, [1, 2]);
  assert.equal(store.awaited, false);
});

Deno.test("MemoryStore commits late, one batch after the other", async () => {
  const { store } = await open({ after: 5 });
  const { promise, resolve } = Promise.withResolvers<void>();
  await store.open({
    resumed: () => {},
    committed: (batch) => batch === 2 ? resolve() : undefined,
    failed: () => {},
  }, new HeldContents());
  store.request(store.saveSession(SESSION));
  await endOfTurn();
  assert.equal(store.committed, 0);
  store.request(store.saveReceived("c", 1));
  await promise;
  assert.equal(store.kept.received.get("c")!.size, 1);
});

Deno.test("MemoryStore commits every n-th batch with those before it", async () => {
  const { store, committed } = await open({ every: 3 });
  store.request(store.saveSession(SESSION));
  for (let id = 1; id <= 6; id++) {
    await endOfTurn();
    store.request(store.saveReceived("c", id));
    if (id === 1) assert.deepEqual(committed, []);
  }
  await endOfTurn();
  assert.deepEqual(committed, [1, 2, 3, 4, 5, 6]);
  await store.close();
  assert.deepEqual(committed, [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("MemoryStore that never commits does not do so when it is closed", async () => {
  const { store, committed } = await open("never");
  store.request(store.saveSession(SESSION));
  await endOfTurn();
  assert.equal(store.awaited, true);
  await store.close();
  assert.deepEqual(committed, []);
  assert.equal(store.kept.sessions.size, 0);
});

Deno.test("MemoryStore that has failed says so once and commits nothing more", async () => {
  const { store, committed, failed } = await open({ after: 1 });
  store.request(store.saveSession(SESSION));
  await endOfTurn();
  store.fail(new Error("Disk gone"));
  store.fail();
  store.request(store.saveReceived("c", 1));
  store.commit();
  await store.close();
  assert.deepEqual(failed.map((error) => error.message), ["Disk gone"]);
  assert.deepEqual(committed, []);
});

Deno.test("MemoryStore follows deliveries to their clients", async () => {
  const { store } = await open("byHand");
  store.saveSession(SESSION);
  store.enqueue("$share/g/t", delivery(1));
  store.assign("$share/g/t", 1, "c", 7);
  store.release("c", 7);
  store.commit();
  const owed = store.kept.deliveries.get("$share/g/t")!.get(1)!;
  assert.deepEqual(owed.assignment, {
    clientId: "c",
    packetId: 7,
    released: true,
  });
  store.removeSession("c");
  store.commit();
  assert.equal(owed.assignment, undefined);
  assert.equal(store.kept.sessions.size, 0);
  store.dequeue("$share/g/t", 1);
  store.commit();
  assert.equal(store.kept.deliveries.size, 0);
});

Deno.test("MemoryStore refuses writes that make no sense", async () => {
  const { store } = await open("byHand");
  assert.throws(() => store.saveReceived("c", 1), /has no session/);
  assert.throws(() => store.enqueue("c", delivery(1)), /has no session/);
  store.saveSession(SESSION);
  assert.throws(() => store.assign("c", 1, "c", 1), /is not owed delivery 1/);
  assert.throws(() => store.release("c", 1), /no delivery with packet id 1/);
  store.enqueue("c", delivery(1));
  assert.throws(
    () => store.enqueue("c", delivery(1)),
    /owed delivery 1 already/,
  );
  store.enqueue("c", delivery(2));
  store.assign("c", 1, "c", 1);
  assert.throws(() => store.assign("c", 2, "c", 1), /packet id 1 already/);
});
