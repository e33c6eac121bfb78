import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import { NoneStore } from "../store/none_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../tests/support/router.ts";
import { PINGREQ, publish } from "../../tests/support/clients/write_packets.ts";

const fault = (): never => {
  throw new Error("A fault for this test");
};

/** Requires that the Router told of so many faults, with their stacks, and still serves a client. */
async function assertTold(router: TestRouter, count: number): Promise<void> {
  const told = router.faults.splice(0);
  assert.equal(told.length, count);
  for (const line of told) {
    assert.match(line, /A fault for this test[^]*guard_test\.ts/);
  }
  const client = await router.connect();
  await client.send(PINGREQ);
  await router.settle();
  client.expect("pingresp");
}

/** A shared group's two members and a publisher; the first member's socket takes nothing. */
async function sharing(router: TestRouter) {
  const publisher = await router.connect();
  const one = await router.connect();
  await one.subscribe("$share/g/a", { qos: 1 });
  const other = await router.connect();
  await other.subscribe("$share/g/a", { qos: 1 });
  one.limit(0);
  return { publisher, one, other };
}

Deno.test("Router ends the one client whose session throws as its Outbox drains", async () => {
  await using router = new TestRouter();
  const victim = await router.connect();
  const observer = await router.connect();
  victim.link.session!.outbound.pump = fault;
  router.handle.drained(victim.link);
  router.handle.drained(observer.link);
  await router.settle();
  assert.equal(victim.endCause(), "internalError");
  assert.equal(observer.endCause(), undefined);
  await assertTold(router, 1);
});

Deno.test("Router ends the one client whose connection throws as it is flushed, and flushes the others", async () => {
  await using router = new TestRouter();
  const peers: Peer[] = [];
  for (let n = 0; n < 3; n++) {
    const peer = await router.connect();
    await peer.subscribe("a");
    peers.push(peer);
  }
  peers[1]!.flush = fault;
  const publisher = await router.connect();
  await publisher.send(publish(5, "a", "x"));
  await router.settle();
  assert.deepEqual(
    peers.map((peer) => peer.endCause()),
    [undefined, "internalError", undefined],
  );
  assert.deepEqual(peers[0]!.payloads(), ["x"]);
  assert.deepEqual(peers[2]!.payloads(), ["x"]);
  await assertTold(router, 1);
});

Deno.test("Router goes on after a shared group that throws as it shares out what came back", async () => {
  await using router = new TestRouter();
  const { publisher, one, other } = await sharing(router);
  const [group] = one.link.session!.groups;
  const { feedAll } = group!;
  group!.feedAll = fault;
  for (const payload of ["1", "2"]) {
    await publisher.publish("a", payload, { qos: 1 });
  }
  await one.lose();
  assert.equal(other.payloads().length, 1);
  assert.equal(other.endCause(), undefined);
  group!.feedAll = feedAll;
  await assertTold(router, 1);
});

Deno.test("Router ends the one client whose session throws as it goes on sending", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  for (let n = 0; n < 600; n++) {
    await publisher.publish(`a/${n}`, "x", { retain: true });
  }
  const victim = await router.connect();
  const { outbound } = victim.link.session!;
  const pump = outbound.pump.bind(outbound);
  // It has too many retained messages to send for one turn.
  outbound.pump = () => {
    outbound.pump = fault;
    pump();
  };
  await victim.subscribe("a/#");
  await router.settle();
  assert.equal(victim.endCause(), "internalError");
  assert.ok(victim.messages().length < 600);
  await assertTold(router, 1);
});

Deno.test("Router ends the one client that throws after a commit, and lets in and tells the others", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const gated: Peer[] = [];
  for (let n = 0; n < 3; n++) gated.push(await router.connect());
  for (const peer of gated) {
    await peer.publish("a", "x", { qos: 1, retain: true });
  }
  gated[1]!.link.committed = fault;
  const arriving = [1, 2, 3].map(() => router.arrive(PERSISTENT));
  await router.settle();
  arriving[1]!.link.send = fault;
  await router.commit();
  for (const peers of [gated, arriving]) {
    assert.deepEqual(
      peers.map((peer) => peer.endCause()),
      [undefined, "internalError", undefined],
    );
  }
  for (const n of [0, 2]) {
    gated[n]!.expect("puback");
    arriving[n]!.expect("connack");
  }
  await assertTold(router, 2);
});

Deno.test("Router goes on after a timer that throws, and writes what it had to say before", async () => {
  await using router = new TestRouter({ store: new NoneStore() });
  const watcher = await router.connect();
  await watcher.subscribe("#");
  const faulty = await router.connect();
  await faulty.subscribe("will/1");
  faulty.link.session!.outbound.deliverAtMostOnce = fault;
  for (const topic of ["will/1", "will/2"]) {
    const client = await router.connect({
      clean: false,
      properties: { sessionExpiryInterval: 1 },
      will: { topic, properties: { willDelayInterval: 10 } },
    });
    await client.lose();
    await router.advance(400);
  }
  for (const topic of ["will/1", "will/2"]) {
    router.clock.advance(400);
    assert.deepEqual(watcher.messages().map((one) => one.topic), [topic]);
  }
  await assertTold(router, 1);
});
