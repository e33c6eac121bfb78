import assert from "node:assert/strict";
import { FakeRights } from "../../tests/support/rights.ts";
import { TestRouter } from "../../tests/support/router.ts";
import {
  publish,
  type Version,
} from "../../tests/support/clients/write_packets.ts";

const ALICE = { username: "alice" };

for (const version of [3, 4, 5] satisfies Version[]) {
  Deno.test(`Router drops what a client of version ${version} may not publish, and says so to whom it can`, async () => {
    const rights = new FakeRights({ alice: { publish: ["open/#"] } });
    await using router = new TestRouter({ rights });
    const reader = await router.connect();
    await reader.subscribe("#", { qos: 2 });
    const alice = await router.connect({ ...ALICE, version });
    for (const qos of [0, 1, 2]) {
      for (const retain of [false, true]) {
        await alice.publish("closed", "no", { qos, retain });
      }
    }
    await router.settle();
    const refused = version === 5 ? 0x87 : 0;
    const answers = alice.take();
    assert.deepEqual(
      answers.map((packet) => packet.type),
      ["puback", "puback", "pubrec", "pubrec"],
    );
    for (const packet of answers) {
      assert.ok("reasonCode" in packet);
      assert.equal(packet.reasonCode, refused);
      if (version < 5) continue;
      assert.ok("properties" in packet);
      const { reasonString } = packet.properties;
      assert.equal(reasonString, "Cannot publish: not authorized");
    }
    if (version < 5) {
      for (const id of [3, 4]) await alice.acknowledge("pubrel", id);
      await router.settle();
      assert.deepEqual(alice.take().map(({ type }) => type), [
        "pubcomp",
        "pubcomp",
      ]);
    }
    await alice.publish("open/a", "yes", { qos: 1 });
    await router.settle();
    assert.deepEqual(reader.payloads(), ["yes"]);
    assert.equal(router.counters.retainedNow, 0);
    assert.equal(router.counters.denied.publish, 6);
    assert.equal(router.counters.dropped.notAuthorized, 6);
  });
}

Deno.test("Router drops what may not be published out of the midst of a run of QoS 0 messages", async () => {
  const rights = new FakeRights({ alice: { publish: ["open"] } });
  await using router = new TestRouter({ rights });
  const reader = await router.connect();
  await reader.subscribe("#");
  const alice = await router.connect(ALICE);
  const at = (topic: string, payload: string) => publish(5, topic, payload, {});
  await alice.send(
    at("open", "1"),
    at("closed", "2"),
    at("open", "3"),
    at("open", "4"),
    at("closed", "5"),
  );
  await router.settle();
  assert.deepEqual(reader.payloads(), ["1", "3", "4"]);
  assert.equal(router.counters.denied.publish, 2);
});

Deno.test("Router looks at the topic that an alias stands for", async () => {
  const rights = new FakeRights({ alice: { publish: ["open"] } });
  await using router = new TestRouter({ rights });
  const reader = await router.connect();
  await reader.subscribe("#");
  const alice = await router.connect(ALICE);
  const aliased = (topicAlias: number) => ({ properties: { topicAlias } });
  await alice.publish("closed", "1", aliased(1));
  await alice.publish("open", "2", aliased(2));
  await alice.publish("", "3", aliased(1));
  await alice.publish("", "4", aliased(2));
  await router.settle();
  assert.deepEqual(reader.payloads(), ["2", "4"]);
});

Deno.test("Router asks once for messages of the same topic that follow each other, and anew after a change", async () => {
  const rights = new FakeRights({ alice: { publish: ["a"] } });
  await using router = new TestRouter({ rights });
  const alice = await router.connect(ALICE);
  for (let i = 0; i < 10; i++) await alice.publish("a", "", { qos: i % 2 });
  assert.equal(rights.asked, 1);
  router.handle.changeRights(new FakeRights({ alice: { publish: [] } }));
  alice.take();
  await alice.publish("a", "", { qos: 1 });
  await router.settle();
  assert.equal(alice.expect("puback").reasonCode, 0x87);
  router.handle.changeRights(undefined);
  await alice.publish("a", "", { qos: 1 });
  await router.settle();
  assert.equal(alice.expect("puback").reasonCode, 0x10);
});

Deno.test("Router sends no reason string to who wants none", async () => {
  const rights = new FakeRights({ alice: { publish: [] } });
  await using router = new TestRouter({ rights });
  const properties = { requestProblemInformation: 0 };
  const alice = await router.connect({ ...ALICE, properties });
  await alice.publish("a", "", { qos: 1 });
  await router.settle();
  const { reasonCode, properties: { reasonString } } = alice.expect("puback");
  assert.deepEqual([reasonCode, reasonString], [0x87, undefined]);
});
