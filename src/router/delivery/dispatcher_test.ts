import assert from "node:assert/strict";
import fc from "fast-check";
import { NoneStore } from "../../store/none_store.ts";
import { type Peer, TestRouter } from "../../../tests/support/router.ts";
import { LONG } from "../../../tests/support/sizes.ts";
import type { Received } from "../../../tests/support/clients/read_packets.ts";
import {
  publish,
  type PublishOptions,
  type Version,
} from "../../../tests/support/clients/write_packets.ts";
import { matches } from "../topics/filter.ts";

const RUNS = LONG ? 3000 : 150;

interface Subscriber {
  readonly version: Version;
  readonly filters: readonly {
    readonly filter: string;
    readonly qos: number;
    readonly noLocal: boolean;
    readonly retainAsPublished: boolean;
    readonly identifier: number;
  }[];
  readonly aliases: number;
  readonly maximumPacketSize: number;
  readonly reads: boolean;
}

interface Sent {
  readonly topic: string;
  readonly size: number;
  readonly qos: number;
  readonly retain: boolean;
  readonly expires: boolean;
  readonly alias: boolean;
}

const FILTERS = ["a", "b", "a/+", "#", "+", "+/c", "a/#"];
const TOPICS = ["a", "b", "a/c", "a/d", "d"];

const anySubscriber: fc.Arbitrary<Subscriber> = fc.record({
  version: fc.constantFrom(3, 4, 5, 5),
  filters: fc.array(
    fc.record({
      filter: fc.constantFrom(
        ...FILTERS,
        ...FILTERS.map((filter) => `$share/g/${filter}`),
      ),
      qos: fc.constantFrom(0, 0, 1, 2),
      noLocal: fc.boolean(),
      retainAsPublished: fc.boolean(),
      identifier: fc.constantFrom(0, 0, 0, 1, 300),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  aliases: fc.constantFrom(0, 0, 0, 2),
  maximumPacketSize: fc.constantFrom(1e6, 1e6, 60),
  reads: fc.boolean(),
});

const anyMessage: fc.Arbitrary<Sent> = fc.record({
  topic: fc.constantFrom(...TOPICS),
  size: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 80 }) },
    fc.integer({ min: 1, max: 3000 }),
  ),
  qos: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2),
  retain: fc.constantFrom(false, false, false, false, true),
  expires: fc.constantFrom(false, false, false, true),
  alias: fc.constantFrom(false, false, false, false, true),
});

const anyCase = fc.record({
  subscribers: fc.array(anySubscriber, { minLength: 1, maxLength: 5 }),
  messages: fc.array(anyMessage, { minLength: 1, maxLength: 40 }),
  publisherVersion: fc.constantFrom(4, 5, 5),
  outboxBytes: fc.constantFrom(1e9, 1e9, 4096, 100),
  sharesBuffers: fc.boolean(),
});

type Case = typeof anyCase extends fc.Arbitrary<infer T> ? T : never;
type Way = "in one read" | "one by one" | "encoded anew";

async function subscribe(peer: Peer, subscriber: Subscriber): Promise<void> {
  for (const one of subscriber.filters) {
    const { filter, qos, noLocal, retainAsPublished, identifier } = one;
    const v5 = subscriber.version === 5;
    await peer.subscribe(filter, {
      qos,
      ...(v5 ? { retainAsPublished } : {}),
      ...(v5 && !filter.startsWith("$share/") ? { noLocal } : {}),
      properties: v5 && identifier > 0
        ? { subscriptionIdentifiers: [identifier] }
        : {},
    });
  }
}

/** What every subscriber of a case gets, the publisher first; and what is counted as dropped. */
async function deliveries(testCase: Case, way: Way) {
  const { publisherVersion, outboxBytes, subscribers, messages } = testCase;
  await using router = new TestRouter({
    limits: { outboxBytes },
    store: new NoneStore(),
  });
  const peers: Peer[] = [];
  for (const subscriber of subscribers) {
    const version = peers.length === 0 ? publisherVersion : subscriber.version;
    const { aliases, maximumPacketSize } = subscriber;
    const peer = await router.connect({
      version: version as Version,
      clientId: `peer${peers.length}`,
      properties: version === 5
        ? { topicAliasMaximum: aliases, maximumPacketSize }
        : {},
    });
    await subscribe(peer, { ...subscriber, version: version as Version });
    // A small Outbox is drained after each read, so that nobody may read from it here.
    if (!subscriber.reads || outboxBytes < 1e9) peer.limit(0);
    peers.push(peer);
  }
  const publisher = peers[0]!;
  publisher.sharesBuffers = testCase.sharesBuffers && way === "in one read";
  const packets = messages.map((message, n) =>
    encode(publisher.version, message, n, way)
  );
  if (way === "in one read") await publisher.send(...packets);
  else for (const packet of packets) await publisher.send(packet);
  await router.settle();
  for (const peer of peers) peer.resume();
  await router.settle();
  return {
    received: peers.map((peer) => peer.take().map(comparable)),
    dropped: router.counters.dropped,
  };
}

