import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import type { BacklogPage } from "../store/store.ts";
import { PERSISTENT, TestRouter } from "../../tests/support/router.ts";

/** As SqliteStore does where a page has as many rows as it looked for: the first page does not say that it is the last. */
class FullPages extends MemoryStore {
  pages: (() => void)[] = [];
  first = true;
  override read(...[query, take]: Parameters<MemoryStore["read"]>): void {
    super.read(query, (page: BacklogPage) => {
      if (this.first) {
        this.first = false;
        take({ ...page, end: false });
      } else this.pages.push(() => take(page));
    });
  }
}

Deno.test("SharedGroup sends a QoS 2 message to one member once, also at the end of its backlog", async () => {
  const store = new FullPages();
  await using router = new TestRouter({ store });
  const publisher = await router.connect();
  const kept = await router.connect({ ...PERSISTENT, clientId: "kept" });
  await kept.subscribe("$share/g/a", { qos: 2 });
  await kept.lose();
  const send = async (payload: string) => {
    const packetId = await publisher.publish("a", payload, { qos: 2 });
    await router.settle();
    await publisher.acknowledge("pubrel", packetId);
    await router.settle();
  };
  await send("1");
  await send("2");
  // Not kept; takes two at a time, later one more.
  const properties = { receiveMaximum: 3 };
  const passing = await router.connect({ clean: true, properties });
  await passing.subscribe("$share/g/a", { qos: 2 });
  await router.settle();
  assert.deepEqual(passing.payloads(), ["1", "2"]);
  await send("3");
  await send("4");
  // 3 is under way, 4 waits behind the stretch; now the page comes that was on its way.
  const decoder = new TextDecoder();
  const seen: string[] = [];
  for (let n = 0; n < 10; n++) {
    store.pages.shift()?.();
    await router.settle();
    for (const packet of passing.take()) {
      if (packet.type === "pubrel") {
        await passing.acknowledge("pubcomp", packet.packetId);
      } else if (packet.type === "publish") {
        seen.push(decoder.decode(packet.payload));
      }
    }
    await router.settle();
    // Room for one more: the first of those under way is done.
    if (n < 2) {
      await passing.acknowledge("pubrec", n + 1);
    }
  }
  assert.deepEqual(seen, ["3", "4"]);
});

Deno.test("the Store forgets what was acknowledged by a client that has resumed its session with expiry interval 0", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store });
  const publisher = await router.connect();
  const first = await router.connect({ ...PERSISTENT, clientId: "c" });
  await first.subscribe("a", { qos: 1 });
  await first.lose();
  const again = await router.connect({ clean: false, clientId: "c" });
  for (let n = 0; n < 50; n++) {
    await publisher.publish("a", `${n}`, { qos: 1 });
    await router.settle();
    for (const { packetId } of again.messages()) {
      await again.acknowledge("puback", packetId);
    }
  }
  await router.settle();
  assert.equal(store.written.owed("c").length, 0);
});
