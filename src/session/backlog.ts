import type { DroppedCause } from "../core/counters.ts";
import { isKept, type Message } from "../store/message.ts";
import type {
  BacklogPage,
  BatchNumber,
  StoredBacklog,
} from "../store/store.ts";
import type { BacklogOwner, Owed } from "./backlog_owner.ts";
import type { SessionContext } from "./context.ts";
import { MessageQueue } from "./message_queue.ts";
import { QueueLimits } from "./queue_limits.ts";
import { emptyStoredRun, type StoredRun } from "./stored_run.ts";

/** Pages grow up to so many times the usual size for a client that has taken one before the next has come. */
const MOST_GROWTH = 8;

/**
 * Messages that wait for somebody, within the limits of a session. Where the Store has them, only some of them are in
 * memory, and none while their owner is offline: the others are read page by page as those before them go.
 */
export class Backlog<T extends Owed> {
  readonly #context: SessionContext;
  readonly #owner: BacklogOwner<T>;
  readonly #limits: QueueLimits;
  readonly #head: MessageQueue<T>;
  /** What the Store is never to have. */
  readonly #unkept: MessageQueue<T>;
  #storedRun: StoredRun<T> | undefined;
  /** The batch that keeps the last message that the Store has. */
  #kept: BatchNumber = 0;

  /** Makes an empty one. */
  constructor(context: SessionContext, owner: BacklogOwner<T>) {
    this.#context = context;
    this.#owner = owner;
    this.#limits = new QueueLimits(context, owner);
    this.#head = new MessageQueue(context.counters);
    this.#unkept = new MessageQueue(context.counters);
  }

  /** How many messages wait. */
  get length(): number {
    const storedRun = this.#storedRun;
    const length = this.#head.length + this.#unkept.length;
    if (storedRun === undefined) return length;
    return length + storedRun.messages + storedRun.behind.length;
  }

