import assert from "node:assert/strict";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../../tests/support/router.ts";
import {
  publish,
  subscribe,
  type Subscription,
} from "../../../tests/support/clients/write_packets.ts";
import { MemoryStore } from "../../store/memory_store.ts";
import type { PublishTrace, Tracer } from "./tracer.ts";

/** Follows every publish. */
class All implements Tracer {
  readonly publishTraces: PublishTrace[] = [];
  notFollowed = 0;

  begin(): (publishTrace: PublishTrace) => void {
    return (publishTrace) => void this.publishTraces.push(publishTrace);
  }
  tooMany(): void {
    this.notFollowed++;
  }
  /** The one publishTrace that has ended since the last call. */
  get one(): PublishTrace {
    assert.equal(this.publishTraces.length, 1);
    return this.publishTraces.pop()!;
  }
}

async function follow(router: TestRouter): Promise<All> {
  const all = new All();
  router.handle.trace(all);
  await router.settle();
  return all;
}

/** Has a persistent client subscribe, which it is told once that is committed. */
async function subscribeOnDisk(
  router: TestRouter,
  peer: Peer,
  subscription: Subscription,
): Promise<void> {
  await peer.send(subscribe(5, peer.nextPacketId(), [subscription]));
  await router.commit();
}

/** Requires that these times come one after the other. */
function assertInOrder(...times: (number | undefined)[]): void {
  assert.deepEqual(times, times.toSorted((a, b) => a! - b!));
}

Deno.test("tracing: a publish is followed to the socket of each receiver, at every QoS", async () => {
  await using router = new TestRouter();
  const [publisher, one, two] = [
    await router.connect({ clientId: "publisher" }),
    await router.connect({ clientId: "one" }),
    await router.connect({ clientId: "two" }),
  ];
  await one.subscribe("a", { qos: 2 });
  await two.subscribe("a", { qos: 0 });
  const all = await follow(router);
  for (const qos of [0, 1, 2] as const) {
    await publisher.publish("a", "hello", { qos });
    await router.settle();
    const publishTrace = all.one;
    assert.equal(publishTrace.clientId, "publisher");
    assert.equal(publishTrace.topic, "a");
    assert.deepEqual([publishTrace.qos, publishTrace.payloadBytes], [qos, 5]);
    assert.deepEqual([publishTrace.reason, publishTrace.subscribers], [0, 2]);
    assert.deepEqual(
      publishTrace.deliveries.map((
        { clientId, outcome },
      ) => [clientId, outcome]),
      [["one", "written"], ["two", "written"]],
    );
    const { submittedAt, begunAt, routedAt, endedAt } = publishTrace;
    assert.ok(submittedAt !== undefined);
    assertInOrder(submittedAt, begunAt, routedAt, endedAt);
    assert.equal(publishTrace.waitsForStore, false);
    assert.equal(publishTrace.unfinished, false);
  }
});

Deno.test("tracing: followed QoS 0 messages keep their order, those before and behind them too", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const subscriber = await router.connect();
  await subscriber.subscribe("a");
  let count = 0;
  const publishTraces: PublishTrace[] = [];
  router.handle.trace({
    begin: () =>
      count++ % 3 === 1
        ? (publishTrace) => void publishTraces.push(publishTrace)
        : undefined,
    tooMany: () => {},
  });
  const texts = Array.from({ length: 10 }, (_, i) => `${i}`);
  await publisher.send(...texts.map((text) => publish(5, "a", text)));
  await router.settle();
  assert.deepEqual(subscriber.payloads(), texts);
  assert.equal(publishTraces.length, 3);
  for (const { deliveries } of publishTraces) {
    assert.equal(deliveries.length, 1);
  }
});

Deno.test("tracing: what needs the disk ends when it is committed, and is held up at the gate until then", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const publisher = router.arrive({ ...PERSISTENT, clientId: "publisher" });
  const subscriber = router.arrive({ ...PERSISTENT, clientId: "subscriber" });
  await router.commit();
  await subscribeOnDisk(router, subscriber, { filter: "a", qos: 2 });
  const all = await follow(router);
  await publisher.publish("a", "", { qos: 2 });
  await router.settle();
  assert.deepEqual(all.publishTraces, []);
  await router.commit();
  const { waitsForStore, routedAt, committedAt, deliveries } = all.one;
  assert.equal(waitsForStore, true);
  const [{ releasedAt, endedAt, outcome }] = deliveries as [
    typeof deliveries[0],
  ];
  assert.equal(outcome, "written");
  assert.ok(committedAt !== undefined && releasedAt !== undefined);
  assertInOrder(routedAt, releasedAt, endedAt);
  assertInOrder(routedAt, committedAt);
});

