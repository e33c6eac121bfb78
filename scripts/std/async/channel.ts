/** Stand-in for `@std/async/channel`, for machines that cannot reach JSR. */

import { Ring } from "./_ring.ts";

const DONE: Promise<void> = Promise.resolve();
const EMPTY: { readonly state: "empty" } = Object.freeze({ state: "empty" });
const CLOSED: { readonly state: "closed" } = Object.freeze({ state: "closed" });

/** A caller that waits in `send` (with its value) or in `receive`. */
interface Waiter<V, R> {
  readonly value: V;
  readonly resolve: (result: R) => void;
  readonly reject: (reason: unknown) => void;
}

/** Says that a channel was closed; from a send it carries the value that was not sent. */
export class ChannelClosedError extends Error {
  /** The value that was not sent; absent when a receive failed. */
  declare readonly value?: unknown;

  /** Takes the message and, for a failed send, the value. */
  constructor(message: string, ...rest: [value: unknown] | []) {
    super(message);
    this.name = "ChannelClosedError";
    if (rest.length > 0) {
      Object.defineProperty(this, "value", {
        value: rest[0],
        enumerable: true,
      });
    }
  }
}

/** What `tryReceive` found: a value, nothing yet, or nothing ever again. */
export type ChannelReceiveResult<T> =
  | { state: "ok"; value: T }
  | { state: "empty" }
  | { state: "closed" };

/** Options of a channel. */
export interface ChannelOptions {
  /** Number of values held before `send` waits; 0 (the default) hands each over in person. */
  capacity?: number;
}

/** Options of `send`. */
export interface ChannelSendOptions {
  /** Ends the wait; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of `receive`. */
export interface ChannelReceiveOptions {
  /** Ends the wait; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** A bounded first-in, first-out queue between tasks: any number of senders, any number of receivers. */
export class Channel<T>
  implements AsyncIterable<T>, Disposable, AsyncDisposable {
  readonly #capacity: number;
  readonly #values = new Ring<T>();
  readonly #senders = new Ring<Waiter<T, void>>();
  readonly #receivers = new Ring<Waiter<undefined, T>>();
  #closed = false;
  #reason: { readonly value: unknown } | undefined;
  #closedError: ChannelClosedError | undefined;

  /** Throws a RangeError unless the capacity is a whole number from 0. */
  constructor(options: ChannelOptions = {}) {
    const { capacity = 0 } = options;
    if (!Number.isInteger(capacity) || capacity < 0) {
      throw new RangeError(
        `Cannot create channel: capacity must be a non-negative integer, received ${capacity}`,
      );
    }
    this.#capacity = capacity;
  }

  /** Whether the channel has been closed; values may still be waiting in it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Number of values held. */
  get size(): number {
    return this.#values.length;
  }

  /** Number of values that can be held. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Puts a value in, waiting for room; rejects with ChannelClosedError once closed. */
  send(value: T, options?: ChannelSendOptions): Promise<void> {
    if (this.trySend(value)) return DONE;
    if (this.#closed) {
      return Promise.reject(
        new ChannelClosedError("Cannot send to a closed channel", value),
      );
    }
    return wait(this.#senders, value, options?.signal);
  }

  /** Takes the next value out, waiting for one; rejects once the channel is closed and empty. */
  receive(options?: ChannelReceiveOptions): Promise<T> {
    const next = this.tryReceive();
    if (next.state === "ok") return Promise.resolve(next.value);
    if (next.state === "closed") return Promise.reject(this.#receiveError());
    return wait(this.#receivers, undefined, options?.signal);
  }

  /** Puts a value in if that is possible now, and says whether it was. */
  trySend(value: T): boolean {
    if (this.#closed) return false;
    if (this.#receivers.length > 0) {
      this.#receivers.shift()!.resolve(value);
      return true;
    }
    if (this.#values.length >= this.#capacity) return false;
    this.#values.push(value);
    return true;
  }

  /** Takes the next value out if there is one now. */
  tryReceive(): ChannelReceiveResult<T> {
    if (this.#values.length > 0) {
      const value = this.#values.shift() as T;
      if (this.#senders.length > 0) {
        const sender = this.#senders.shift()!;
        this.#values.push(sender.value);
        sender.resolve();
      }
      return { state: "ok", value };
    }
    if (this.#senders.length > 0) {
      const sender = this.#senders.shift()!;
      sender.resolve();
      return { state: "ok", value: sender.value };
    }
    return this.#closed ? CLOSED : EMPTY;
  }

  /** Closes the channel. Values held can still be received; waiting senders and receivers are turned away. */
  close(): void;
  /** Closes the channel; receivers who find it empty are then given the reason as their error. */
  close(reason: unknown): void;
  close(...args: [reason: unknown] | []): void {
    if (this.#closed) return;
    this.#closed = true;
    if (args.length > 0) this.#reason = { value: args[0] };
    while (this.#senders.length > 0) {
      const { value, reject } = this.#senders.shift()!;
      reject(new ChannelClosedError("Cannot send to a closed channel", value));
    }
    while (this.#receivers.length > 0) {
      this.#receivers.shift()!.reject(this.#receiveError());
    }
  }

  /** Yields values until the channel is closed; throws the reason if it was closed with one. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    while (true) {
      let value: T;
      try {
        value = await this.receive();
      } catch (error) {
        if (this.#isPlainEnd(error)) return;
        throw error;
      }
      yield value;
    }
  }

  /** A stream that takes values out; cancelling it closes the channel. */
  toReadableStream(): ReadableStream<T> {
    return new ReadableStream<T>({
      pull: async (controller) => {
        try {
          controller.enqueue(await this.receive());
        } catch (error) {
          if (this.#isPlainEnd(error)) controller.close();
          else controller.error(error);
        }
      },
      cancel: (reason) =>
        reason === undefined ? this.close() : this.close(reason),
    });
  }

  /** Closes the channel. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the channel. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return DONE;
  }

  #isPlainEnd(error: unknown): boolean {
    return error instanceof ChannelClosedError && this.#reason === undefined;
  }

  #receiveError(): unknown {
    if (this.#reason !== undefined) return this.#reason.value;
    return this.#closedError ??= new ChannelClosedError(
      "Cannot receive from a closed channel",
    );
  }
}

/** Queues a waiter, and takes it out again if the signal says so first. */
function wait<V, R>(
  queue: Ring<Waiter<V, R>>,
  value: V,
  signal: AbortSignal | undefined,
): Promise<R> {
  if (signal === undefined) {
    return new Promise<R>((resolve, reject) =>
      queue.push({ value, resolve, reject })
    );
  }
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<R>((resolve, reject) => {
    const onAbort = () => {
      queue.remove(waiter);
      reject(signal.reason);
    };
    const waiter: Waiter<V, R> = {
      value,
      resolve(result) {
        signal.removeEventListener("abort", onAbort);
        resolve(result);
      },
      reject(reason) {
        signal.removeEventListener("abort", onAbort);
        reject(reason);
      },
    };
    signal.addEventListener("abort", onAbort, { once: true });
    queue.push(waiter);
  });
}
