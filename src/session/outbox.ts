import { ByteBuffer } from "../core/byte_buffer.ts";
import type { SharedBuffer } from "../core/shared_buffer.ts";

/** A part of a buffer that others hold too. */
interface Segment {
  readonly buffer: SharedBuffer;
  readonly start: number;
  readonly end: number;
}

/** Buffers that no Outbox uses. Most clients are idle at any moment: what they need is lent to them. */
const idle: ByteBuffer[] = [];
/** Idle buffers kept, and the memory that each may keep. */
const KEPT = 64;
const KEPT_CAPACITY = 16 * 1024;

/**
 * The bytes on their way to one client: a growing buffer that the Router fills while the Writer writes what was
 * there before, and parts of large read buffers by reference. Control packets always find room; what may be dropped
 * asks {@linkcode Outbox.hasRoom} first.
 */
export class Outbox {
  readonly #capacity: number;
  #filling: ByteBuffer | undefined;
  /** What goes out before `#filling`. */
  #sealed: (ByteBuffer | Segment)[] | undefined;
  #sealedBytes = 0;
  #writing: ByteBuffer | Segment | undefined;
  #underWay = 0;
  #taken = 0;

  /** Makes an empty Outbox that is full with `capacity` bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes handed out to be written, since the beginning. */
  get taken(): number {
    return this.#taken;
  }

  /** Bytes put in, since the beginning. */
  get appended(): number {
    return this.#taken + this.#waiting;
  }

  /** Bytes that the socket has not taken yet. */
  get bytes(): number {
    return this.#waiting + this.#underWay;
  }

  /** Whether the client must not be read: its answers would find no room. */
  get full(): boolean {
    return this.bytes > this.#capacity;
  }

  /** Whether so many more bytes fit. */
  fits(bytes: number): boolean {
    return this.bytes + bytes <= this.#capacity;
  }

  /** Whether a packet of so many bytes fits, beside those that wait elsewhere. An empty Outbox takes any one packet. */
  hasRoom(bytes: number, waiting = 0): boolean {
    return this.fits(bytes + waiting) || this.bytes + waiting === 0;
  }

  /** The buffer to write packets into. To be asked for each time: it changes. */
  get buffer(): ByteBuffer {
    return this.#filling ??= idle.pop() ?? new ByteBuffer();
  }

  /** Adds a part of a large buffer without copying it. */
  share(buffer: SharedBuffer, start: number, end: number): void {
    buffer.hold();
    this.#sealed ??= [];
    if (this.#filling !== undefined && this.#filling.length > 0) {
      this.#sealed.push(this.#filling);
      this.#sealedBytes += this.#filling.length;
      this.#filling = undefined;
    }
    this.#sealed.push({ buffer, start, end });
    this.#sealedBytes += end - start;
  }

  /** Hands out what is to be written next, until {@linkcode Outbox.written} is called for all of it. */
  take(): Uint8Array | undefined {
    const next = this.#sealed?.shift();
    if (next === undefined) return this.#takeFilling();
    const bytes = "buffer" in next
      ? next.buffer.bytes.subarray(next.start, next.end)
      : next.bytes.subarray(0, next.length);
    this.#sealedBytes -= bytes.length;
    return this.#take(next, bytes);
  }

  /** Notes that the socket took so many of the bytes handed out. */
  written(bytes: number): void {
    this.#underWay -= bytes;
    if (this.#underWay > 0) return;
    const written = this.#writing!;
    this.#writing = undefined;
    if ("buffer" in written) written.buffer.release();
    else giveBack(written);
  }

  /** Lets go of everything: the connection has ended, and nothing is being written. */
  clear(): void {
    for (const sealed of this.#sealed ?? []) {
      if ("buffer" in sealed) sealed.buffer.release();
    }
    this.#sealed = undefined;
    this.#sealedBytes = 0;
    this.#filling = undefined;
  }

  get #waiting(): number {
    return this.#sealedBytes + (this.#filling?.length ?? 0);
  }

  #takeFilling(): Uint8Array | undefined {
    const filling = this.#filling;
    this.#filling = undefined;
    if (filling === undefined) return undefined;
    if (filling.length > 0) {
      return this.#take(filling, filling.bytes.subarray(0, filling.length));
    }
    giveBack(filling);
    return undefined;
  }

  #take(from: ByteBuffer | Segment, bytes: Uint8Array): Uint8Array {
    this.#writing = from;
    this.#underWay = bytes.length;
    this.#taken += bytes.length;
    return bytes;
  }
}

function giveBack(buffer: ByteBuffer): void {
  if (idle.length >= KEPT) return;
  buffer.clear();
  buffer.release(KEPT_CAPACITY);
  idle.push(buffer);
}
