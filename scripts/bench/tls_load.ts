/**
 * `deno task tls-load [--seconds 3] [--rounds 3] [--size 64]`: what TLS costs. 50 publishers send to 50 subscribers at
 * QoS 0, over plain TCP and over TLS by turns, each with a broker started for it. What counts is how many messages
 * the broker delivers in a second of its CPU time. Ends with status 1 if that is less than half as many over TLS.
 */

import { parseArgs } from "@std/cli/parse-args";
import { delay } from "@std/async/delay";
import { Certificates } from "../../tests/support/programs/certificates.ts";
import { publish } from "../../tests/support/clients/write_packets.ts";
import { BrokerProcess } from "./broker_process.ts";
import {
  Backlog,
  connectAll,
  countBytes,
  publishChunks,
  subscribeTo,
} from "./compare_clients.ts";
import { cpuTime, median } from "./process_figures.ts";

/** Publishers, and as many subscribers, each with a topic of its own. */
const PAIRS = 50;
/** Milliseconds of traffic before it is measured. */
const WARM_UP = 4_000;
/** Bytes that a publisher writes at once. */
const CHUNK_SIZE = 16 * 1024;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

/** Messages delivered per second of the broker's CPU time. */
async function measure(
  listen: string,
  authority: string | undefined,
  { seconds, size }: { readonly seconds: number; readonly size: number },
): Promise<number> {
  const broker = new BrokerProcess([], [], { listen });
  const conns: Deno.Conn[] = [];
  let closing = false;
  try {
    const open = authority === undefined
      ? undefined
      : ({ hostname, port }: { hostname: string; port: number }) =>
        Deno.connectTls({ hostname, port, caCerts: [authority] });
    await connectAll(await broker.address, 2 * PAIRS, conns, open);
    const packets = Array.from(
      { length: PAIRS },
      (_, n) =>
        publish(4, `bench/${String(n).padStart(2, "0")}`, new Uint8Array(size)),
    );
    const backlog = new Backlog(packets[0]!.length);
    const chunk = Math.max(1, Math.floor(CHUNK_SIZE / packets[0]!.length));
    const ignoreEnd = (error: unknown) => {
      if (!closing) throw error;
    };
    for (let n = 0; n < PAIRS; n++) {
      await subscribeTo(conns[n]!, `bench/${String(n).padStart(2, "0")}`, 0);
      countBytes(conns[n]!, backlog).catch(ignoreEnd);
    }
    const sending = packets.map((packet, n) => {
      const many = new Uint8Array(chunk * packet.length);
      for (let at = 0; at < many.length; at += packet.length) {
        many.set(packet, at);
      }
      return publishChunks(conns[PAIRS + n]!, {
        packets: many,
        from: 0,
        chunkSize: many.length,
        fanOut: 1,
      }, backlog);
    });
    await delay(WARM_UP);
    const [messages, cpu] = [backlog.messages, cpuTime(broker.pid)];
    await delay(seconds * 1000);
    const figure = (backlog.messages - messages) /
      (cpuTime(broker.pid) - cpu) * 1000;
    backlog.running = false;
    await Promise.all(sending);
    await backlog.arrived();
    return figure;
  } finally {
    closing = true;
    for (const conn of conns) conn.close();
    await broker.end();
  }
}

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, {
    string: ["seconds", "rounds", "size"],
    default: { seconds: "3", rounds: "3", size: "64" },
  });
  const how = { seconds: Number(args.seconds), size: Number(args.size) };
  using made = await Certificates.make();
  const { certificate, key } = await made.server();
  const query = new URLSearchParams({ certificate, key });
  const plain: number[] = [];
  const secure: number[] = [];
  for (let round = 0; round < Number(args.rounds); round++) {
    plain.push(await measure("mqtt://127.0.0.1:0", undefined, how));
    secure.push(
      await measure(`mqtts://127.0.0.1:0?${query}`, made.authorityPem, how),
    );
  }
  const ratio = median(plain) / median(secure);
  print(
    `Messages of ${how.size} bytes, QoS 0, ${PAIRS} to ${PAIRS}, delivered per CPU second of the broker:`,
  );
  print(
    `plain ${Math.round(median(plain))}, TLS ${Math.round(median(secure))}`,
  );
  print(`TLS costs ${ratio.toFixed(2)}x the CPU time of plain TCP`);
  return ratio <= 2 ? 0 : 1;
}

Deno.exit(await main());
