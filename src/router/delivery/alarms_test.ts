import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import { PERSISTENT, TestRouter } from "../../../tests/support/router.ts";

const TOPIC = "$SYS/broker/alarm/store";
const decoder = new TextDecoder();

Deno.test("Alarms are told to who has subscribed and to who subscribes, a line for each matter", async () => {
  await using router = new TestRouter();
  const early = await router.connect();
  await early.subscribe("$SYS/#");
  router.handle.raise("store", "disk", "The disk is full");
  await router.settle();
  router.handle.raise("store", "file", "The file was damaged");
  router.handle.raise("store", "disk", "The disk is full");
  await router.settle();
  assert.deepEqual(early.payloads(), [
    "The disk is full",
    "The disk is full\nThe file was damaged",
  ]);
  const late = await router.connect();
  await late.subscribe(TOPIC);
  const [retained, ...more] = late.messages();
  assert.equal(retained!.retain, true);
  assert.equal(
    decoder.decode(retained!.payload),
    "The disk is full\nThe file was damaged",
  );
  assert.equal(more.length, 0);
});

Deno.test("Alarms end with their last matter, in an empty message", async () => {
  await using router = new TestRouter();
  const early = await router.connect();
  await early.subscribe(TOPIC);
  router.handle.clear("store", "disk");
  router.handle.raise("store", "disk", "The disk is full");
  router.handle.raise("store", "file", "The file was damaged");
  router.handle.clear("store", "disk");
  router.handle.clear("store", "file");
  await router.settle();
  assert.deepEqual(early.payloads().slice(2), ["The file was damaged", ""]);
  const late = await router.connect();
  await late.subscribe(TOPIC);
  assert.deepEqual(late.take(), []);
  assert.equal(router.counters.retainedNow, 0);
  assert.equal(router.counters.retainedBytesNow, 0);
});

Deno.test("Alarms are not kept in the Store, and no limit keeps them from being retained", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({
    store,
    limits: { retainedMessages: 0 },
  });
  const persistent = await router.connect({ ...PERSISTENT, clientId: "p" });
  await persistent.subscribe(TOPIC, { qos: 1 });
  await persistent.lose();
  router.handle.raise("store", "disk", "The disk is full");
  await router.settle();
  assert.equal(store.kept.retained.size, 0);
  assert.equal(store.kept.owed("p").length, 0);
  const late = await router.connect();
  await late.subscribe(TOPIC);
  assert.deepEqual(late.payloads(), ["The disk is full"]);
});

Deno.test("Publishing refuses what clients publish to topics of the broker's own, and keeps the connection", async () => {
  await using router = new TestRouter();
  router.handle.raise("store", "disk", "The disk is full");
  const subscriber = await router.connect();
  await subscriber.subscribe("$SYS/#", { qos: 2 });
  await subscriber.subscribe("$CONTROL/#");
  await subscriber.subscribe("$share");
  await subscriber.subscribe("a$");
  subscriber.take();
  for (const version of [4, 5] as const) {
    const client = await router.connect({ version });
    for (
      const topic of [
        TOPIC,
        "$SYS/x",
        "$SYS",
        "$CONTROL/x",
        "$CONTROL",
        "$share/g/x",
      ]
    ) {
      for (const retain of [false, true]) {
        const options = { retain };
        await client.publish(topic, "", options);
        const one = await client.publish(topic, "", { ...options, qos: 1 });
        const two = await client.publish(topic, "", { ...options, qos: 2 });
        await router.settle();
        const reasonCode = version === 5 ? 0x87 : 0;
        const [first, second, ...more] = client.take();
        assert.ok(first?.type === "puback" && second?.type === "pubrec");
        assert.equal(first.packetId, one);
        assert.equal(first.reasonCode ?? 0, reasonCode);
        assert.equal(second.packetId, two);
        assert.equal(second.reasonCode ?? 0, reasonCode);
        assert.equal(more.length, 0);
        if (version === 5) continue;
        await client.acknowledge("pubrel", two);
        await router.settle();
        client.expect("pubcomp");
      }
    }
    await client.publish("a$", "taken");
    await router.settle();
    assert.deepEqual(subscriber.payloads(), ["taken"]);
    assert.equal(client.endCause(), undefined);
  }
  assert.equal(router.counters.dropped.reservedTopic, 2 * 6 * 2 * 3);
  assert.equal(router.counters.retainedNow, 0);
  const [line] = router.log.filter((line) => line.includes("topic=$SYS/x "));
  assert.match(line!, /Publishing denied .*why=".*are the broker's own"/);
});
