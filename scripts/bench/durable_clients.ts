/** The clients of durable.ts: they number what they publish, and see whether all of it comes once and in order. */

import { delay } from "@std/async/delay";
import type { Address } from "../../tests/support/clients/client.ts";
import {
  connect,
  type ConnectOptions,
  publish,
  subscribe,
} from "../../tests/support/clients/write_packets.ts";
import { read, READ_SIZE, writeAll } from "./compare_clients.ts";
import { receive } from "./compare_roles.ts";

/** A payload begins with the sender and the number of the message, four bytes each. */
export const LEAST_PAYLOAD = 8;

const PUBACK = 0x40;
const CONNACK = 0x20;
const SUBACK = 0x90;
const PINGRESP = 0xD0;
/** Nobody's session ends while we measure. */
const NEVER = 0xFFFF_FFFF;

/** Reads one packet and nothing behind it. Throws if it is of another type. */
async function readPacket(
  conn: Deno.TcpConn,
  type: number,
): Promise<Uint8Array> {
  const fill = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      at += await read(conn, bytes.subarray(at));
    }
    return bytes;
  };
  // All that are read here have a length of one byte.
  const head = await fill(new Uint8Array(2));
  if (head[0] !== type) {
    throw new Error(`The broker sends ${head[0]} where ${type} is due`);
  }
  return await fill(new Uint8Array(head[1]!));
}

/** Connects a client. `present` says whether the broker knew its session. */
export async function enter(
  address: Address,
  options: ConnectOptions,
): Promise<{ conn: Deno.TcpConn; present: boolean }> {
  const conn = await Deno.connect(address);
  conn.setNoDelay(true);
  await writeAll(conn, connect(options));
  const [flags, reason] = await readPacket(conn, CONNACK);
  if (reason !== 0) throw new Error(`The broker refuses a client: ${reason}`);
  return { conn, present: flags === 1 };
}

/** Connects a client that nobody remembers. */
export async function enterClean(address: Address): Promise<Deno.TcpConn> {
  return (await enter(address, { version: 4 })).conn;
}

/** Connects a client whose session stays, with a window of so many messages. */
export function enterPersistent(
  address: Address,
  clientId: string,
  receiveMaximum: number,
): Promise<{ conn: Deno.TcpConn; present: boolean }> {
  const properties = { sessionExpiryInterval: NEVER, receiveMaximum };
  return enter(address, { version: 5, clientId, clean: false, properties });
}

/** Subscribes a client of MQTT 5.0 at QoS 1. */
export async function subscribePersistent(
  conn: Deno.TcpConn,
  filter: string,
): Promise<void> {
  await writeAll(conn, subscribe(5, 1, [{ filter, qos: 1 }]));
  const answer = await readPacket(conn, SUBACK);
  if (answer[3] !== 1) throw new Error(`Cannot subscribe: ${answer[3]}`);
}

/** Asks for an answer to a ping, before which nothing else may come. */
export async function expectNothing(conn: Deno.TcpConn): Promise<void> {
  await writeAll(conn, Uint8Array.of(0xC0, 0));
  await readPacket(conn, PINGRESP);
}

/** Says goodbye; resolves when the broker has closed the connection, and so has noted it. */
export async function leave(conn: Deno.TcpConn): Promise<void> {
  await writeAll(conn, Uint8Array.of(0xE0, 0));
  const rest = new Uint8Array(READ_SIZE);
  while (await conn.read(rest) !== null);
  conn.close();
}

/** What is published: all packets of a topic have one size. */
export interface Traffic {
  readonly topic: string;
  readonly payloadSize: number;
}

/** Publishes numbered messages at QoS 1. */
export class NumberedPublisher {
  /** How many to send in all. */
  limit = Infinity;
  /** How many it has sent, and how many of these were acknowledged. */
  sent = 0;
  acknowledged = 0;
  readonly #conn: Deno.TcpConn;
  readonly #window: number;
  readonly #rate: number;
  readonly #start = performance.now();
  readonly #size: number;
  readonly #numberAt: number;
  /** A window's packets, whose identifiers go round from 1. */
  readonly #packets: Uint8Array;
  readonly #view: DataView;

  /** Publishes over a connection of version 3.1.1, with up to `window` messages under way, up to `rate` a second. */
  constructor(
    conn: Deno.TcpConn,
    { topic, payloadSize, sender, window, rate = Infinity }: Traffic & {
      readonly sender: number;
      readonly window: number;
      readonly rate?: number;
    },
  ) {
    this.#conn = conn;
    this.#window = window;
    this.#rate = rate;
    const payload = new Uint8Array(payloadSize).fill(0x61);
    new DataView(payload.buffer).setUint32(0, sender);
    const packet = (packetId: number) =>
      publish(4, topic, payload, { qos: 1, packetId });
    this.#size = packet(1).length;
    this.#numberAt = this.#size - payloadSize + 4;
    this.#packets = new Uint8Array(this.#size * window);
    this.#view = new DataView(this.#packets.buffer);
    for (let slot = 0; slot < window; slot++) {
      this.#packets.set(packet(slot + 1), slot * this.#size);
    }
  }

