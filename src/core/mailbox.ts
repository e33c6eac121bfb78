// The queue in front of an actor. Read this to know how actors talk to each other.

import { Channel } from "@std/async/channel";
import { Deque } from "./deque.ts";

/** Bounds of a {@linkcode Mailbox}. */
export interface MailboxOptions<T> {
  /** How many messages may wait before {@linkcode Mailbox.send} does; 1 or more. */
  capacity: number;
  /** How many bytes may wait before {@linkcode Mailbox.send} does; without `sizeOf` not looked at. */
  byteCapacity?: number;
  /** The bytes that a message holds on to, 0 where it is small. */
  sizeOf?: (message: T) => number;
}

/** What stands in the channel when only the urgent lane has something. */
const WAKE = Symbol("wake");

/**
 * A mailbox: a bounded `Channel`, bounded in bytes too, with an urgent lane that is never full and is drained
 * first. One actor receives; anybody sends.
 *
 * The loop of an actor takes one message with {@linkcode Mailbox.receive} and then drains with
 * {@linkcode Mailbox.tryReceive} up to its budget.
 */
export class Mailbox<T> {
  readonly #channel: Channel<T | typeof WAKE>;
  readonly #urgent = new Deque<T>();
  readonly #byteCapacity: number;
  readonly #sizeOf: (message: T) => number;
  #bytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #readable: ReadableStream<T> | undefined;
  #writable: WritableStream<T> | undefined;

  /** Makes an empty mailbox with these bounds. */
  constructor(options: MailboxOptions<T>) {
    this.#channel = new Channel({ capacity: options.capacity });
    this.#byteCapacity = options.byteCapacity ?? Infinity;
    this.#sizeOf = options.sizeOf ?? (() => 0);
  }

  /** Bytes that wait here now, as `sizeOf` counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether {@linkcode Mailbox.close} was called. */
  get closed(): boolean {
    return this.#channel.closed;
  }

  /**
   * Puts a message in; resolves when it has a place.
   *
   * @throws {ChannelClosedError} If the mailbox is closed.
   */
  async send(message: T): Promise<void> {
    while (this.#bytes >= this.#byteCapacity && !this.#channel.closed) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
    this.#bytes += this.#sizeOf(message);
    await this.#channel.send(message);
  }

  /** Puts a message in if there is room for it now; says whether it did. */
  trySend(message: T): boolean {
    if (this.#bytes >= this.#byteCapacity) return false;
    if (!this.#channel.trySend(message)) return false;
    this.#bytes += this.#sizeOf(message);
    return true;
  }

  /** Puts a message into the lane that is never full and is drained first. Lost once the mailbox is closed. */
  sendUrgent(message: T): void {
    this.#urgent.pushBack(message);
    // A full channel has something to receive already, so nobody sleeps beside it.
    if (this.#urgent.length === 1) this.#channel.trySend(WAKE);
  }

  /**
   * Takes the next message, waiting for one.
   *
   * @throws {ChannelClosedError} If the mailbox is closed and empty.
   */
  async receive(): Promise<T> {
    for (;;) {
      const urgent = this.#urgent.popFront();
      if (urgent !== undefined) return urgent;
      const message = await this.#channel.receive();
      if (message !== WAKE) return this.#received(message);
    }
  }

  /** Takes the next message if there is one now; `undefined` if there is none. */
  tryReceive(): T | undefined {
    if (this.#urgent.length > 0) return this.#urgent.popFront();
    for (;;) {
      const result = this.#channel.tryReceive();
      if (result.state !== "ok") return undefined;
      if (result.value !== WAKE) return this.#received(result.value);
    }
  }

  /** Takes no more messages in; what waits can still be received. */
  close(): void {
    this.#channel.close();
    this.#room?.resolve();
  }

  /** The mailbox's reading end as a stream; cancelling it closes the mailbox. */
  get readable(): ReadableStream<T> {
    return this.#readable ??= this.#channel.toReadableStream().pipeThrough(
      new TransformStream<T | typeof WAKE, T>({
        transform: (message, controller) => {
          for (const urgent of this.#urgent) controller.enqueue(urgent);
          this.#urgent.clear();
          if (message !== WAKE) controller.enqueue(this.#received(message));
        },
      }),
    );
  }

  /** The mailbox's writing end as a stream, with its back-pressure; closing it closes the mailbox. */
  get writable(): WritableStream<T> {
    return this.#writable ??= new WritableStream<T>({
      write: (message) => this.send(message),
      close: () => this.close(),
      abort: () => this.close(),
    });
  }

  #received(message: T): T {
    this.#bytes -= this.#sizeOf(message);
    if (this.#room !== undefined && this.#bytes < this.#byteCapacity) {
      this.#room.resolve();
      this.#room = undefined;
    }
    return message;
  }
}
