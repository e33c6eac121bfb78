import process from "node:process";
import { formatBroker } from "../../client/broker_address.ts";
import type { ClientOptions } from "../../client/mqtt_client.ts";
import { STAMP } from "../../client/publish_template.ts";
import {
  PROTOCOL_NAMES,
  type ProtocolVersion,
  type QoS,
} from "../../codec/packet.ts";
import { breathe } from "../../core/breathe.ts";
import { EXIT } from "../../core/errors.ts";
import { BENCH_FLAGS, DEFAULT_TOPIC } from "./bench_flags.ts";
import { BenchPair, type PairOptions } from "./bench_pair.ts";
import { readClient, readNumber, readSeconds } from "./options.ts";
import { ClientReport } from "./report.ts";
import { columns } from "../../terminal/columns.ts";
import { print } from "../../terminal/output.ts";
import { parseWordFlags } from "../../terminal/word_flags.ts";

/** The part of the time that goes to the latency at each QoS, and to the throughput at each. */
const LATENCY_PART = 0.1;
const THROUGHPUT_PART = 0.35;
/** The part of a throughput's time before it counts. */
const WARM_UP = 0.2;
/** Latencies that are kept of a throughput, the first ones of each read. */
const MOST_LATENCIES = 1_000_000;

/** Milliseconds within which so many messages came. */
interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What was found of single messages. */
interface LatencyFigures extends Percentiles {
  readonly qos: QoS;
  readonly messages: number;
}

/** What was found at full speed. */
interface ThroughputFigures extends Percentiles {
  readonly qos: QoS;
  /** Messages that came in a second. */
  readonly perSecond: number;
  readonly sent: number;
  readonly lost: number;
  readonly refused: number;
}

/** All that was found. */
interface BenchFigures {
  readonly broker: string;
  readonly version: ProtocolVersion;
  readonly pairs: number;
  readonly size: number;
  readonly latency: readonly LatencyFigures[];
  readonly throughput: readonly ThroughputFigures[];
  /** Of one core's time, what the bench itself took at full speed. */
  readonly ownLoad: number;
}

/** The command `bench`. */
export async function bench(args: readonly string[]): Promise<number> {
  const parsed = parseWordFlags(args, BENCH_FLAGS, 1);
  const report = new ClientReport(parsed.switches.has("quiet"));
  return await report.run(async () => {
    const { options, topic: inUrl } = await readClient(parsed, "bench");
    const topic = parsed.values.get("topic")?.[0] ?? inUrl ??
      DEFAULT_TOPIC;
    const seconds = readSeconds(parsed, "seconds") ?? 10;
    const count = readNumber(parsed, "pairs", 1, 1000) ?? 10;
    const size = readNumber(parsed, "size", STAMP, 1_000_000) ?? 64;
    const run = `${topic}/${crypto.randomUUID().slice(0, 8)}`;
    const pair = (at: number): PairOptions => ({
      connection: (role) => withId(options, `bench-${role}-${at}`),
      topic: `${run}/${at}`,
      size,
    });

    const latency: LatencyFigures[] = [];
    for (const qos of [0, 1, 2] as const) {
      latency.push(
        await measureLatency(pair(0), qos, seconds * LATENCY_PART * 1000),
      );
    }
    const throughput: ThroughputFigures[] = [];
    const before = process.cpuUsage();
    const begin = performance.now();
    for (const qos of [0, 1] as const) {
      const pairs = Array.from({ length: count }, (_, at) => pair(at));
      throughput.push(
        await measureThroughput(pairs, qos, seconds * THROUGHPUT_PART * 1000),
      );
    }
    const { user, system } = process.cpuUsage(before);
    const figures: BenchFigures = {
      broker: formatBroker(options.address),
      version: options.connect.protocolVersion,
      pairs: count,
      size,
      latency,
      throughput,
      ownLoad: (user + system) / 1000 / (performance.now() - begin),
    };
    print(
      parsed.switches.has("json")
        ? `${JSON.stringify(figures)}\n`
        : asText(figures),
    );
    return EXIT.ok;
  });
}

/** The same connection for another client, which leaves nothing behind. */
function withId(options: ClientOptions, role: string): ClientOptions {
  const { connect } = options;
  const clientId = `${role}-${crypto.randomUUID().slice(0, 8)}`;
  return { ...options, connect: { ...connect, clientId, cleanStart: true } };
}