  /** Bytes that they hold in memory. */
  get bytes(): number {
    return this.#head.bytes + this.#unkept.bytes +
      (this.#storedRun?.behind.bytes ?? 0);
  }

  /** Whether what comes now must be in the Store, since some of what is before it is there alone. */
  get onDisk(): boolean {
    return this.#storedRun !== undefined;
  }

  /** Bytes that they have, in memory or in the Store alone. */
  get allBytes(): number {
    return this.bytes + (this.#storedRun?.bytes ?? 0);
  }

  /** Whether a message of this size would have to be refused, for it would have to wait and there is no room. */
  refuses(size: number): boolean {
    return this.#context.queuePolicies.one === "refuse" &&
      this.#limits.obstacle(this, size) !== undefined;
  }

  /** Makes room for a message, as the policies say; says whether it may be added. */
  admit({ size }: Message): boolean {
    let obstacle = this.#limits.obstacle(this, size);
    if (obstacle === undefined) {
      this.#limits.lookForRoom(this);
      return true;
    }
    if (this.#limits.dropsOldest(obstacle, size)) {
      obstacle = this.#makeRoom(size, 1);
      // Where the oldest are in the Store alone, it makes room a little later.
      if (
        obstacle !== undefined && this.#storedRun !== undefined &&
        this.#limits.dropsOldest(obstacle, size)
      ) return true;
    }
    if (obstacle !== undefined) this.#limits.drop(obstacle, 1);
    return obstacle === undefined;
  }

  /** Goes on with what the Store held. */
  restore({ messages, bytes, first, last }: StoredBacklog): void {
    const storedRun = this.#beginStretch(first - 1);
    this.#extend(storedRun, messages, bytes, last);
  }

  /**
   * Adds a message; whether that is within the limits, {@linkcode Backlog.admit} says. `kept` is the batch in which
   * the Store has it, 0 where it has not.
   */
  push(item: T, kept: BatchNumber): void {
    if (!isKept(item.message)) {
      this.#unkept.push(item);
      return;
    }
    const { size } = item.message;
    const most = this.#owner.online ? this.#context.limits.queuedInMemory : 0;
    if (kept > 0) this.#kept = kept;
    let storedRun = this.#storedRun;
    if (storedRun === undefined) {
      if (kept === 0 || this.#head.bytes + size <= most) {
        this.#head.push(item);
        return;
      }
      storedRun = this.#beginStretch(item.number - 1);
    }
    const { behind } = storedRun;
    if (behind.bytes + size > most) this.#fold(storedRun);
    if (storedRun.messages + behind.length === 0) {
      // What has a lower number is in memory or has gone out, though the Store may not know to whom.
      storedRun.after = item.number - 1;
      this.#extend(storedRun, 1, size, item.number);
    } else if (most === 0) this.#extend(storedRun, 1, size, item.number);
    else behind.push(item);
  }

  /** Puts a message that was taken out before all others again. */
  pushFront(item: T): void {
    if (!isKept(item.message)) {
      this.#unkept.pushFront(item);
      return;
    }
    const storedRun = this.#storedRun;
    // Only if it was sent before the broker started.
    if (storedRun !== undefined && item.number > storedRun.after) {
      storedRun.early.add(item.number);
    }
    this.#head.pushFront(item);
  }

  /** The first message, left where it is; `undefined` where none is in memory, though some may come. */
  peek(): T | undefined {
    const first = this.#head.peek();
    if (
      first === undefined && this.#storedRun !== undefined && this.#owner.online
    ) this.#read();
    return this.#unkeptIsNext() ? this.#unkept.peek() : first;
  }

  /** Takes the first message out, if it is in memory. */
  pop(): T | undefined {
    if (this.#unkeptIsNext()) return this.#unkept.pop();
    const item = this.#head.pop();
    this.#limits.lookForRoom(this);
    if (
      this.#storedRun !== undefined &&
      this.#head.bytes < this.#pageSize
    ) this.#read();
    return item;
  }

  /** Drops everything; returns what was in memory, and from which number to which the Store alone has the rest. */
  clear(): { items: T[]; after: number; last: number } {
    const { after, last, behind } = this.#storedRun ?? NO_STRETCH;
    const items = [
      ...this.#head.clear(),
      ...behind?.clear() ?? [],
      ...this.#unkept.clear(),
    ];
    if (this.#storedRun !== undefined) {
      this.#count(-this.#storedRun.messages, -this.#storedRun.bytes);
    }
    this.#storedRun = undefined;
    this.#limits.lookForRoom(this);
    return { items, after, last };
  }

  /** Lets go of what is in memory and the Store has: the owner is offline. */
  unload(): void {
    const first = this.#head.peek();
    if (first === undefined) {
      if (this.#storedRun !== undefined) this.#fold(this.#storedRun);
      return;
    }
    const storedRun = this.#storedRun ?? this.#beginStretch(0);
    const { length, bytes } = this.#head;
    const items = this.#head.clear();
    this.#extend(storedRun, length, bytes, items.at(-1)!.number);
    this.#fold(storedRun);
    storedRun.after = first.number - 1;
    storedRun.oldest.clear();
  }

  /** Drops the oldest messages until one of this size has room; returns what stands against it even so. */
  #makeRoom(size: number, messages: number): DroppedCause | undefined {
    const cause = this.#limits.obstacle(this, size, messages);
    let obstacle = cause;
    let dropped = 0;
    while (
      obstacle !== undefined && this.#limits.dropsOldest(obstacle, size) &&
      this.#dropOldest()
    ) {
      dropped++;
      obstacle = this.#limits.obstacle(this, size, messages);
    }
    if (cause !== undefined) this.#limits.drop(cause, dropped);
    return obstacle;
  }

  /** Drops the oldest message, if it is known which one that is; says whether. */
  #dropOldest(): boolean {
    const storedRun = this.#storedRun;
    let item = this.#unkeptIsNext() ? this.#unkept.pop() : this.#head.pop();
    if (item === undefined && storedRun?.messages === 0) this.#fold(storedRun);
    if (item === undefined && !storedRun?.messages) item = this.#unkept.pop();
    if (item !== undefined) {
      this.#owner.forget(item);
      return true;
    }
    const oldest = storedRun?.oldest.popFront();
    if (storedRun === undefined || oldest === undefined) {
      if (storedRun !== undefined) this.#learnOldest(storedRun);
      return false;
    }
    const { number, size } = oldest;
    this.#context.store.dequeue(this.#owner.key, number);
    this.#extend(storedRun, -1, -Math.min(size, storedRun.bytes), 0);
    storedRun.after = number;
    if (storedRun.messages === 0) this.#endStretch(storedRun);
    return true;
  }

  /** Asks the Store which messages of the storedRun are the oldest, to drop as many as are too many then. */
  #learnOldest(storedRun: StoredRun<T>): void {
    if (storedRun.busy) return;
    storedRun.busy = true;
    const { after, last } = storedRun;
    const kept = this.#kept;
    const query = {
      owner: this.#owner.key,
      after,
      last,
      bytes: this.#pageSize,
    };
    this.#context.readBacklog(query, ({ deliveries, end }) => {
      storedRun.busy = false;
      if (this.#storedRun !== storedRun) return;
      if (storedRun.after === after) {
        for (const { number, message: { size } } of deliveries) {
          if (storedRun.early.has(number)) continue;
          storedRun.oldest.pushBack({ number, size });
        }
      }
      // What is not committed cannot be read yet.
      if (storedRun.oldest.length === 0) {
        if (kept <= this.#context.store.committed) {
          if (end && storedRun.last === last) this.#endStretch(storedRun);
          return;
        }
        const again = () => void this.#makeRoom(0, 0);
        this.#context.whenCommitted(undefined, kept, again);
        return;
      }
      this.#makeRoom(0, 0);
      this.#owner.pageCame();
    });
  }

