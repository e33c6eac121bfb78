import type { Clock } from "../core/clock.ts";
import type { Outbox } from "../session/outbox.ts";
import type { Transport } from "../transport/transport.ts";

/** Who is told how writing goes. */
export interface WriterHost {
  /** The socket took so many bytes. */
  written(bytes: number): void;
  /** Writing failed: the connection is lost. Called once. */
  writeFailed(): void;
}

/** What a Writer is made with. */
export interface WriterOptions {
  /** Where it writes to. */
  readonly transport: Transport;
  /** What it writes. */
  readonly outbox: Outbox;
  /** The time at which a write began. */
  readonly clock: Clock;
  /** Told when writing fails. */
  readonly owner: WriterHost;
}

/** How a Writer is talked to. Its mailbox is the Outbox. */
export interface WriterHandle {
  /** Has what is in the Outbox written; says whether the socket had taken all that came before. */
  flush(): boolean;
  /** Resolves when the Outbox has been written, or cannot be. */
  drained(): Promise<void>;
  /** Resolves when the Outbox is full no more, or cannot be written. */
  room(): Promise<void>;
  /** When the write under way began or last came on, on the monotonic clock. */
  readonly progressAt: number;
}

/**
 * The actor that writes to a client's socket, and the only one that does. It goes from write to write by callbacks
 * and not in an async loop: a write is most of what a message costs, and this saves a promise with each.
 */
export class Writer implements WriterHandle {
  readonly #transport: Transport;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #owner: WriterHost;
  readonly #onTaken = (bytes: number): void => this.#taken(bytes);
  readonly #onFailed = (): void => this.#fail();
  /** What is being written. */
  #bytes: Uint8Array | undefined;
  #failed = false;
  #drained: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  progressAt: number;

  /** Starts a Writer and returns its handle. */
  static start(options: WriterOptions): WriterHandle {
    return new Writer(options);
  }

  private constructor(options: WriterOptions) {
    this.#transport = options.transport;
    this.#outbox = options.outbox;
    this.#clock = options.clock;
    this.#owner = options.owner;
    this.progressAt = options.clock.monotonic();
  }

  flush(): boolean {
    if (this.#bytes !== undefined) return false;
    if (!this.#failed) this.#writeNext();
    return true;
  }

  drained(): Promise<void> {
    if (this.#bytes === undefined) return Promise.resolve();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  room(): Promise<void> {
    if (this.#bytes === undefined || !this.#outbox.full) {
      return Promise.resolve();
    }
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  #writeNext(): void {
    const bytes = this.#bytes = this.#outbox.take();
    if (bytes === undefined) {
      this.#settle();
    } else {
      this.progressAt = this.#clock.monotonic();
      this.#write(bytes);
    }
  }

  #write(bytes: Uint8Array): void {
    this.#transport.write(bytes).then(this.#onTaken, this.#onFailed);
  }

  #taken(count: number): void {
    const bytes = this.#bytes!;
    this.#outbox.written(count);
    this.#owner.written(count);
    if (this.#room !== undefined && !this.#outbox.full) this.#settleRoom();
    if (this.#outbox.bytes > 0) this.progressAt = this.#clock.monotonic();
    if (count < bytes.length) this.#write(this.#bytes = bytes.subarray(count));
    else this.#writeNext();
  }

  #fail(): void {
    this.#failed = true;
    this.#bytes = undefined;
    this.#settle();
    this.#owner.writeFailed();
  }

  #settle(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
    this.#settleRoom();
  }

  #settleRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
