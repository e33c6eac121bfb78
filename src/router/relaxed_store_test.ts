import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import { RelaxedStore } from "../store/relaxed_store.ts";
import { PERSISTENT, TestRouter } from "../../tests/support/router.ts";
import { DurabilityRules } from "./topics/durability_rules.ts";

Deno.test("with --durability interval a new session gets nothing of the one that was wiped, and all that is its own", async () => {
  const memory = new MemoryStore("byHand");
  await using router = new TestRouter({
    store: new RelaxedStore(memory),
    durability: new DurabilityRules("interval"),
  });
  const publisher = await router.connect();
  const properties = PERSISTENT.properties;
  const first = await router.connect({ ...PERSISTENT, clientId: "c" });
  await first.subscribe("a", { qos: 1 });
  await first.lose();
  for (let n = 1; n <= 20; n++) {
    await publisher.publish("a", `old ${n}`, { qos: 1 });
  }
  await router.settle();
  memory.commit();
  await router.settle();
  // Says that it wants nothing of that; and goes again, before the next commit.
  const wiped = { clientId: "c", clean: true, properties };
  const second = await router.connect(wiped);
  await second.subscribe("a", { qos: 1 });
  await second.lose();
  for (let n = 1; n <= 20; n++) {
    await publisher.publish("a", `new ${n}`, { qos: 1 });
  }
  await router.settle();
  const third = await router.connect({ ...PERSISTENT, clientId: "c" });
  await router.settle();
  const seen = third.payloads();
  memory.commit();
  for (let n = 0; n < 5; n++) {
    await router.settle();
    memory.commit();
  }
  seen.push(...third.payloads());
  assert.deepEqual(seen, Array.from({ length: 20 }, (_, n) => `new ${n + 1}`));
});
