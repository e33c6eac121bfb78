// After any number of steps in any order, a power cut must find on the disk what was acknowledged: looked at after
// each step, with a store that commits when the generated steps say so.

import assert from "node:assert/strict";
import fc from "fast-check";
import { Contents } from "../store/contents.ts";
import { MemoryStore } from "../store/memory_store.ts";
import { type Peer, TestRouter } from "../../tests/support/router.ts";
import {
  Publisher,
  Subscriber,
  text,
} from "../../tests/support/clients/durable_clients.ts";
import { LONG } from "../../tests/support/sizes.ts";
import { subscribe } from "../../tests/support/clients/write_packets.ts";

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      who: fc.constantFrom(0, 1),
      qoss: fc.array(fc.constantFrom(1, 2), { minLength: 1, maxLength: 4 }),
      retain: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("answer" as const),
      who: fc.constantFrom(0, 1, 2),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("release" as const),
      who: fc.constantFrom(0, 1),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("commit" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("lose" as const, "connect" as const),
      who: fc.constantFrom(0, 1, 2, 3),
    }),
  },
);

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** Everybody of a run: two publishers, two subscribers that are kept and a shared member, a observer that is not. */
async function setUp(queuedInMemory: number) {
  const limits = { queuedInMemory };
  const disk = { store: new MemoryStore("byHand") };
  const router = new TestRouter({ ...disk, limits });
  const subscribers = [65_535, 2, 3].map((receiveMaximum, n) =>
    new Subscriber(disk, `subscriber ${n}`, receiveMaximum)
  );
  const filters = [
    { filter: "t/+", qos: 2 },
    { filter: "#", qos: 1 },
    { filter: "$share/g/t/a", qos: 2 },
  ];
  for (const [n, subscriber] of subscribers.entries()) {
    subscriber.connect(router);
    await router.settle();
    await router.commit();
    await subscriber.peer!.send(subscribe(5, 1, [filters[n]!]));
    await router.settle();
    await router.commit();
    subscriber.look();
  }
  const publishers = [
    new Publisher(disk, "kept", true),
    new Publisher(disk, "not", false),
  ];
  for (const publisher of publishers) {
    publisher.connect(router);
    await router.settle();
    await router.commit();
    await publisher.look();
  }
  const observer = await watch(router);
  return { limits, disk, router, subscribers, publishers, observer };
}

type World = Awaited<ReturnType<typeof setUp>>;

async function watch(router: TestRouter): Promise<Peer> {
  const observer = await router.connect();
  await observer.subscribe("t/a", { qos: 2 });
  return observer;
}

/** The power is cut, and comes back. Who has no session that is kept stays away. */
async function cut(world: World): Promise<void> {
  const { disk, router, subscribers, publishers } = world;
  const kept = new Contents();
  disk.store.kept.copyTo(kept);
  for (const client of [...subscribers, ...publishers]) await client.lose();
  await router[Symbol.asyncDispose]();
  disk.store = new MemoryStore("byHand", kept);
  world.router = new TestRouter({ ...disk, limits: world.limits });
  await world.router.settle();
  world.observer = await watch(world.router);
  // It is sent what is retained, however long that has been.
  world.observer.take();
}

async function take(world: World, step: Step): Promise<void> {
  const { disk, router, subscribers, publishers } = world;
  if (step.do === "commit") disk.store.commit();
  else if (step.do === "cut") await cut(world);
  else if (step.do === "publish") {
    await publishers[step.who]!.publish(step.qoss, step.retain);
  } else if (step.do === "release") await publishers[step.who]!.release();
  else if (step.do === "answer") {
    for (let n = 0; n < step.count; n++) await subscribers[step.who]!.answer();
  } else {
    // A client that is there still is taken over.
    const client = subscribers[step.who] ?? publishers[0]!;
    if (step.do === "lose") await client.lose();
    else client.connect(router);
  }
  await world.router.settle();
}