function encode(version: Version, sent: Sent, n: number, way: Way): Uint8Array {
  const payload = new Uint8Array(sent.size).fill(n);
  const options: PublishOptions = {
    qos: sent.qos,
    retain: sent.retain,
    packetId: n + 1,
  };
  const alias = version === 5 && (sent.alias || way === "encoded anew");
  if (version < 5) return publish(version, sent.topic, payload, options);
  return publish(version, sent.topic, payload, {
    ...options,
    properties: {
      ...(sent.expires ? { messageExpiryInterval: 100 } : {}),
      ...(alias ? { topicAlias: TOPICS.indexOf(sent.topic) + 1 } : {}),
    },
  });
}

/** What must be the same in every way; the order of two identifiers is nobody's concern. */
function comparable(packet: Received): unknown {
  if (packet.type !== "publish") return packet;
  const { size: _, properties, ...rest } = packet;
  const subscriptionIdentifiers = properties.subscriptionIdentifiers
    ?.toSorted();
  return { ...rest, properties: { ...properties, subscriptionIdentifiers } };
}

Deno.test("Dispatcher gives a run of messages to the same clients as one by one, in the same order", async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (testCase) => {
      const together = await deliveries(testCase, "in one read");
      const single = await deliveries(testCase, "one by one");
      assert.deepEqual(together, single);
      // What is encoded is given a little more room than it needs.
      if (testCase.outboxBytes < 1e9) return;
      const anew = await deliveries(testCase, "encoded anew");
      assert.deepEqual(anew, single);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Dispatcher gives each message to those who have subscribed to it, once", async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (testCase) => {
      const { subscribers, messages } = testCase;
      const plain = subscribers.map((subscriber) => ({
        ...subscriber,
        filters: subscriber.filters.filter(({ filter }) =>
          !filter.startsWith("$share/")
        ),
        maximumPacketSize: 1e6,
        aliases: 0,
      }));
      const { received } = await deliveries(
        { ...testCase, subscribers: plain, outboxBytes: 1e9 },
        "in one read",
      );
      const publisher = testCase.publisherVersion;
      const expected = plain.map(({ version, filters }, who) =>
        messages.flatMap(({ topic, qos }, n) => {
          // The last one with a filter counts.
          const last = filters.filter((one, at) =>
            filters.findLastIndex(({ filter }) => filter === one.filter) === at
          );
          const noLocal = who === 0 && publisher === 5;
          const matching = last.filter((one) =>
            matches(one.filter, topic) && !(noLocal && one.noLocal)
          );
          if (matching.length === 0) return [];
          const granted = Math.max(...matching.map((one) => one.qos));
          const v5 = who === 0 ? publisher === 5 : version === 5;
          return [{
            n,
            qos: Math.min(qos, granted),
            identifiers: v5
              ? matching.map((one) => one.identifier).filter(Boolean).toSorted()
              : [],
          }];
        })
      );
      type Got = Received & { type: "publish" };
      const got = received.map((packets) =>
        (packets as Received[]).filter((packet): packet is Got =>
          packet.type === "publish"
        ).map(({ payload, qos, properties }) => ({
          n: payload[0]!,
          qos,
          identifiers: properties.subscriptionIdentifiers ?? [],
        }))
      );
      assert.deepEqual(got, expected);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Dispatcher looks again who has subscribed when that changes between two reads", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const peers: Peer[] = [];
  for (let n = 0; n < 5; n++) {
    await publisher.send(publish(5, "a", String(n)), publish(5, "b", "x"));
    await router.settle();
    for (const peer of peers) assert.deepEqual(peer.payloads(), [String(n)]);
    peers.push(await router.connect());
    await peers.at(-1)!.subscribe("a");
  }
});
