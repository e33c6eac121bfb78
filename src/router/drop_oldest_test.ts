import assert from "node:assert/strict";
import { PERSISTENT, TestRouter } from "../../tests/support/router.ts";
import { DurabilityRules } from "./topics/durability_rules.ts";

Deno.test("Backlog drops the oldest where only some are kept", async () => {
  const durability = new DurabilityRules("commit", [
    { filter: "off/#", durability: "off" },
  ]);
  const limits = { queuedMessages: 5 };
  await using router = new TestRouter({ limits, durability });
  const publisher = await router.connect();
  const options = { ...PERSISTENT, clientId: "c" };
  const client = await router.connect(options);
  await client.subscribe("#", { qos: 1 });
  await client.lose();
  const topics = ["a", "off/a", "off/a", "off/a", "a"];
  for (let n = 1; n <= 40; n++) {
    const topic = topics[n - 1] ?? "off/a";
    await publisher.publish(topic, String(n), { qos: 1 });
    await router.settle();
    assert.equal(router.counters.queuedNow, Math.min(n, 5), `after ${n}`);
  }
  assert.equal(router.counters.storedBytesNow, 0);
  const again = await router.connect(options);
  await router.settle();
  assert.deepEqual(again.payloads(), ["36", "37", "38", "39", "40"]);
});
