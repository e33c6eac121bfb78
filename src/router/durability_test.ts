// After any number of steps in any order, a power cut must find on the disk what was acknowledged: looked at after
// each step, with a store that commits when the generated steps say so.

import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryStore } from "../store/memory_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../tests/support/router.ts";
import { LONG } from "../../tests/support/sizes.ts";
import type {
  Received,
  ReceivedPublish,
} from "../../tests/support/read_packets.ts";
import {
  acknowledgement,
  publish,
  subscribe,
} from "../../tests/support/write_packets.ts";

/** A message that was published, and how far its publisher knows it to be. */
interface Sent {
  readonly payload: string;
  readonly qos: number;
  readonly packetId: number;
  readonly retain: boolean;
  acknowledged: boolean;
  released: boolean;
}

function text(message: ReceivedPublish): string {
  return new TextDecoder().decode(message.payload);
}

/** A client with a session that is kept: its half of QoS 1 and 2 survives its connections. */
class Subscriber {
  readonly clientId: string;
  peer: Peer | undefined;
  isIn = false;
  /** Payloads in the order in which they came, doubles of QoS 2 left out. */
  readonly delivered: string[] = [];
  /** Payloads of which it has said that it has them. */
  readonly acknowledged = new Set<string>();
  /** QoS 2 messages between PUBLISH and PUBCOMP, by packet id. */
  readonly #held = new Map<number, string>();
  /** What it is going to send, in order. */
  readonly #answers: (() => Uint8Array)[] = [];
  readonly #store: MemoryStore;
  readonly #receiveMaximum: number;

  constructor(store: MemoryStore, clientId: string, receiveMaximum: number) {
    this.#store = store;
    this.clientId = clientId;
    this.#receiveMaximum = receiveMaximum;
  }

  connect(router: TestRouter): void {
    this.#answers.length = 0;
    this.isIn = false;
    const { clientId } = this;
    const properties = {
      ...PERSISTENT.properties,
      receiveMaximum: this.#receiveMaximum,
    };
    this.peer = router.arrive({ clean: false, clientId, properties });
  }

  async lose(): Promise<void> {
    const { peer } = this;
    this.peer = undefined;
    this.#answers.length = 0;
    await peer?.lose();
  }

  /** Looks at what it was sent, and at what is kept of that. */
  look(): void {
    for (const packet of this.peer?.take() ?? []) this.#take(packet);
  }

  get pending(): number {
    return this.#answers.length;
  }

  async answer(): Promise<void> {
    const answer = this.#answers.shift();
    if (answer !== undefined) await this.peer?.send(answer());
  }

  #take(packet: Received): void {
    const { clientId } = this;
    const { kept } = this.#store;
    if (packet.type === "connack") {
      this.isIn = true;
      assert.ok(kept.sessions.has(clientId), "CONNACK before the commit");
    } else if (packet.type === "suback") {
      assert.ok(kept.subscriptions.has(clientId), "SUBACK before the commit");
    } else if (packet.type === "publish") {
      this.#message(packet);
    } else if (packet.type === "pubrel") {
      const { packetId } = packet;
      const owed = kept.assigned.get(clientId)?.get(packetId);
      assert.ok(
        owed === undefined || owed.assignment!.released,
        "PUBREL before the commit of PUBREC",
      );
      const payload = this.#held.get(packetId);
      this.#answers.push(() => {
        this.#held.delete(packetId);
        if (payload !== undefined) this.acknowledged.add(payload);
        return acknowledgement(5, "pubcomp", packetId);
      });
    } else assert.fail(packet.type);
  }

  #message(message: ReceivedPublish): void {
    const { packetId, qos } = message;
    const payload = text(message);
    if (qos === 0) return;
    if (qos === 1) {
      this.delivered.push(payload);
      this.#answers.push(() => {
        this.acknowledged.add(payload);
        return acknowledgement(5, "puback", packetId);
      });
      return;
    }
    const assigned = this.#store.kept.assigned.get(this.clientId);
    assert.ok(assigned?.has(packetId), "PUBLISH before its packet id's commit");
    if (!this.#held.has(packetId)) {
      this.#held.set(packetId, payload);
      this.delivered.push(payload);
    } else {assert.equal(
        this.#held.get(packetId),
        payload,
        "packet ids mixed up",
      );}
    this.#answers.push(() => acknowledgement(5, "pubrec", packetId));
  }
}

/** A client that publishes, with a session that is kept or not. */
class Publisher {
  readonly clientId: string;
  readonly isKept: boolean;
  readonly peer: Peer;
  readonly sent: Sent[] = [];
  readonly #store: MemoryStore;

  constructor(store: MemoryStore, peer: Peer, isKept: boolean) {
    this.#store = store;
    this.peer = peer;
    this.clientId = peer.clientId;
    this.isKept = isKept;
  }

