/** Who may do what, by rules made up for the test: what the broker does with the answers, whatever the rules. */

import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { BY_NAME } from "../../support/by_name.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { type Allowed, FakeRights } from "../../support/rights.ts";
import {
  subscribe,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

/** A broker where bob may do this, and others all. */
function start(bob: Allowed): Promise<TestBroker> {
  const rights = new FakeRights({ bob });
  return TestBroker.start({ rights, authenticator: BY_NAME });
}

const BOB = { username: "bob", clientId: "b" } as const;

for (const version of VERSIONS) {
  const named = (text: string) => `rights ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named("a denied message reaches nobody, and is told in the log"),
    async () => {
      await using broker = await start({ publish: ["open/#"] });
      const reader = await broker.connect();
      await reader.subscribe("#", { qos: 2 });
      const bob = await broker.connect({ ...BOB, version });
      const options = { qos: 1, retain: true };
      const reasonCode = await bob.publish("closed/a", "x", options);
      assert.equal(reasonCode, version === 5 ? 0x87 : 0);
      await bob.sendPublish("closed/a", "x");
      await bob.publish("open/a", "y", { qos: 1 });
      assert.equal(payloadText(await reader.message()), "y");
      await reader.expectNothing();
      assert.equal(broker.counters.denied.publish, 2);
      assert.equal(broker.counters.retainedNow, 0);
      const told = broker.log.filter((line) => line.includes("denied"));
      assert.equal(told.length, 1);
      assert.match(told[0]!, /client=b user=bob topic=closed\/a/);
      assert.match(told[0]!, /No rule lets bob publish closed\/a/);
    },
  );

  Deno.test(
    named("a denied subscription is refused, also a shared one"),
    async () => {
      await using broker = await start({ subscribe: ["open/#"] });
      const list = ["open/#", "#", "$share/g/#", "$share/g/open/#"];
      const bob = await broker.connect({ ...BOB, version });
      if (version === 3) {
        await bob.subscribe("open/#");
        await bob.sendRaw(subscribe(version, 9, [{ filter: "#" }]));
        await bob.expectClosed();
      } else {
        const filters = list.map((filter) => ({ filter }));
        const { reasonCodes } = await bob.subscribe(filters);
        const refused = version === 5 ? 0x87 : 0x80;
        assert.deepEqual(reasonCodes, [0, refused, refused, 0]);
      }
      assert.equal(broker.counters.denied.subscribe, version === 3 ? 1 : 2);
      const told = broker.log.filter((line) => line.includes("denied"));
      assert.match(told[0]!, /No rule lets bob subscribe #/);
    },
  );

  Deno.test(named("a denied will is refused with the connection"), async () => {
    await using broker = await start({ publish: ["open/#"] });
    const reader = await broker.connect();
    await reader.subscribe("#");
    const bob = await broker.open(version);
    await bob.sendConnect({ ...BOB, will: { topic: "closed/a" } });
    await bob.expectRefused(version === 5 ? 0x87 : 5);
    assert.equal(broker.counters.refused.notAuthorized, 1);
    assert.equal(broker.counters.denied.will, 1);
    const welcome = await broker.connect({
      ...BOB,
      version,
      will: { topic: "open/a" },
    });
    await welcome.close();
    assert.equal((await reader.message()).topic, "open/a");
    await reader.expectNothing();
  });
}

Deno.test("rights: a bridge may come in whose will on its state is denied, and that will is not sent", async () => {
  await using broker = await start({ publish: ["open/#"] });
  const topic = "$SYS/broker/connection/house/state";
  const reader = await broker.connect();
  await reader.subscribe(topic);
  await reader.subscribe("open/#");
  const bridge = { ...BOB, version: 4, bridge: true } as const;
  const bob = await broker.connect({ ...bridge, will: { topic } });
  assert.equal(broker.counters.denied.will, 1);
  await bob.publish(topic, "1", { qos: 1 });
  await bob.publish("open/a", "x", { qos: 1 });
  assert.equal((await reader.message()).topic, "open/a");
  await bob.close();
  await until("it was dropped", () => broker.counters.denied.will === 2);
  await reader.expectNothing();
});

Deno.test("rights: a will that is denied when it is due is not sent", async () => {
  await using broker = await start({});
  const reader = await broker.connect();
  await reader.subscribe("#");
  const bob = await broker.connect({ ...BOB, will: { topic: "closed/a" } });
  await broker.changeRights(new FakeRights({ bob: { publish: ["open/#"] } }));
  await bob.close();
  await until("it was dropped", () => broker.counters.denied.will === 1);
  await reader.expectNothing();
  assert.equal(broker.counters.dropped.notAuthorized, 1);
});

Deno.test("rights: subscriptions stay when the rules change, mute where they forbid it, and that is told", async () => {
  await using broker = await start({});
  const alice = await broker.connect();
  const bob = await broker.connect(BOB);
  await bob.subscribe([{ filter: "closed/#" }, { filter: "open/#" }]);
  const allowed = { receive: ["open/#"], subscribe: ["open/#"] };
  await broker.changeRights(new FakeRights({ bob: allowed }));
  assert.ok(
    broker.log.some((line) =>
      /receive nothing any more.* subscriptions=1/.test(line)
    ),
  );
  for (const topic of ["closed/a", "open/a"]) {
    await alice.publish(topic, topic, { qos: 1 });
  }
  assert.equal((await bob.message()).topic, "open/a");
  await bob.expectNothing();
  await broker.changeRights(undefined);
  await alice.publish("closed/a", "back", { qos: 1 });
  assert.equal(payloadText(await bob.message()), "back");
});

Deno.test("rights: a session has those of the user who comes for it", async () => {
  await using broker = await start({ publish: ["open/#"] });
  const kept = { clean: false, properties: { sessionExpiryInterval: 100 } };
  const comes = async (username: string) => {
    const client = await broker.connect({ ...BOB, ...kept, username });
    const reasonCode = await client.publish("closed", "", { qos: 1 });
    await client.close();
    return reasonCode;
  };
  assert.equal(await comes("bob"), 0x87);
  assert.equal(await comes("bob"), 0x87);
});