Deno.test("tracing: what a publisher receives of its own at once ends then, though its answer waits for the disk", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const publisher = await router.connect({ clientId: "publisher" });
  const away = router.arrive({ ...PERSISTENT, clientId: "away" });
  await router.commit();
  await publisher.subscribe("a", { qos: 0 });
  await subscribeOnDisk(router, away, { filter: "a", qos: 1 });
  await away.lose();
  const all = await follow(router);
  await publisher.publish("a", "", { qos: 1 });
  await router.settle();
  assert.deepEqual(all.publishTraces, []);
  await router.commit();
  const { deliveries: [own], routedAt, committedAt } = all.one;
  assert.equal(own!.clientId, "publisher");
  assert.equal(own!.releasedAt, routedAt);
  assert.ok(own!.endedAt < committedAt!);
});

Deno.test("tracing: tells for whom a message waits, and what was dropped", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const away = await router.connect({ ...PERSISTENT, clientId: "away" });
  await away.subscribe("a", { qos: 1 });
  await away.lose();
  const all = await follow(router);

  await publisher.publish("a", "", { qos: 1 });
  await router.settle();
  const waiting = all.one;
  assert.deepEqual(waiting.queued, ["away"]);
  assert.deepEqual([waiting.deliveries, waiting.dropped], [[], []]);

  await publisher.publish("a");
  await router.settle();
  const dropped = all.one;
  assert.deepEqual(dropped.dropped, [["offline", 1]]);
  assert.deepEqual([dropped.deliveries, dropped.queued], [[], []]);

  await publisher.publish("nobody", "", { qos: 1 });
  await router.settle();
  assert.equal(all.one.reason, 0x10);
  publisher.take();
});

Deno.test("tracing: finds the member of a shared group that got a message, and a group in which it waits", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const members = [
    await router.connect({ clientId: "one" }),
    await router.connect({ clientId: "two" }),
  ];
  for (const member of members) {
    await member.subscribe("$share/g/a", { qos: 1 });
  }
  const all = await follow(router);
  const receivers: string[] = [];
  for (const qos of [0, 0, 1, 1] as const) {
    await publisher.publish("a", "", { qos });
    await router.settle();
    const { deliveries, subscribers } = all.one;
    assert.deepEqual([deliveries.length, subscribers], [1, 1]);
    receivers.push(deliveries[0]!.clientId);
  }
  assert.deepEqual(receivers.toSorted(), ["one", "one", "two", "two"]);

  const away = await router.connect({ ...PERSISTENT, clientId: "away" });
  await away.subscribe("$share/h/b", { qos: 1 });
  await away.lose();
  await publisher.publish("b", "", { qos: 1 });
  await router.settle();
  assert.deepEqual(all.one.queued, ["$share/h/b"]);
  publisher.take();
});

Deno.test("tracing: ends with a client that goes, with the tracer, and when it takes too long", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const slow = await router.connect({ clientId: "slow" });
  await slow.subscribe("a");
  slow.limit(0);
  const all = await follow(router);

  await publisher.publish("a");
  await router.settle();
  assert.deepEqual(all.publishTraces, []);
  await router.advance(29_000);
  assert.deepEqual(all.publishTraces, []);
  await router.advance(2_000);
  const late = all.one;
  assert.equal(late.deliveries[0]!.outcome, "unfinished");
  assert.equal(late.unfinished, true);

  await publisher.publish("a");
  await router.settle();
  router.handle.trace(undefined);
  await router.settle();
  assert.equal(all.one.unfinished, true);
  await publisher.publish("a");
  await router.settle();
  assert.deepEqual(all.publishTraces, []);

  router.handle.trace(all);
  await router.settle();
  await publisher.publish("a");
  await router.settle();
  await slow.lose();
  const { deliveries: [delivery], unfinished } = all.one;
  assert.deepEqual([delivery!.outcome, unfinished], ["disconnected", false]);
});

Deno.test("tracing: no more than a thousand are under way, and 32 receivers told one by one", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const slow = await router.connect();
  await slow.subscribe("a");
  slow.limit(0);
  const all = await follow(router);
  const packet = publish(5, "a", "");
  await publisher.send(...Array.from({ length: 1003 }, () => packet));
  await router.settle();
  assert.deepEqual([all.publishTraces.length, all.notFollowed], [0, 3]);
  slow.resume();
  assert.equal(all.publishTraces.length, 1000);
  all.publishTraces.length = 0;

  for (let i = 0; i < 34; i++) {
    await (await router.connect()).subscribe("b");
  }
  await publisher.publish("b");
  await router.settle();
  const { deliveries, moreDeliveries, subscribers } = all.one;
  assert.deepEqual(
    [deliveries.length, moreDeliveries, subscribers],
    [32, 2, 34],
  );
});

Deno.test("tracing: tells what a publisher is told that is refused", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const all = await follow(router);
  await publisher.publish("$SYS/a", "", { qos: 1 });
  await router.settle();
  const { reason, detail, deliveries } = all.one;
  assert.equal(reason, 0x87);
  assert.match(detail!, /^Cannot publish/);
  assert.deepEqual(deliveries, []);
  publisher.take();
});