async function measureLatency(
  options: PairOptions,
  qos: QoS,
  milliseconds: number,
): Promise<LatencyFigures> {
  const pair = await BenchPair.connect(options, qos);
  const times: number[] = [];
  pair.onMessage = (took) => times.push(took);
  const end = performance.now() + milliseconds;
  do await pair.exchange(); while (performance.now() < end);
  await pair.disconnect();
  return { qos, messages: times.length, ...percentiles(times) };
}

async function measureThroughput(
  options: readonly PairOptions[],
  qos: QoS,
  milliseconds: number,
): Promise<ThroughputFigures> {
  const pairs = await Promise.all(
    options.map((one) => BenchPair.connect(one, qos)),
  );
  const times: number[] = [];
  for (const pair of pairs) {
    pair.onMessage = (took) => {
      if (times.length < MOST_LATENCIES) times.push(took);
    };
  }
  const ended = Promise.race(pairs.map((pair) => pair.ended));
  const delivered = () => pairs.reduce((sum, one) => sum + one.delivered, 0);
  const drive = async (until: number) => {
    while (performance.now() < until) {
      for (const pair of pairs) pair.fill();
      await Promise.race([breathe(), ended]);
    }
  };
  const begin = performance.now();
  const counted = begin + milliseconds * WARM_UP;
  await drive(counted);
  const before = delivered();
  const from = performance.now();
  await drive(begin + milliseconds);
  const seconds = (performance.now() - from) / 1000;
  const perSecond = (delivered() - before) / seconds;
  await Promise.all(pairs.map((pair) => pair.resolveSettings()));
  const sum = (of: (pair: BenchPair) => number) =>
    pairs.reduce((total, pair) => total + of(pair), 0);
  const figures = {
    qos,
    perSecond: Math.round(perSecond),
    sent: sum((pair) => pair.sent),
    lost: sum((pair) => pair.lost),
    refused: sum((pair) => pair.refused),
    ...percentiles(times),
  };
  await Promise.all(pairs.map((pair) => pair.disconnect()));
  return figures;
}

function percentiles(times: readonly number[]): Percentiles {
  const sorted = Float64Array.from(times).sort();
  const at = (part: number) =>
    round(
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))],
    );
  return { p50: at(0.5), p99: at(0.99), max: round(sorted.at(-1)) };
}

function round(milliseconds = 0): number {
  return Math.round(milliseconds * 1000) / 1000;
}

function asText(figures: BenchFigures): string {
  const { broker, version, pairs, size, latency, throughput } = figures;
  const title = `${broker}, MQTT ${
    PROTOCOL_NAMES[version]
  }, payloads of ${size} bytes`;
  const latencies = columns([
    ["single messages", "half within", "99 of 100", "all"],
    ...latency.map((one) => [`QoS ${one.qos}`, ...durations(one)]),
  ], [1, 2, 3]);
  const rates = columns([
    [
      `full speed, ${pairs} pairs`,
      "messages/s",
      "half within",
      "99 of 100",
      "all",
      "lost",
    ],
    ...throughput.map((one) => [
      `QoS ${one.qos}`,
      one.perSecond.toLocaleString("en"),
      ...durations(one),
      `${one.lost.toLocaleString("en")} of ${one.sent.toLocaleString("en")}`,
    ]),
  ], [1, 2, 3, 4, 5]);
  return `${title}\n\n${latencies}\n${rates}${notes(figures)}`;
}

/** What must be known to read the figures. */
function notes({ throughput, ownLoad }: BenchFigures): string {
  const lines: string[] = [];
  if (ownLoad > 0.85) {
    lines.push(
      `The bench itself took ${
        Math.round(ownLoad * 100)
      } % of a core: the broker may be able to do more`,
    );
  }
  const refused = throughput.reduce((sum, one) => sum + one.refused, 0);
  if (refused > 0) {
    lines.push(
      `The broker refused ${refused.toLocaleString("en")} messages at QoS 1`,
    );
  }
  return lines.map((line) => `\n${line}\n`).join("");
}

function durations({ p50, p99, max }: Percentiles): string[] {
  return [p50, p99, max].map((one) => `${one.toFixed(one < 10 ? 2 : 0)} ms`);
}