  /** Publishes up to the limit; resolves when all of that is acknowledged. */
  async run(): Promise<void> {
    await this.#fill();
    if (this.acknowledged >= this.sent) return;
    await receive(this.#conn, this.#size, {
      take: (bytes, at) => {
        const id = bytes[at + 2]! << 8 | bytes[at + 3]!;
        const expected = this.acknowledged % this.#window + 1;
        if (bytes[at] !== PUBACK || id !== expected) {
          throw new Error(`The broker acknowledges ${id}, not ${expected}`);
        }
        this.acknowledged++;
      },
      answer: async () => {
        await this.#fill();
        return this.acknowledged < this.sent;
      },
    });
  }

  /** Sends as many as the window has room for. */
  async #fill(): Promise<void> {
    let to = this.#mayHaveSent();
    while (to <= this.sent && this.acknowledged === this.sent) {
      if (this.sent >= this.limit) return;
      await delay(1);
      to = this.#mayHaveSent();
    }
    while (this.sent < to) {
      const slot = this.sent % this.#window;
      const count = Math.min(to - this.sent, this.#window - slot);
      const start = slot * this.#size;
      for (let i = 0; i < count; i++) {
        const at = start + i * this.#size + this.#numberAt;
        this.#view.setUint32(at, this.sent + i);
      }
      this.sent += count;
      const end = start + count * this.#size;
      await writeAll(this.#conn, this.#packets.subarray(start, end));
    }
  }

  #mayHaveSent(): number {
    const time = performance.now() - this.#start;
    const due = this.#rate === Infinity
      ? Infinity
      : Math.floor(time / 1000 * this.#rate);
    return Math.min(this.limit, this.acknowledged + this.#window, due);
  }
}

/** Takes numbered messages at QoS 1, acknowledges them and sees whether each comes once and in order. */
export class NumberedReceiver {
  /** Messages that came. */
  received = 0;
  /** Messages that came again, or after later ones. */
  doubled = 0;
  /** Messages that did not come before later ones. */
  missed = 0;
  /** The next number from each sender. */
  readonly #next: number[] = [];
  #enough: { readonly count: number; readonly resolve: () => void } | undefined;

  /** Resolves when so many have come. */
  came(count: number): Promise<void> {
    if (this.received >= count) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#enough = { count, resolve };
    return promise;
  }

  /** Goes on until the connection, one of MQTT 5.0, is closed. */
  async run(
    conn: Deno.TcpConn,
    { topic, payloadSize }: Traffic,
  ): Promise<void> {
    const payload = new Uint8Array(payloadSize);
    const example = publish(5, topic, payload, { qos: 1, packetId: 1 });
    const publishSize = example.length;
    const payloadAt = publishSize - payloadSize;
    // The length of the properties, which are none, stands between.
    const idAt = payloadAt - 3;
    const answers = new Uint8Array(READ_SIZE);
    let length = 0;
    await receive(conn, publishSize, {
      take: (bytes, at) => {
        if (bytes[at]! >> 4 !== 3) throw new Error("Not a message");
        this.#take(bytes, at + payloadAt);
        answers[length++] = PUBACK;
        answers[length++] = 2;
        answers[length++] = bytes[at + idAt]!;
        answers[length++] = bytes[at + idAt + 1]!;
      },
      answer: async () => {
        await writeAll(conn, answers.subarray(0, length));
        length = 0;
        this.#tell();
        return true;
      },
    });
  }

  #take(bytes: Uint8Array, at: number): void {
    this.received++;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const sender = view.getUint32(0);
    const number = view.getUint32(4);
    const expected = this.#next[sender] ?? 0;
    if (number < expected) {
      this.doubled++;
      return;
    }
    this.missed += number - expected;
    this.#next[sender] = number + 1;
  }

  #tell(): void {
    if (this.#enough === undefined || this.received < this.#enough.count) {
      return;
    }
    this.#enough.resolve();
    this.#enough = undefined;
  }
}

/** Runs what a client does until its connection is closed from here; rejects for anything else that goes wrong. */
export async function untilClosed(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (
      !(error instanceof Deno.errors.BadResource ||
        error instanceof Deno.errors.Interrupted)
    ) throw error;
  }
}
