/** The clients of compare.ts: their connections, and what is under way between them. */

import { delay } from "@std/async/delay";
import type { Address } from "../../tests/support/clients/client.ts";
import {
  connect,
  subscribe,
} from "../../tests/support/clients/write_packets.ts";
import type { Broker } from "./broker_process.ts";
import { cpuTime } from "./process_figures.ts";

/** Clients that connect to see how many are accepted. */
const CONNECTS = 2_000;
/** Milliseconds in which a broker that has just started may come to rest. */
const REST_TIME = 500;
/** Connections that are opened at the same time. */
const AT_ONCE = 100;
/** Bytes that are read at once, at most. */
export const READ_SIZE = 128 * 1024;
/** Messages and bytes that are under way at most; the tighter bound holds. */
const BACKLOG_MESSAGES = 20_000;
const BACKLOG_BYTES = 16 * 1024 * 1024;
/** Milliseconds in which the last of them must arrive. */
const ARRIVAL_TIME = 10_000;

let lastClient = 0;

/** Writes all of these bytes. */
export async function writeAll(
  conn: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  let left = bytes;
  while (left.length > 0) left = left.subarray(await conn.write(left));
}

/** Reads some bytes; that no more will come is an error. */
export async function read(
  conn: Deno.Conn,
  buffer: Uint8Array,
): Promise<number> {
  const count = await conn.read(buffer);
  if (count === null) throw new Error("The broker closed a connection");
  return count;
}

/** Reads an answer that is known beforehand. */
async function expect(
  conn: Deno.Conn,
  ...answer: readonly number[]
): Promise<void> {
  const buffer = new Uint8Array(answer.length);
  for (let at = 0; at < buffer.length;) {
    at += await read(conn, buffer.subarray(at));
  }
  if (buffer.join() !== answer.join()) {
    throw new Error(`The broker answers ${buffer} in place of ${answer}`);
  }
}

async function openPlain(address: Address): Promise<Deno.Conn> {
  const conn = await Deno.connect(address);
  conn.setNoDelay(true);
  return conn;
}

/** Connects so many clients; each stands in the list as soon as it is open, all are accepted at the end. */
export async function connectAll(
  address: Address,
  count: number,
  list: Deno.Conn[],
  open: (address: Address) => Promise<Deno.Conn> = openPlain,
): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      const conn = await open(address);
      list.push(conn);
      const clientId = `compare${++lastClient}`;
      await writeAll(conn, connect({ version: 4, clientId }));
      await expect(conn, 0x20, 2, 0, 0);
    }
  }));
}

/** Clients that the broker accepts per second of its CPU time; none leaves before the last one has come. */
export async function measureConnects(broker: Broker): Promise<number> {
  const conns: Deno.Conn[] = [];
  const address = await broker.address;
  await delay(REST_TIME);
  try {
    const before = cpuTime(broker.pid);
    await connectAll(address, CONNECTS, conns);
    return CONNECTS / (cpuTime(broker.pid) - before) * 1000;
  } finally {
    for (const conn of conns) conn.close();
  }
}

/** Subscribes a client to one filter. */
export async function subscribeTo(
  conn: Deno.Conn,
  filter: string,
  qos: number,
): Promise<void> {
  await writeAll(conn, subscribe(4, 1, [{ filter, qos }]));
  await expect(conn, 0x90, 3, 0, 1, qos);
}

/** What is under way, bounded so that no broker has to drop any of it; in bytes as they are delivered. */
export class Backlog {
  /** Whether publishers are to go on. */
  running = true;
  /** Bytes that are to be delivered for all that was published. */
  published = 0;
  /** Bytes that were delivered. */
  delivered = 0;
  /** Bytes that may be under way. */
  readonly limit: number;
  readonly #publishSize: number;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  /** Of messages that have, as packets, so many bytes. */
  constructor(publishSize: number) {
    this.#publishSize = publishSize;
    this.limit = Math.min(BACKLOG_MESSAGES * publishSize, BACKLOG_BYTES);
  }

  /** Messages that were delivered. */
  get messages(): number {
    return this.delivered / this.#publishSize;
  }

  /** Counts bytes as published, at once or when the promise resolves that it returns: not to be sent before. */
  admit(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) {
      this.published += bytes;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, go: resolve });
    return promise;
  }

  /** Counts bytes as delivered. */
  deliver(bytes: number): void {
    this.delivered += bytes;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || !this.#hasRoom(next.bytes)) return;
      this.#waiting.shift();
      this.published += next.bytes;
      next.go();
    }
  }

  /** Waits for the last message, when all are published; rejects if any is missing, or came more than once. */
  async arrived(): Promise<void> {
    const latest = performance.now() + ARRIVAL_TIME;
    while (
      this.delivered < this.published && performance.now() < latest
    ) await delay(10);
    if (this.delivered === this.published) return;
    const published = this.published / this.#publishSize;
    throw new Error(`${this.messages} of ${published} messages arrived`);
  }

  #hasRoom(bytes: number): boolean {
    return this.published + bytes - this.delivered <= this.limit;
  }
}

/** Publishes packets over and over, from a place in them on, in chunks whose bytes are delivered `fanOut` times. */
export async function publishChunks(
  conn: Deno.Conn,
  { packets, from, chunkSize, fanOut }: {
    readonly packets: Uint8Array;
    readonly from: number;
    readonly chunkSize: number;
    readonly fanOut: number;
  },
  backlog: Backlog,
): Promise<void> {
  for (let at = from; backlog.running;) {
    const chunk = packets.subarray(at, at + chunkSize);
    await backlog.admit(chunk.length * fanOut);
    await writeAll(conn, chunk);
    at = (at + chunk.length) % packets.length;
  }
}

/** Counts the bytes that are delivered. */
export async function countBytes(
  conn: Deno.Conn,
  backlog: Backlog,
): Promise<never> {
  for (const buffer = new Uint8Array(READ_SIZE);;) {
    backlog.deliver(await read(conn, buffer));
  }
}