  async publish(qoss: readonly number[], retain: boolean): Promise<void> {
    const batch = qoss.map((qos) => {
      const packetId = this.sent.length + 1;
      const payload = `${this.clientId} ${packetId}`;
      const sent = { payload, qos, packetId, retain };
      this.sent.push({ ...sent, acknowledged: false, released: false });
      return publish(5, "t/a", payload, sent);
    });
    await this.peer.send(...batch);
  }

  /** Sends PUBREL for the oldest message that waits for it. */
  async release(): Promise<void> {
    const next = this.sent.find((one) =>
      one.qos === 2 && one.acknowledged && !one.released
    );
    if (next === undefined) return;
    next.released = true;
    await this.peer.acknowledge("pubrel", next.packetId);
  }

  look(): void {
    const received = this.#store.kept.received.get(this.clientId);
    for (const packet of this.peer.take()) {
      assert.ok("packetId" in packet && packet.type !== "publish");
      const sent = this.sent[packet.packetId - 1]!;
      if (packet.type === "pubcomp") {
        assert.notEqual(
          received?.has(sent.packetId),
          true,
          "PUBCOMP too early",
        );
        continue;
      }
      assert.equal(packet.type, sent.qos === 1 ? "puback" : "pubrec");
      sent.acknowledged = true;
      if (sent.qos === 2 && this.isKept) {
        assert.ok(received?.has(sent.packetId), "PUBREC before the commit");
      }
    }
  }
}

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
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("lose" as const, "connect" as const),
      who: fc.constantFrom(0, 1, 2),
    }),
  },
);

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** Everybody of a run: two publishers, two subscribers that are kept and a shared member, a witness that is not. */
async function setUp() {
  const store = new MemoryStore("byHand");
  const router = new TestRouter({ store });
  const subscribers = [65_535, 2, 3].map((receiveMaximum, n) =>
    new Subscriber(store, `subscriber ${n}`, receiveMaximum)
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
  const witness = await router.connect();
  await witness.subscribe("t/a", { qos: 2 });
  const kept = router.arrive({ ...PERSISTENT, clientId: "kept" });
  await router.settle();
  await router.commit();
  kept.expect("connack");
  const publishers = [
    new Publisher(store, kept, true),
    new Publisher(store, await router.connect({ clientId: "not" }), false),
  ];
  return { store, router, subscribers, publishers, witness };
}

type World = Awaited<ReturnType<typeof setUp>>;

async function take(world: World, step: Step): Promise<void> {
  const { store, router, subscribers, publishers } = world;
  if (step.do === "commit") store.commit();
  else if (step.do === "publish") {
    await publishers[step.who]!.publish(step.qoss, step.retain);
  } else if (step.do === "release") await publishers[step.who]!.release();
  else if (step.do === "answer") {
    for (let n = 0; n < step.count; n++) await subscribers[step.who]!.answer();
  } else if (step.do === "lose") await subscribers[step.who]!.lose();
  else if (subscribers[step.who]!.peer === undefined) {
    subscribers[step.who]!.connect(router);
  }
  await router.settle();
}

/** What a power cut would leave now bears out all that anybody was told. */
function check({ store, subscribers, publishers, witness }: World): void {
  for (const subscriber of subscribers) subscriber.look();
  for (const publisher of publishers) publisher.look();
  const { kept } = store;
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
  for (const message of witness.take()) {
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
  for (const subscriber of subscribers) {
    if (subscriber.peer === undefined) subscriber.connect(router);
  }
  for (let idle = 0; idle < 3; idle++) {
    await router.settle();
    await router.commit();
    check(world);
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
      async (steps) => {
        const world = await setUp();
        using _ = world.router;
        for (const step of steps) {
          await take(world, step);
          check(world);
        }
        await finish(world);
        const { subscribers, publishers, store, router } = world;
        for (const [n, { delivered }] of subscribers.entries()) {
          for (const publisher of publishers) {
            const own = delivered.filter((payload) =>
              payload.startsWith(`${publisher.clientId} `)
            );
            const expected = publisher.sent.map(({ payload }) => payload);
            const once = [...new Set(own)];
            assert.deepEqual(once.toSorted(), expected.toSorted());
            // QoS 2 comes once, and in order as far as it was published so.
            for (const qos of [1, 2]) {
              const payloads = new Set(
                publisher.sent.filter((sent) => sent.qos === qos)
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
        assert.equal(store.kept.deliveries.size, 0);
        assert.equal(router.counters.queuedNow, 0);
        assert.equal(router.counters.queuedBytesNow, 0);
      },
    ),
    { numRuns: LONG ? 500 : 20 },
  );
});
