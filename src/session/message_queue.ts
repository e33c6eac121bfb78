import type { DroppedCause } from "../core/counters.ts";
import { Deque } from "../core/deque.ts";
import type { Message } from "../store/message.ts";
import type { SessionContext } from "./context.ts";

/** Messages that wait for somebody, bounded in number and bytes, and counted. */
export class MessageQueue<T extends { readonly message: Message }> {
  readonly #context: SessionContext;
  readonly #items = new Deque<T>();
  #bytes = 0;

  /** Makes an empty queue with the limits of a session. */
  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#items.length;
  }

  /** Bytes that they hold on to. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The limit that stands against adding this message, if one does. */
  obstacle(message: Message): DroppedCause | undefined {
    const { limits } = this.#context;
    if (this.#items.length >= limits.queuedMessages) return "queueMessages";
    return this.#bytes + message.size > limits.queuedBytes
      ? "queueBytes"
      : undefined;
  }

  /** Adds a message; whether that is within the limits, {@linkcode MessageQueue.obstacle} says. */
  push(item: T): void {
    this.#items.pushBack(item);
    this.#count(1, item.message.size);
  }

  /** Puts a message that was taken out before all others again. */
  pushFront(item: T): void {
    this.#items.pushFront(item);
    this.#count(1, item.message.size);
  }

  /** The first message, left where it is. */
  peek(): T | undefined {
    return this.#items.peekFront();
  }

  /** Takes the first message out. */
  pop(): T | undefined {
    const item = this.#items.popFront();
    if (item !== undefined) this.#count(-1, -item.message.size);
    return item;
  }

  /** Drops everything; the items are returned. */
  clear(): T[] {
    const items = [...this.#items];
    this.#count(-items.length, -this.#bytes);
    this.#items.clear();
    return items;
  }

  #count(messages: number, bytes: number): void {
    this.#bytes += bytes;
    this.#context.counters.queuedNow += messages;
    this.#context.counters.queuedBytesNow += bytes;
  }
}
