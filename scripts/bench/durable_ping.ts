/** A worker of durable.ts: sends QoS 0 messages to itself, one at a time, and times them. */

import { delay } from "@std/async/delay";
import type { Address } from "../../tests/support/clients/client.ts";
import { publish } from "../../tests/support/clients/write_packets.ts";
import { read, subscribeTo, writeAll } from "./compare_clients.ts";
import { enterClean } from "./durable_clients.ts";

/** Where to send, and for how long. */
export interface PingRequest {
  readonly address: Address;
  readonly seconds: number;
}

/** What came out. */
export interface PingTimes {
  /** Milliseconds from each message's start to its return, sorted. */
  readonly times: number[];
}

/** Milliseconds between two messages. */
const PAUSE = 2;
const TOPIC = "there/and/back";

async function time({ address, seconds }: PingRequest): Promise<PingTimes> {
  const conn = await enterClean(address);
  await subscribeTo(conn, TOPIC, 0);
  const packet = publish(4, TOPIC, new Uint8Array(64));
  const buffer = new Uint8Array(packet.length);
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await delay(PAUSE);
    const start = performance.now();
    await writeAll(conn, packet);
    for (let at = 0; at < buffer.length;) {
      at += await read(conn, buffer.subarray(at));
    }
    times.push(performance.now() - start);
  }
  conn.close();
  return { times: times.sort((a, b) => a - b) };
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<PingRequest>) => void;
  postMessage(times: PingTimes): void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await time(data));
