/** Figures 5 to 7: many messages at once, one at a time, and what the disk's work does to traffic that needs none. */

import { delay } from "@std/async/delay";
import { tell } from "./durable_backlog.ts";
import type { DurableBroker } from "./durable_broker.ts";
import {
  enterClean,
  enterPersistent,
  leave,
  NumberedPublisher,
  NumberedReceiver,
  subscribePersistent,
  untilClosed,
} from "./durable_clients.ts";
import type { PingRequest, PingTimes } from "./durable_ping.ts";
import { each, quantile, type Report, rounded } from "./durable_report.ts";
import { median } from "./process_figures.ts";

const PAIRS = 10;
const WINDOW = 100;
const RECEIVE_MAXIMUM = 1_000;
/** Messages a second of the load beside QoS 0 traffic: what figure 5 asks for, not all that goes. */
const RATE = 20_000;
/** Milliseconds of traffic before it is measured. */
const WARM_UP = 1_000;
/** Milliseconds in which the last messages come. */
const LAST_TIME = 20_000;
/** Bytes of one append to a file whose fsync is timed: a page of the WAL. */
const APPEND = 4096;

/** Publishers, each with a persistent subscriber that is online. */
export class DurableLoad {
  readonly #publishers: NumberedPublisher[] = [];
  readonly #receivers: NumberedReceiver[] = [];
  readonly #conns: Deno.TcpConn[] = [];
  readonly #sending: Promise<void>[] = [];
  readonly #receiving: Promise<void>[] = [];

  /** Messages that were acknowledged. */
  get acknowledged(): number {
    return this.#publishers.reduce((sum, one) => sum + one.acknowledged, 0);
  }

  /** Lets all begin, with as many messages a second in all as go, or as `rate` says. */
  async start(
    broker: DurableBroker,
    payloadSize: number,
    rate = Infinity,
  ): Promise<void> {
    const { address } = broker;
    for (let pair = 0; pair < PAIRS; pair++) {
      const traffic = { topic: `durable/${pair}`, payloadSize };
      const clientId = `online-${payloadSize}-${pair}`;
      const { conn } = await enterPersistent(
        address,
        clientId,
        RECEIVE_MAXIMUM,
      );
      await subscribePersistent(conn, traffic.topic);
      const receiver = new NumberedReceiver();
      this.#receiving.push(untilClosed(receiver.run(conn, traffic)));
      const publishing = await enterClean(address);
      const options = {
        ...traffic,
        sender: 0,
        window: WINDOW,
        rate: rate / PAIRS,
      };
      this.#publishers.push(new NumberedPublisher(publishing, options));
      this.#receivers.push(receiver);
      this.#conns.push(conn, publishing);
    }
    for (const publisher of this.#publishers) {
      this.#sending.push(publisher.run());
    }
  }

