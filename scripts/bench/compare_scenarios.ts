/** What compare.ts puts brokers through. */

import { delay } from "@std/async/delay";
import { joinAll } from "../../tests/support/bytes.ts";
import { publish } from "../../tests/support/clients/write_packets.ts";
import type { Broker } from "./broker_process.ts";
import {
  Backlog,
  connectAll,
  countBytes,
  measureConnects,
  publishChunks,
  subscribeTo,
} from "./compare_clients.ts";
import {
  acknowledgeAll,
  publishAtRate,
  publishWindow,
} from "./compare_roles.ts";
import { cpuTime } from "./process_figures.ts";

/** Milliseconds of traffic before it is measured. */
const WARM_UP = 1_000;
/** Bytes that a publisher at QoS 0 writes at once, at most, unless one packet has more. */
const CHUNK_SIZE = 32 * 1024;
/** Something to measure. */
export interface Scenario {
  /** What the README calls it. */
  readonly name: string;
  /**
   * Measures it for so many seconds, with a broker that has just started: messages delivered, or clients accepted,
   * per second of CPU time. Rejects if anything gets lost.
   */
  measure(broker: Broker, seconds: number): Promise<number>;
}

/** Who sends what to whom. */
interface Traffic {
  readonly publishers: number;
  readonly subscribers: number;
  /** One unless given. Publishers take one each, by turns; of more than publishers each goes through all. */
  readonly topics?: number;
  /** What all subscribe to; one topic each, by turns, unless given. */
  readonly filter?: string;
  /** How many subscribers get each message; one unless given. */
  readonly fanOut?: number;
  readonly payloadSize?: number;
  readonly qos?: number;
  /** Messages a second from all publishers together; as many as go unless given. */
  readonly rate?: number;
}

/** Names of one length, so that all packets of a scenario have one size. */
function topic(n: number): string {
  return `bench/${String(n).padStart(5, "0")}`;
}

/** What is under way in a scenario, and all that its clients do. */
interface Play {
  readonly backlog: Backlog;
  /** Each ends when its publisher has sent its last message. */
  readonly sending: readonly Promise<void>[];
  /** These never end. */
  readonly receiving: readonly Promise<void>[];
}

/** Lets all clients begin. */
function begin(
  traffic: Traffic,
  publishers: readonly Deno.Conn[],
  subscribers: readonly Deno.Conn[],
): Play {
  const { topics = 1, fanOut = 1, payloadSize = 64, qos = 0, rate } = traffic;
  const payload = new Uint8Array(payloadSize);
  const packet = (n: number, packetId = 0) =>
    publish(4, topic(n % topics), payload, { qos, packetId });
  const publishSize = packet(0).length;
  const backlog = new Backlog(publishSize);

  const idAt = publishSize - payloadSize - 2;
  const receiving = subscribers.map((conn) =>
    qos === 0
      ? countBytes(conn, backlog)
      : acknowledgeAll(conn, { publishSize, idAt }, backlog)
  );

  if (rate !== undefined) {
    const packets = publishers.map((_, who) => packet(who));
    const sending = [publishAtRate(publishers, { packets, rate }, backlog)];
    return { backlog, sending, receiving };
  }

  // Two chunks of every publisher can be under way.
  const share = Math.min(
    CHUNK_SIZE,
    backlog.limit / (2 * publishers.length * fanOut),
  );
  const count = Math.max(1, Math.floor(share / publishSize));
  const all = topics <= publishers.length
    ? undefined
    : joinAll(Array.from({ length: topics }, (_, n) => packet(n)));
  const sending = publishers.map((conn, who) => {
    if (qos > 0) {
      const own = (id: number) => packet(who, id);
      return publishWindow(conn, { packet: own, publishSize, qos }, backlog);
    }
    const first = Math.floor(who * topics / publishers.length);
    return publishChunks(conn, {
      packets: all ?? joinAll(Array(count).fill(packet(who))),
      from: all === undefined ? 0 : first * publishSize,
      chunkSize: count * publishSize,
      fanOut,
    }, backlog);
  });
  return { backlog, sending, receiving };
}

/** Measures a play, ends it, and checks that all messages have arrived. */
async function measurePlay(
  { backlog, sending }: Play,
  { pid }: Broker,
  seconds: number,
): Promise<number> {
  const look = () => ({ cpu: cpuTime(pid), messages: backlog.messages });
  await delay(WARM_UP);
  const from = look();
  await delay(seconds * 1000);
  const to = look();
  backlog.running = false;
  await Promise.all(sending);
  await backlog.arrived();
  return (to.messages - from.messages) / (to.cpu - from.cpu) * 1000;
}

function scenario(name: string, traffic: Traffic): Scenario {
  const { publishers, subscribers, topics = 1, filter, qos = 0 } = traffic;
  return {
    name,
    async measure(broker, seconds) {
      const conns: Deno.Conn[] = [];
      try {
        await connectAll(await broker.address, publishers + subscribers, conns);
        const receivers = conns.slice(publishers);
        await Promise.all(
          receivers.map((conn, n) =>
            subscribeTo(conn, filter ?? topic(n % topics), qos)
          ),
        );
        const play = begin(traffic, conns.slice(0, publishers), receivers);
        const failed = Promise.withResolvers<never>();
        for (const work of [...play.sending, ...play.receiving]) {
          work.catch(failed.reject);
        }
        const measuring = measurePlay(play, broker, seconds);
        return await Promise.race([measuring, failed.promise]);
      } finally {
        for (const conn of conns) conn.close();
      }
    },
  };
}

/** As many publishers as subscribers, with a topic for each pair. */
function pairs(count: number): Traffic {
  return { publishers: count, subscribers: count, topics: count };
}

/** All scenarios, in the order of the README. */
export const SCENARIOS: readonly Scenario[] = [
  scenario("QoS 0, 1 publisher to 1 subscriber", pairs(1)),
  scenario("QoS 0, 50 to 1", { publishers: 50, subscribers: 1 }),
  scenario("QoS 0, 1 to 100", { publishers: 1, subscribers: 100, fanOut: 100 }),
  scenario("QoS 0, 50 pairs", pairs(50)),
  scenario("QoS 0, 10,000 topics, 10 to 10", {
    publishers: 10,
    subscribers: 10,
    topics: 10_000,
    filter: "bench/#",
    fanOut: 10,
  }),
  scenario("QoS 0, 64 KiB payloads, 1 to 1", {
    ...pairs(1),
    payloadSize: 64 * 1024,
  }),
  scenario("QoS 1, 10 pairs, window 100", { ...pairs(10), qos: 1 }),
  scenario("QoS 2, 5 pairs, window 100", { ...pairs(5), qos: 2 }),
  scenario("shared subscription, 10 to 10", {
    ...pairs(10),
    filter: "$share/group/bench/#",
  }),
  scenario("sparse: 500 pairs, 20,000 messages/s", {
    ...pairs(500),
    rate: 20_000,
  }),
  { name: "connections accepted", measure: measureConnects },
];
