import { ByteBuffer } from "../core/byte_buffer.ts";

/** A drained buffer of up to this many bytes is kept for the next packets, a larger one let go. */
const KEPT_CAPACITY = 1024;

/**
 * The bytes on their way to one client: a growing buffer that the Router fills, swapped with the one that the
 * Writer is writing. Control packets always find room; what may be dropped asks {@linkcode Outbox.hasRoom} first.
 */
export class Outbox {
  readonly #capacity: number;
  #filling: ByteBuffer = new ByteBuffer();
  #writing: ByteBuffer = new ByteBuffer();
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
    return this.#taken + this.#filling.length;
  }

  /** Bytes that the socket has not taken yet. */
  get bytes(): number {
    return this.#filling.length + this.#underWay;
  }

  /** Whether the client must not be read: its answers would find no room. */
  get full(): boolean {
    return this.bytes > this.#capacity;
  }

  /** Whether so many more bytes fit. An empty Outbox takes any one packet. */
  hasRoom(bytes: number): boolean {
    const used = this.#filling.length + this.#underWay;
    return used + bytes <= this.#capacity || used === 0;
  }

  /** The buffer to write packets into. */
  get buffer(): ByteBuffer {
    return this.#filling;
  }

  /** Hands out what is to be written, until {@linkcode Outbox.written} is called for all of it. */
  take(): Uint8Array | undefined {
    const taken = this.#filling;
    if (taken.length === 0) return undefined;
    this.#filling = this.#writing;
    this.#writing = taken;
    this.#underWay = taken.length;
    this.#taken += taken.length;
    return taken.bytes.subarray(0, taken.length);
  }

  /** Notes that the socket took so many of the bytes handed out. */
  written(bytes: number): void {
    this.#underWay -= bytes;
    if (this.#underWay > 0) return;
    this.#writing.clear();
    this.#writing.release(KEPT_CAPACITY);
    if (this.#filling.length === 0) this.#filling.release(KEPT_CAPACITY);
  }
}
