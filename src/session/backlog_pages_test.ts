import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import { PERSISTENT, TestRouter } from "../../tests/support/router.ts";

/** Hands pages over when the test says so. */
class HesitantPages extends MemoryStore {
  readonly pages: (() => void)[] = [];
  hesitates = false;

  override read(...[query, take]: Parameters<MemoryStore["read"]>): void {
    super.read(query, (page) => {
      if (this.hesitates) this.pages.push(() => take(page));
      else take(page);
    });
  }
}

const LIMITS = { queuedInMemory: 2000 };

Deno.test("Backlog keeps nothing in memory of a page that comes when its owner is offline again", async () => {
  const store = new HesitantPages();
  await using router = new TestRouter({ store, limits: LIMITS });
  const publisher = await router.connect();
  const options = { ...PERSISTENT, clientId: "c" };
  const client = await router.connect(options);
  await client.subscribe("a", { qos: 1 });
  await client.lose();
  for (let n = 0; n < 50; n++) await publisher.publish("a", `${n}`, { qos: 1 });
  await router.settle();
  store.hesitates = true;
  const again = await router.connect(options);
  await router.settle();
  assert.equal(store.pages.length, 1);
  await again.lose();
  store.pages.shift()!();
  await router.settle();
  assert.equal(router.counters.queuedBytesNow, 0);
  store.hesitates = false;
  const last = await router.connect(options);
  await router.settle();
  assert.equal(last.payloads().length, 50);
});

Deno.test("Backlog drops the oldest of shared groups, whose numbers have gaps", async () => {
  const groups = [0, 1, 2, 3];
  const store = new MemoryStore();
  const limits = { ...LIMITS, queuedMessages: 10 };
  await using router = new TestRouter({ store, limits });
  const publisher = await router.connect();
  const options = { ...PERSISTENT, clientId: "member" };
  const member = await router.connect(options);
  for (const g of groups) await member.subscribe(`$share/g/t${g}`, { qos: 1 });
  await member.lose();
  for (let n = 1; n <= 50; n++) {
    for (const g of groups) {
      await publisher.publish(`t${g}`, String(n), { qos: 1 });
    }
    await router.settle();
  }
  assert.equal(router.counters.queuedNow, 40);
  assert.equal(router.counters.dropped.queueMessages, 4 * 40);
  for (const g of groups) {
    assert.equal(store.written.owed(`$share/g/t${g}`).length, 10);
  }
  const again = await router.connect(options);
  const seen = new Map<string, string[]>(groups.map((g) => [`t${g}`, []]));
  for (;;) {
    await router.settle();
    const messages = again.messages();
    if (messages.length === 0) break;
    for (const { topic, payload, packetId } of messages) {
      seen.get(topic)!.push(new TextDecoder().decode(payload));
      await again.acknowledge("puback", packetId);
    }
  }
  const expected = Array.from({ length: 10 }, (_, n) => String(41 + n));
  for (const payloads of seen.values()) assert.deepEqual(payloads, expected);
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(router.counters.storedBytesNow, 0);
});
