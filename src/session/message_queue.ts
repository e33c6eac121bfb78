import type { Counters } from "../core/counters.ts";
import { Deque } from "../core/deque.ts";
import type { Message } from "../store/message.ts";

/** Messages that wait in memory, counted. */
export class MessageQueue<T extends { readonly message: Message }> {
  readonly #counters: Counters;
  readonly #items = new Deque<T>();
  #bytes = 0;

  /** Makes an empty queue. */
  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#items.length;
  }

  /** Bytes that they hold on to. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a message. */
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
    this.#counters.queuedNow += messages;
    this.#counters.queuedBytesNow += bytes;
  }
}