/** What a power cut would leave now bears out all that anybody was told. */
async function check(world: World): Promise<void> {
  const { disk, subscribers, publishers, observer } = world;
  for (const subscriber of subscribers) subscriber.look();
  for (const publisher of publishers) await publisher.look();
  const { kept } = disk.store;
  const owed = new Map(
    subscribers.map(({ clientId }, n) => {
      const owner = n === 2 ? "$share/g/t/a" : clientId;
      const payloads = kept.owed(owner).map((message) =>
        new TextDecoder().decode(message.payload)
      );
      return [clientId, new Set(payloads)];
    }),
  );
  let retainedSince = false;
  for (const publisher of publishers) {
    for (const sent of publisher.sent) {
      if (!sent.acknowledged) continue;
      retainedSince ||= sent.retain;
      for (const { clientId, acknowledged } of subscribers) {
        assert.ok(
          owed.get(clientId)!.has(sent.payload) ||
            acknowledged.has(sent.payload),
          `${clientId} would lose ${sent.payload}`,
        );
      }
    }
  }
  assert.ok(kept.retained.has("t/a") || !retainedSince, "nothing is retained");
  const received = kept.received.get("kept");
  for (const message of observer.take()) {
    if (message.type !== "publish") continue;
    const sent = publishers[0]!.sent.find(({ payload }) =>
      payload === text(message)
    );
    if (sent?.qos !== 2 || sent.released) continue;
    assert.ok(received?.has(sent.packetId), `${sent.payload} came too early`);
  }
}

/** Lets everything come to its end. */
async function finish(world: World): Promise<void> {
  const { router, subscribers, publishers } = world;
  for (const client of [...subscribers, publishers[0]!]) {
    if (client.peer === undefined) client.connect(router);
  }
  for (let idle = 0; idle < 3; idle++) {
    await router.settle();
    await router.commit();
    await check(world);
    for (const subscriber of subscribers) {
      for (; subscriber.pending > 0; idle = 0) await subscriber.answer();
    }
    for (const publisher of publishers) {
      for (const _ of publisher.sent) await publisher.release();
    }
  }
}

Deno.test("a power cut at any moment leaves either the message or no acknowledgement of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 5, maxLength: 60 }),
      // Of the messages that wait, two or none, or all that are here.
      fc.constantFrom(400, 0, 100_000),
      async (steps, queuedInMemory) => {
        const world = await setUp(queuedInMemory);
        await using stack = new AsyncDisposableStack();
        stack.defer(() => world.router[Symbol.asyncDispose]());
        for (const step of steps) {
          await take(world, step);
          await check(world);
        }
        await finish(world);
        const { subscribers, publishers, disk, router } = world;
        for (const [n, { delivered }] of subscribers.entries()) {
          for (const publisher of publishers) {
            const own = delivered.filter((payload) =>
              payload.startsWith(`${publisher.clientId} `)
            );
            const once = [...new Set(own)];
            // What nobody acknowledged to a client that stayed away may be lost.
            const expected = publisher.sent.filter((
              { payload, acknowledged },
            ) =>
              publisher.peer !== undefined || acknowledged ||
              once.includes(payload)
            );
            assert.deepEqual(
              once.toSorted(),
              expected.map(({ payload }) => payload).toSorted(),
            );
            // QoS 2 comes once, and in order as far as it was published so.
            for (const qos of [1, 2]) {
              const payloads = new Set(
                expected.filter((sent) => sent.qos === qos)
                  .map((sent) => sent.payload),
              );
              const inOrder = [...payloads];
              const got = (qos === 2 && n !== 1 ? own : once).filter((one) =>
                payloads.has(one)
              );
              assert.deepEqual(got, inOrder);
            }
          }
        }
        assert.equal(disk.store.kept.deliveries.size, 0);
        assert.equal(router.counters.queuedNow, 0);
        assert.equal(router.counters.queuedBytesNow, 0);
        assert.equal(router.counters.storedBytesNow, 0);
        assert.equal(router.counters.inflightBytesNow, 0);
      },
    ),
    { numRuns: LONG ? 500 : 20 },
  );
});
