const NOTHING = new Uint8Array(0);
const SMALLEST = 256;

/** Below this many bytes a loop is faster than making a view for `set`; `byte_buffer_bench.ts` tells. */
const LOOP_BELOW = 64;

/**
 * Bytes that grow at their end. An empty one that was never used, or was released, holds no memory.
 *
 * To write in place: `let at = buffer.reserve(n)`, fill `buffer.bytes` from there, and set
 * `buffer.length` to where the writing ended.
 */
export class ByteBuffer {
  /** The array behind it. Only the first {@linkcode ByteBuffer.length} bytes count. Growing replaces it. */
  bytes: Uint8Array<ArrayBuffer> = NOTHING;
  /** How many bytes are filled. */
  length = 0;

  /** How many bytes of memory it holds. */
  get capacity(): number {
    return this.bytes.length;
  }

  /**
   * Makes room for `count` more bytes and returns the offset at which to write them, which is the
   * present length. The length stays as it is.
   */
  reserve(count: number): number {
    if (this.length + count > this.bytes.length) {
      this.#grow(this.length + count);
    }
    return this.length;
  }

  /** Adds the bytes of `source` from `start` up to `end`, which is not included. */
  append(source: Uint8Array, start = 0, end: number = source.length): void {
    const count = end - start;
    if (count <= 0) return;
    let at = this.reserve(count);
    this.length = at + count;
    const bytes = this.bytes;
    if (count > LOOP_BELOW) {
      bytes.set(
        start === 0 && end === source.length
          ? source
          : source.subarray(start, end),
        at,
      );
      return;
    }
    for (let from = start; from < end; from++) {
      bytes[at++] = source[from] as number;
    }
  }

  /** Forgets the content and keeps the memory. */
  clear(): void {
    this.length = 0;
  }

  /**
   * Hands over the filled bytes, with the memory behind them, and goes on empty: in `next`, which
   * is overwritten, or without memory.
   */
  take(next: Uint8Array<ArrayBuffer> = NOTHING): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = next;
    this.length = 0;
    return taken;
  }

  /** Gives memory beyond `keep` bytes back, as far as the content allows; for an idle moment. */
  release(keep: number): void {
    if (this.bytes.length <= keep || this.bytes.length === this.length) return;
    if (this.length === 0) {
      this.bytes = NOTHING;
      return;
    }
    const bytes = new Uint8Array(Math.max(keep, this.length));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }

  #grow(least: number): void {
    const bytes = new Uint8Array(
      Math.max(SMALLEST, this.bytes.length * 2, least),
    );
    if (this.length > 0) bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }
}
