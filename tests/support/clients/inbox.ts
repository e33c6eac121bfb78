import { join } from "../bytes.ts";
import { decode, packetLength, type Received } from "./read_packets.ts";
import type { Version } from "./write_packets.ts";

/** How long a test waits for anything, in milliseconds: far beyond what a loaded machine needs. */
export const PATIENCE = 30_000;

/**
 * Reads packets from a connection all the time and keeps them in order until they are asked for. Only then are they
 * decoded, so that a long packet costs a test nothing before.
 */
export class Inbox {
  readonly #connection: Deno.Conn;
  readonly #version: Version;
  #packets: (Uint8Array | Received)[] = [];
  /** Where in it the queue begins. */
  #first = 0;
  readonly #reading: Promise<void>;
  #ended = false;
  #error: unknown;
  #changed = Promise.withResolvers<void>();
  #pause: PromiseWithResolvers<void> | undefined;

  /** Starts to read. */
  constructor(connection: Deno.Conn, version: Version) {
    this.#connection = connection;
    this.#version = version;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    const chunk = new Uint8Array(65_536);
    let rest: Uint8Array[] = [];
    let size = 0;
    let wanted = 0;
    try {
      while (true) {
        if (this.#pause) await this.#pause.promise;
        const count = await this.#connection.read(chunk);
        if (count === null) break;
        rest.push(chunk.slice(0, count));
        size += count;
        if (size < wanted) continue;
        const left = this.#split(join(...rest));
        rest = [left];
        size = left.length;
        wanted = packetLength(left) ?? 0;
      }
    } catch (error) {
      if (!isEndOfConnection(error)) this.#error = error;
    }
    this.#ended = true;
    this.#notify();
  }

  #split(bytes: Uint8Array): Uint8Array {
    while (true) {
      const length = packetLength(bytes);
      if (length === undefined || length > bytes.length) break;
      this.#packets.push(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    this.#notify();
    return bytes;
  }

  /** The packet at a place of the queue, decoded there; undefined beyond its end. */
  #at(place: number): Received | undefined {
    const index = this.#first + place;
    const packet = this.#packets[index];
    if (!(packet instanceof Uint8Array)) return packet;
    return this.#packets[index] = decode(this.#version, packet);
  }

  #remove(place: number): void {
    if (place > 0) this.#packets.splice(this.#first + place, 1);
    else if (++this.#first > this.#packets.length / 2) {
      this.#packets = this.#packets.slice(this.#first);
      this.#first = 0;
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #change(timer: { expired: boolean }): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (timer.expired) throw new Error("Waited too long for a packet");
    await this.#changed.promise;
  }

  async #wait<T>(look: () => T | undefined): Promise<T | undefined> {
    const timer = { expired: false };
    let id: ReturnType<typeof setTimeout> | undefined;
    try {
      while (true) {
        const found = look();
        if (found !== undefined) return found;
        if (this.#ended && this.#error === undefined) return undefined;
        id ??= setTimeout(() => {
          timer.expired = true;
          this.#notify();
        }, PATIENCE);
        await this.#change(timer);
      }
    } finally {
      clearTimeout(id);
    }
  }

  /** How many packets wait. */
  get length(): number {
    return this.#packets.length - this.#first;
  }

  /** The next packet; undefined at the end of the connection. */
  next(): Promise<Received | undefined> {
    return this.#wait(() => {
      const packet = this.#at(0);
      if (packet !== undefined) this.#remove(0);
      return packet;
    });
  }

  /** Returns when there is a next packet, or the end. */
  async peek(): Promise<void> {
    await this.#wait(() => this.length || undefined);
  }

  /** The first packet that fits, out of turn. */
  async take<T extends Received>(
    fits: (packet: Received) => packet is T,
  ): Promise<T> {
    const packet = await this.#wait(() => {
      for (let place = 0; place < this.length; place++) {
        const packet = this.#at(place)!;
        if (!fits(packet)) continue;
        this.#remove(place);
        return packet;
      }
      return undefined;
    });
    if (packet === undefined) {
      const left = describe(this.#at(this.length - 1));
      throw new Error(`The server closed the connection after ${left}`);
    }
    return packet;
  }

  /** Returns when the server has ended the connection, whatever it sent before. */
  async end(): Promise<void> {
    await this.#wait(() => {
      this.#packets = [];
      this.#first = 0;
      return undefined;
    });
  }

  /** Returns when reading has stopped: to be called once the connection is closed. */
  async closed(): Promise<void> {
    this.resume();
    await this.#reading;
  }

  /** Reads no further until {@linkcode Inbox.resume}. */
  pause(): void {
    this.#pause ??= Promise.withResolvers();
  }

  /** Reads on. */
  resume(): void {
    this.#pause?.resolve();
    this.#pause = undefined;
  }
}

function isEndOfConnection(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

/** A packet in a few words, for what a failing test says. */
export function describe(packet: Received | undefined): string {
  const text = JSON.stringify(
    packet,
    (_name, value) =>
      value instanceof Uint8Array ? `${value.length} bytes` : value,
  ) ?? "nothing";
  return text.length > 300 ? text.slice(0, 300) + "..." : text;
}
