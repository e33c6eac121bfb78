import assert from "node:assert/strict";
import fc from "fast-check";
import { MESSAGE_OVERHEAD } from "../../store/message.ts";
import { HesitantStore } from "../../../tests/support/stores/hesitant_store.ts";
import { type Peer, TestRouter } from "../../../tests/support/router.ts";
import { LONG } from "../../../tests/support/sizes.ts";
import { naiveMatches } from "../../../tests/support/topic_arbitraries.ts";
import {
  subscribe,
  unsubscribe,
} from "../../../tests/support/clients/write_packets.ts";

const RETAIN = { retain: true };

const TOPICS = ["a", "b", "a/a", "a/b", "a/b/c", "x/a"];
const FILTERS = ["#", "+", "a/#", "+/b", "a/b/c", "x/#"];

const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      topic: fc.constantFrom(...TOPICS),
      padding: fc.constantFrom(0, 0, 50, 1000, 70_000),
      qos: fc.constantFrom(0, 1),
      expiry: fc.constantFrom(0, 0, 0, 5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      topic: fc.constantFrom(...TOPICS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("subscribe" as const),
      peer: fc.nat(1),
      filter: fc.constantFrom(...FILTERS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("unsubscribe" as const),
      peer: fc.nat(1),
      filter: fc.constantFrom(...FILTERS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      peer: fc.nat(1),
      bytes: fc.constantFrom(100, 10_000, 100_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("commit", "answer", "settle", "time"),
    }),
  },
);
type AnyStep = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** What one subscription brought: to each topic the payloads' numbers. */
type Seen = Map<string, string[]>;

/** A router with two subscribers that read little by little, and what they got. */
class World {
  readonly store = new HesitantStore("byHand");
  readonly router: TestRouter;
  publisher!: Peer;
  readonly peers: Peer[] = [];
  readonly seen: Seen[] = [new Map(), new Map()];

  constructor(retainedInMemory: number) {
    const limits = { retainedInMemory, retainedBytes: 300_000 };
    this.router = new TestRouter({ store: this.store, limits });
  }

  async begin(): Promise<void> {
    this.publisher = await this.router.connect();
    for (let n = 0; n < 2; n++) this.peers.push(await this.router.connect());
  }

  async take(step: AnyStep, number: number): Promise<void> {
    const { publisher, router, store, peers } = this;
    switch (step.kind) {
      case "set": {
        const { topic, padding, qos, expiry } = step;
        const payload = `${number} `.padEnd(padding, ".");
        const properties = expiry > 0 ? { messageExpiryInterval: expiry } : {};
        await publisher.publish(topic, payload, { ...RETAIN, qos, properties });
        break;
      }
      case "delete":
        await publisher.publish(step.topic, "", RETAIN);
        break;
      case "subscribe": {
        const { peer, filter } = step;
        await peers[peer]!.send(subscribe(5, number + 1, [{ filter }]));
        break;
      }
      case "unsubscribe":
        await peers[step.peer]!.send(
          unsubscribe(5, number + 1, [step.filter]),
        );
        break;
      case "read":
        peers[step.peer]!.limit(step.bytes);
        await router.settle();
        break;
      case "commit":
        store.commit();
        break;
      case "answer":
        store.answer();
        break;
      case "settle":
        await router.settle();
        break;
      case "time":
        router.clock.advance(2000);
    }
    this.#look();
  }

  /** Commits, answers and reads everything. */
  async settle(): Promise<void> {
    for (const peer of this.peers) peer.resume();
    do {
      await this.router.commit();
      this.store.answer();
      await this.router.settle();
    } while (this.store.asked.length > 0);
    this.#look();
  }

  /** Whoever is subscribed has what is retained now, and came to it without going back. */
  check(steps: readonly AnyStep[]): void {
    const { retained } = this.store.kept;
    for (const [n, seen] of this.seen.entries()) {
      const filters = [...this.peers[n]!.link.session!.subscriptions.keys()];
      const subscribed = steps.filter((step) =>
        step.kind === "subscribe" && step.peer === n
      );
      for (const [topic, message] of retained) {
        if (!filters.some((filter) => naiveMatches(filter, topic))) continue;
        const now = numberIn(message.payload);
        assert.equal(seen.get(topic)?.at(-1), now, `${topic} of ${n}`);
      }
      for (const payloads of seen.values()) {
        const numbers = payloads.filter((one) => one !== "").map(Number);
        const expected = numbers.toSorted((one, other) => one - other);
        assert.deepEqual(
          numbers,
          subscribed.length > 1 ? expected : [...new Set(expected)],
        );
      }
    }
  }

  #look(): void {
    for (const [n, peer] of this.peers.entries()) {
      for (const packet of peer.take()) {
        if (packet.type !== "publish") continue;
        const payloads = this.seen[n]!.get(packet.topic) ?? [];
        payloads.push(numberIn(packet.payload));
        this.seen[n]!.set(packet.topic, payloads);
      }
    }
  }
}

Deno.test("RetainedMessages are the same with any budget, whatever happens", async () => {
  const property = fc.asyncProperty(
    fc.array(anyStep, { minLength: 5, maxLength: 50 }),
    fc.constantFrom(0, 500, 80_000),
    async (steps, budget) => {
      await using stack = new AsyncDisposableStack();
      const worlds = [new World(budget), new World(Infinity)] as const;
      for (const world of worlds) {
        stack.defer(() => world.router[Symbol.asyncDispose]());
        await world.begin();
        for (const [number, step] of steps.entries()) {
          await world.take(step, number);
        }
        await world.settle();
      }
      const [one, other] = worlds;
      const retained = one.store.kept.retained;
      assert.deepEqual(
        [...retained.keys()].toSorted(),
        [...other.store.kept.retained.keys()].toSorted(),
      );
      assert.deepEqual(
        one.router.counters.dropped,
        other.router.counters.dropped,
      );
      for (const world of worlds) world.check(steps);
      // What somebody new is sent is the same, to the byte and in the same order.
      const [got, expected] = await Promise.all(
        worlds.map(async (world) => {
          const peer = await world.router.connect();
          await peer.send(subscribe(5, 1, [{ filter: "#" }]));
          world.peers.push(peer);
          const messages: unknown[] = [];
          for (let idle = 0; idle < 3; idle++) {
            world.store.answer();
            await world.router.settle();
            const packets = peer.take()
              .filter(({ type }) => type === "publish");
            if (packets.length > 0) idle = 0;
            messages.push(...packets);
          }
          return messages;
        }),
      );
      assert.deepEqual(got, expected);
      const { counters } = one.router;
      assert.equal(counters.retainedNow, retained.size);
      const stubs = [...retained.keys()].reduce(
        (bytes, topic) => bytes + MESSAGE_OVERHEAD + topic.length,
        0,
      );
      assert.ok(counters.retainedBytesNow <= budget + stubs);
      for (const world of worlds) {
        for (const topic of TOPICS) {
          await world.publisher.publish(topic, "", RETAIN);
        }
        assert.equal(world.router.counters.retainedNow, 0);
        assert.equal(world.router.counters.retainedBytesNow, 0);
      }
    },
  );
  await fc.assert(property, { numRuns: LONG ? 1000 : 60 });
});

/** The number of the step that published this; nothing for an empty payload. */
function numberIn(payload: Uint8Array): string {
  return new TextDecoder().decode(payload).split(" ")[0]!;
}
