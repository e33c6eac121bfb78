import { ByteBuffer } from "../core/byte_buffer.ts";
import { toError } from "../core/errors.ts";
import type { Transport } from "../transport/transport.ts";

/** Sends bytes in their order, all that has gathered by one write. */
export class Output {
  /** Where packets are written; {@linkcode Output.flush} sends them. */
  readonly buffer: ByteBuffer = new ByteBuffer();
  readonly #transport: Transport;
  readonly #onFailure: (error: Error) => void;
  #spare: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes that are being written. */
  #underWay = 0;
  #isWriting = false;
  #hasFailed = false;
  #waiting: { readonly below: number; readonly resolve: () => void }[] = [];

  /** Whether all that was to be sent has been taken by the system, as far as is known. */
  isComplete = true;

  /** Sends to there, and tells once if that fails. */
  constructor(transport: Transport, onFailure: (error: Error) => void) {
    this.#transport = transport;
    this.#onFailure = onFailure;
  }

  /** Bytes that the system has not taken yet. */
  get pending(): number {
    return this.#underWay + this.buffer.length;
  }

  /** Sends what is in the buffer, now or once what is under way has gone. */
  flush(): void {
    if (this.#isWriting || this.buffer.length === 0) return;
    this.#isWriting = true;
    void this.#write();
  }

  /** Resolves once fewer bytes than that wait, or none can be sent any more. */
  drained(below = 1): Promise<void> {
    if (this.pending < below || this.#hasFailed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ below, resolve }));
  }

  /** Sends nothing more. */
  stop(): void {
    if (this.pending > 0) this.isComplete = false;
    this.#hasFailed = true;
    this.buffer.clear();
    this.#notify();
  }

  async #write(): Promise<void> {
    try {
      while (this.buffer.length > 0 && !this.#hasFailed) {
        const bytes = this.buffer.take(this.#spare);
        this.#spare = undefined;
        this.#underWay = bytes.length;
        for (let at = 0; at < bytes.length;) {
          const count = await this.#transport.write(bytes.subarray(at));
          at += count;
          this.#underWay -= count;
        }
        this.#spare = new Uint8Array(bytes.buffer);
        this.#notify();
      }
    } catch (error) {
      if (!this.#hasFailed) {
        this.stop();
        this.#onFailure(toError(error));
      }
    }
    this.#isWriting = false;
  }

  #notify(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (this.pending < one.below || this.#hasFailed) one.resolve();
      else this.#waiting.push(one);
    }
  }
}
