import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { toError } from "../core/errors.ts";
import type { Transport } from "./transport.ts";

/** Bytes of the buffer that reads go into: as many as a quiet client needs, and for a loud one. */
const SMALLEST = 2 * 1024;
const LARGEST = 64 * 1024;
/** After so many reads that would have fitted into a quarter of it, the buffer is made smaller. */
const QUIET_READS = 8;

/** Called at the end of a step, with what went wrong. */
export type Done = (error?: Error | null) => void;

/** A connection as the stream of Node.js that its packages take. It reads no further than it is asked to. */
export class TransportStream extends Duplex {
  /** Bytes that may still be read before {@linkcode TransportStream.onExcess} is called. */
  allowance: number = Infinity;
  /** Called instead of a read when there is no more allowance. */
  onExcess: () => void = () => {};
  readonly #transport: Transport;
  #buffer = new Uint8Array(SMALLEST);
  #quietReads = 0;

  /** Takes the connection over. */
  constructor(transport: Transport) {
    super({ highWaterMark: 16 * 1024 });
    this.#transport = transport;
  }

  /** Reads once. */
  override _read(): void {
    if (this.allowance <= 0) return this.onExcess();
    this.#transport.read(this.#buffer).then(
      (count) => {
        if (count === null) return void this.push(null);
        this.allowance -= count;
        // A copy of its own size: whoever keeps it keeps no more than that.
        const bytes = Buffer.from(this.#buffer.subarray(0, count));
        this.#fit(count);
        this.push(bytes);
      },
      (error) => void this.destroy(toError(error)),
    );
  }

  /** Writes all of the bytes. */
  override _write(bytes: Uint8Array, _encoding: string, done: Done): void {
    this.#writeAll(bytes).then(() => done(), (error) => done(toError(error)));
  }

  /** Writes several pieces at once. */
  override _writev(
    chunks: readonly { readonly chunk: Uint8Array }[],
    done: Done,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "", done);
  }

  /** Says that no more comes. */
  override _final(done: Done): void {
    this.#transport.closeWrite().then(
      () => done(),
      // A client that is gone already needs not be told.
      () => done(),
    );
  }

  /** Breaks off. */
  override _destroy(error: Error | null, done: Done): void {
    this.#transport.close();
    done(error);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#transport.write(bytes.subarray(at));
    }
  }

  /** Chooses the size of the next read by that of the last. */
  #fit(count: number): void {
    const { length } = this.#buffer;
    if (count === length && length < LARGEST) {
      this.#buffer = new Uint8Array(length * 2);
    } else if (count * 4 > length || length === SMALLEST) {
      this.#quietReads = 0;
    } else if (++this.#quietReads >= QUIET_READS) {
      this.#quietReads = 0;
      this.#buffer = new Uint8Array(length / 2);
    }
  }
}
