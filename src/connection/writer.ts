import type { Clock } from "../core/clock.ts";
import type { Outbox } from "../session/outbox.ts";
import type { Transport } from "../transport/transport.ts";

/** What a Writer is made with. */
export interface WriterOptions {
  readonly transport: Transport;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Told the number of bytes that the socket took, after each write. */
  readonly onWritten: (bytes: number) => void;
  /** Told once when writing fails: the connection is lost. */
  readonly onFailed: (error: unknown) => void;
}

/** How a Writer is talked to. Its mailbox is the Outbox. */
export interface WriterHandle {
  /** Has what is in the Outbox written. */
  flush(): void;
  /** Resolves when the Outbox has been written, or cannot be. */
  drained(): Promise<void>;
  /** When the socket last took bytes or there was nothing to take, on the monotonic clock. */
  readonly progressAt: number;
}

/** The actor that writes to a client's socket, and the only one that does. */
export class Writer {
  readonly #options: WriterOptions;
  #writing = false;
  #failed = false;
  #progressAt: number;
  #drained: PromiseWithResolvers<void> | undefined;

  /** Starts a Writer and returns its handle. */
  static start(options: WriterOptions): WriterHandle {
    const writer = new Writer(options);
    return {
      flush: () => writer.#flush(),
      drained: () => writer.#whenDrained(),
      get progressAt() {
        return writer.#progressAt;
      },
    };
  }

  private constructor(options: WriterOptions) {
    this.#options = options;
    this.#progressAt = options.clock.monotonic();
  }

  #flush(): void {
    if (this.#writing || this.#failed) return;
    this.#writing = true;
    this.#run();
  }

  async #run(): Promise<void> {
    const { transport, outbox, onWritten, onFailed } = this.#options;
    this.#progressAt = this.#options.clock.monotonic();
    try {
      for (
        let bytes = outbox.take();
        bytes !== undefined;
        bytes = outbox.take()
      ) {
        while (bytes.length > 0) {
          const taken: number = await transport.write(bytes);
          this.#progressAt = this.#options.clock.monotonic();
          bytes = bytes.subarray(taken);
          outbox.written(taken);
          onWritten(taken);
        }
      }
    } catch (error) {
      this.#failed = true;
      onFailed(error);
    }
    this.#writing = false;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #whenDrained(): Promise<void> {
    if (!this.#writing) return Promise.resolve();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }
}