  /** Whether all that came before the first message that is not kept has been taken out. */
  #unkeptIsNext(): boolean {
    const unkept = this.#unkept.peek();
    if (unkept === undefined) return false;
    const first = this.#head.peek()?.number ?? this.#storedRun?.after;
    return first === undefined || unkept.number <= first;
  }

  /** Bytes of a page, as a rule: two are within the limit. */
  get #pageSize(): number {
    return this.#context.limits.queuedInMemory / 2;
  }

  #beginStretch(after: number): StoredRun<T> {
    return this.#storedRun = emptyStoredRun(
      after,
      this.#pageSize,
      this.#context.counters,
    );
  }

  #extend(
    storedRun: StoredRun<T>,
    messages: number,
    bytes: number,
    last: number,
  ): void {
    storedRun.messages += messages;
    storedRun.bytes += bytes;
    storedRun.last = Math.max(storedRun.last, last);
    this.#count(messages, bytes);
  }

  /** What is behind the storedRun becomes part of it. */
  #fold(storedRun: StoredRun<T>): void {
    const { length, bytes } = storedRun.behind;
    if (length === 0) return;
    const items = storedRun.behind.clear();
    this.#extend(storedRun, length, bytes, items.at(-1)!.number);
  }

  /** Has the next page of the storedRun come. */
  #read(): void {
    const storedRun = this.#storedRun;
    if (storedRun === undefined || storedRun.busy) return;
    storedRun.busy = true;
    const { after, last } = storedRun;
    const kept = this.#kept;
    const committed = kept <= this.#context.store.committed;
    const owner = this.#owner.key;
    const bytes = storedRun.page;
    this.#context.readBacklog({ owner, after, last, bytes }, (page) => {
      if (this.#storedRun !== storedRun || storedRun.after !== after) {
        // It was let go, or begins elsewhere since its owner was offline meanwhile.
        storedRun.busy = false;
        if (this.#storedRun === storedRun) this.#owner.pageCame();
        return;
      }
      if (!this.#owner.online) {
        storedRun.busy = false;
        return;
      }
      this.#take(storedRun, page);
      if (page.end && !committed && storedRun.messages > 0) {
        // What is not committed cannot be read yet.
        this.#context.whenCommitted(undefined, kept, () => {
          storedRun.busy = false;
          this.#owner.pageCame();
        });
        return;
      }
      storedRun.busy = false;
      if (page.end && storedRun.last === last) this.#endStretch(storedRun);
      this.#owner.pageCame();
    });
  }

  #take(storedRun: StoredRun<T>, page: BacklogPage): void {
    // Who waits for a page holds none of it for long, and gets more for each way to the Store and back.
    storedRun.page = this.#head.length > 0
      ? this.#pageSize
      : Math.min(2 * storedRun.page, MOST_GROWTH * this.#pageSize);
    let messages = 0;
    let bytes = 0;
    for (const delivery of page.deliveries) {
      if (storedRun.early.delete(delivery.number)) continue;
      const item = this.#owner.fromStore(delivery);
      messages++;
      bytes += item.message.size;
      this.#head.push(item);
    }
    this.#extend(
      storedRun,
      -Math.min(messages, storedRun.messages),
      -Math.min(bytes, storedRun.bytes),
      0,
    );
    storedRun.after = page.last;
    storedRun.oldest.clear();
  }

  /** All of the storedRun has been read. What it lacks was damaged. */
  #endStretch(storedRun: StoredRun<T>): void {
    this.#count(-storedRun.messages, -storedRun.bytes);
    this.#storedRun = undefined;
    for (const item of storedRun.behind.clear()) this.#head.push(item);
  }

  #count(messages: number, bytes: number): void {
    const { counters } = this.#context;
    counters.queuedNow += messages;
    counters.storedBytesNow += bytes;
  }
}

const NO_STRETCH = { after: 0, last: 0, behind: undefined };
