import { SharedBuffer } from "../core/shared_buffer.ts";

/** A new connection's buffer, and one that has fallen quiet: enough for most packets of most devices. */
const SMALLEST = 512;
/** Grown to this under load; beyond it only for a packet that is larger. */
const LARGEST = 256 * 1024;
/** Buffers from here on may be handed on to Outboxes. */
const SHARED_FROM = 64 * 1024;
/** After so many reads that would have fitted into a quarter of it, the buffer is made smaller. */
const QUIET_READS = 4;

/** Counts the memory of all read buffers, but for the small ones that new connections begin with. */
export interface InputMeter {
  /** Bytes at present. */
  inputBytes: number;
}

/**
 * The bytes read from one connection and not yet decoded. It grows while reads fill it and shrinks when they do
 * not, since a gateway has many quiet clients and a few loud ones.
 */
export class ReadBuffer {
  /** The array; decoded packets borrow it. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(SMALLEST);
  /** The holder of the array, where it is large enough to be handed on. */
  shared: SharedBuffer | undefined;
  /** The first byte that is not decoded. */
  start = 0;
  /** Behind the last byte that was read. */
  end = 0;
  readonly #meter: InputMeter;
  #quietReads = 0;

  /** Makes a small one, whose growth is counted by this meter. */
  constructor(meter: InputMeter) {
    this.#meter = meter;
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Where the next read goes. Moves what is left to the front first, and makes room where there is too little. */
  space(): Uint8Array {
    const rest = this.end - this.start;
    const capacity = this.#capacityFor(rest);
    if (capacity !== this.bytes.length || this.shared?.shared) {
      this.#exchange(capacity);
    } else if (this.start > 0 && rest > 0) {
      this.bytes.copyWithin(0, this.start, this.end);
    }
    this.start = 0;
    this.end = rest;
    return rest === 0 ? this.bytes : this.bytes.subarray(rest);
  }

  /** Notes that so many bytes were read into {@linkcode ReadBuffer.space}. */
  filled(bytes: number): void {
    this.end += bytes;
    this.#quietReads = this.end * 4 <= this.bytes.length
      ? this.#quietReads + 1
      : 0;
  }

  /** Leaves the array to the packets that were decoded from it, and goes on in another one. */
  leave(): void {
    const rest = this.bytes.slice(this.start, this.end);
    this.#count(Math.max(SMALLEST, rest.length));
    this.bytes = new Uint8Array(Math.max(SMALLEST, rest.length));
    this.bytes.set(rest);
    this.shared = undefined;
    this.start = 0;
    this.end = rest.length;
  }

  /** Gives the memory up: the connection has ended. */
  release(): void {
    if (this.bytes.length === 0) return;
    this.shared?.release();
    // The small one that it began with was not counted either.
    this.#count(SMALLEST);
    this.shared = undefined;
    this.bytes = new Uint8Array(0);
    this.start = this.end = 0;
  }

  /** Goes on in another array, with what is left in this one. */
  #exchange(capacity: number): void {
    const former = this.shared;
    const rest = this.bytes.subarray(this.start, this.end);
    this.#count(capacity);
    this.shared = capacity >= SHARED_FROM
      ? SharedBuffer.take(capacity)
      : undefined;
    this.bytes = this.shared?.bytes ?? new Uint8Array(capacity);
    this.bytes.set(rest);
    former?.release();
  }

  #count(capacity: number): void {
    this.#meter.inputBytes += capacity - this.bytes.length;
  }

  #capacityFor(rest: number): number {
    const { length } = this.bytes;
    // A packet that does not fit grows the buffer as it comes, not as it claims to.
    if (this.end === length && (length < LARGEST || rest === length)) {
      return length * 2;
    }
    if (this.#quietReads < QUIET_READS || length === SMALLEST) return length;
    this.#quietReads = 0;
    const needed = 2 ** Math.ceil(Math.log2(rest + 1));
    return Math.max(SMALLEST, length / 2, needed);
  }
}