  /** Ends it, and says what is lost. */
  async stop(report: Report): Promise<void> {
    for (const publisher of this.#publishers) publisher.limit = publisher.sent;
    await Promise.all(this.#sending);
    await Promise.race([
      Promise.all(
        this.#receivers.map((receiver, pair) =>
          receiver.came(this.#publishers[pair]!.sent)
        ),
      ),
      delay(LAST_TIME),
    ]);
    for (const conn of this.#conns) conn.close();
    await Promise.all(this.#receiving);
    this.#receivers.forEach((receiver, pair) =>
      tell(receiver, this.#publishers[pair]!.sent, report)
    );
  }
}

/** Figure 5: how many messages are acknowledged in a second. */
export async function measureThroughput(
  broker: DurableBroker,
  { payloadSize, seconds }: {
    readonly payloadSize: number;
    readonly seconds: number;
  },
  report: Report,
): Promise<void> {
  const load = new DurableLoad();
  await load.start(broker, payloadSize);
  await delay(WARM_UP);
  const start = performance.now();
  const before = load.acknowledged;
  const cpu = broker.cpu;
  await delay(seconds * 1000);
  const count = load.acknowledged - before;
  const rate = count / (performance.now() - start) * 1000;
  const spent = each(broker.cpu - cpu, count);
  await load.stop(report);
  report.figure({
    part: 5,
    name:
      `Durable QoS 1, ${payloadSize} bytes, ${PAIRS} publishers with window ${WINDOW} to ${PAIRS} persistent subscribers`,
    value: `${rounded(rate)} acknowledged/s (${spent})`,
    target: ">= 20,000/s",
    met: rate >= 20_000,
  });
}

/** Times one fsync of an append to a file in this folder, again and again; returns sorted milliseconds. */
function timeSyncs(folder: string, count: number): number[] {
  const path = `${folder}/fsync`;
  const file = Deno.openSync(path, { write: true, create: true });
  const bytes = new Uint8Array(APPEND).fill(0x61);
  const times = Array.from({ length: count }, () => {
    const start = performance.now();
    file.writeSync(bytes);
    file.syncSync();
    return performance.now() - start;
  });
  file.close();
  Deno.removeSync(path);
  return times.sort((a, b) => a - b);
}

/** Publishes one message after the other; returns sorted milliseconds until each was acknowledged. */
async function timePublishes(
  conn: Deno.TcpConn,
  topic: string,
  count: number,
): Promise<{ times: number[]; sent: number }> {
  const options = { topic, payloadSize: 200, sender: 0, window: 1 };
  const publisher = new NumberedPublisher(conn, options);
  const times: number[] = [];
  const warmUp = Math.ceil(count / 5);
  for (let i = 0; i < warmUp + count; i++) {
    publisher.limit = i + 1;
    const start = performance.now();
    await publisher.run();
    if (i >= warmUp) times.push(performance.now() - start);
  }
  return { times: times.sort((a, b) => a - b), sent: publisher.sent };
}

/** Figure 6: how long one durable publish takes. */
export async function measureLatency(
  broker: DurableBroker,
  count: number,
  report: Report,
): Promise<void> {
  const { address } = broker;
  const before = timeSyncs(broker.data!, count);
  const results = [];
  for (const online of [false, true]) {
    const topic = online ? "one/online" : "one/offline";
    const { conn } = await enterPersistent(address, topic, RECEIVE_MAXIMUM);
    await subscribePersistent(conn, topic);
    const receiver = new NumberedReceiver();
    let receiving: Promise<void> | undefined;
    if (online) {
      const traffic = { topic, payloadSize: 200 };
      receiving = untilClosed(receiver.run(conn, traffic));
    } else await leave(conn);
    const publishing = await enterClean(address);
    const { times, sent } = await timePublishes(publishing, topic, count);
    publishing.close();
    if (online) {
      await Promise.race([receiver.came(sent), delay(LAST_TIME)]);
      conn.close();
      await receiving;
      tell(receiver, sent, report);
    }
    results.push({ online, times });
  }
  const syncs = [...before, ...timeSyncs(broker.data!, count)]
    .sort((a, b) => a - b);
  const quantiles = (times: readonly number[]) =>
    `p50 ${rounded(quantile(times, 0.5))} ms, p99 ${
      rounded(quantile(times, 0.99))
    } ms`;
  const sync = quantile(syncs, 0.5);
  for (const { online, times } of results) {
    report.figure({
      part: 6,
      name: `One durable QoS 1 publish at a time, its subscriber ${
        online ? "online" : "offline"
      }`,
      value: quantiles(times),
      target: `one fsync plus 1 ms: p50 ${rounded(sync + 1)} ms`,
      met: quantile(times, 0.5) <= sync + 1,
    });
  }
  report.figure({
    part: 6,
    name: `… one fsync of a ${APPEND / 1024} KiB append in that folder`,
    value: quantiles(syncs),
  });
}

/** Sends QoS 0 messages from a thread of their own and back, one at a time. */
async function ping(request: PingRequest): Promise<PingTimes> {
  const entry = new URL("./durable_ping.ts", import.meta.url);
  const worker = new Worker(entry, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<PingTimes>();
  worker.onmessage = ({ data }: MessageEvent<PingTimes>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage(request);
  try {
    return await promise;
  } finally {
    worker.terminate();
  }
}

/** Figure 7: what QoS 0 traffic feels of the clients of figure 5, and what of the same in memory. */
export async function measureNeighbour(
  brokers: { readonly disk: DurableBroker; readonly memory: DurableBroker },
  { seconds, rounds }: { readonly seconds: number; readonly rounds: number },
  report: Report,
): Promise<void> {
  const alone: number[][] = [];
  const beside: Record<keyof typeof brokers, number[][]> = {
    disk: [],
    memory: [],
  };
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { address } = brokers.disk;
    alone.push((await ping({ address, seconds })).times);
    for (const which of ["memory", "disk"] as const) {
      const load = new DurableLoad();
      await load.start(brokers[which], 200, RATE);
      await delay(WARM_UP);
      const { address } = brokers[which];
      const before = load.acknowledged;
      beside[which].push((await ping({ address, seconds })).times);
      if (which === "disk") rates.push((load.acknowledged - before) / seconds);
      await load.stop(report);
    }
  }
  const middle = (all: readonly (readonly number[])[], share: number) =>
    median(all.map((times) => quantile(times, share)));
  const said = (all: readonly (readonly number[])[]) =>
    `p50 ${rounded(middle(all, 0.5))} ms, p99 ${rounded(middle(all, 0.99))} ms`;
  report.figure({
    part: 7,
    name: "QoS 0 message there and back, nothing beside it",
    value: said(alone),
  });
  report.figure({
    part: 7,
    name: "… beside the load below with `--data none`",
    value: said(beside.memory),
  });
  const [disk, memory] = [beside.disk, beside.memory]
    .map((all) => middle(all, 0.99)) as [number, number];
  const idle = middle(alone, 0.99);
  report.figure({
    part: 7,
    name: `… beside ${rounded(median(rates))} durable messages/s`,
    value: `${said(beside.disk)}: ${(disk / idle).toFixed(1)}x alone, ${
      (disk / memory).toFixed(1)
    }x beside it in memory`,
    target: "p99 within 2x",
    met: disk <= 2 * idle,
  });
}
