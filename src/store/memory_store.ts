import { Contents } from "./contents.ts";
import type { Room } from "./disk_room.ts";
import type { Message } from "./message.ts";
import type {
  BacklogPage,
  BacklogQuery,
  BatchNumber,
  Store,
  StoredDelivery,
  StoredSession,
  StoredSubscription,
  StoredWill,
  StoreEvents,
  StoreReader,
} from "./store.ts";

/**
 * When a {@linkcode MemoryStore} commits what somebody waits for:
 * - `"atOnce"`: at the end of the turn that asks for it;
 * - `"byHand"`: when {@linkcode MemoryStore.commit} is called;
 * - `"never"`: never, not even when it is closed;
 * - `after`: so many milliseconds later, as a slow disk does;
 * - `every`: with every so many batches, these all together.
 */
export type CommitPolicy =
  | "atOnce"
  | "byHand"
  | "never"
  | { readonly after: number }
  | { readonly every: number };

type Write = (contents: Contents) => void;

interface Batch {
  readonly number: BatchNumber;
  readonly writes: readonly Write[];
  readonly bytes: number;
}

/** Bytes of a write beside the message in it, about. */
const OVERHEAD = 64;

/**
 * The in-memory twin of the store on disk, for tests: it keeps all that is written, commits as slowly as it is told
 * to, and shows what would be there after a power cut. Writes that make no sense throw.
 *
 * One batch commits at a time; what is written meanwhile gathers in the next.
 */
export class MemoryStore implements Store {
  readonly durable = true;
  /** What is committed: what a power cut would leave. */
  readonly kept: Contents = new Contents();
  /** What was written, committed or not. */
  readonly written: Contents = new Contents();
  readonly #policy: CommitPolicy;
  #committed: BatchNumber = 0;
  /** The number of the batch that gathers. */
  #gathering: BatchNumber = 1;
  #requested: BatchNumber = 0;
  #writes: Write[] = [];
  #bytes = 0;
  /** Batches that gather no more and are not committed. */
  #sealed: Batch[] = [];
  #uncommittedBytes = 0;
  #sealing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #events: StoreEvents | undefined;

  /** Makes a store that holds what another one kept; left out, an empty one. */
  constructor(policy: CommitPolicy = "atOnce", kept?: Contents) {
    this.#policy = policy;
    kept?.copyTo(this.kept);
    kept?.copyTo(this.written);
  }

  get committed(): BatchNumber {
    return this.#committed;
  }

  get uncommittedBytes(): number {
    return this.#uncommittedBytes;
  }

  /** The last batch that somebody waits for, or waited for. */
  get requested(): BatchNumber {
    return this.#requested;
  }

  /** Whether somebody waits for a batch that is not committed. */
  get awaited(): boolean {
    return this.#requested > this.#committed;
  }

  open(events: StoreEvents, reader: StoreReader): Promise<void> {
    this.#events = events;
    this.kept.tell(reader);
    return Promise.resolve();
  }

  read(query: BacklogQuery, take: (page: BacklogPage) => void): void {
    queueMicrotask(() => {
      if (!this.#ended) take(this.kept.read(query));
    });
  }

  readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void {
    queueMicrotask(() => {
      if (this.#ended) return;
      take(topics.map((topic) => this.kept.retained.get(topic)));
    });
  }

  request(batch: BatchNumber): void {
    if (this.#ended || batch <= this.#requested) return;
    this.#requested = batch;
    this.#sealSoon();
  }

  /** Commits the batch that is under way, or if none is, what was written. Says which batch that was. */
  commit(): BatchNumber {
    if (this.#ended) return this.#committed;
    if (this.#sealed.length === 0) this.#seal();
    this.#finish(1);
    return this.#committed;
  }

  /** Dies, as with a full disk: nothing is committed any more. */
  fail(error: Error = new Error("No space left on device")): void {
    if (this.#ended) return;
    this.#end();
    this.#events?.failed(error);
  }

  /** Says that there is so much room on the disk. */
  tellRoom(room: Room): void {
    const trouble = room === "ample" ? undefined : "full";
    this.#events?.room?.({ room, trouble, reason: "it is a test" });
  }

  close(): Promise<void> {
    if (!this.#ended && this.#policy !== "never") {
      if (this.#writes.length > 0) this.#seal();
      this.#finish(this.#sealed.length);
    }
    this.#end();
    return Promise.resolve();
  }

  saveSession(session: StoredSession): BatchNumber {
    return this.#write((contents) => contents.saveSession(session));
  }

  removeSession(clientId: string): BatchNumber {
    return this.#write((contents) => contents.removeSession(clientId));
  }

  saveSubscription(
    clientId: string,
    subscription: StoredSubscription,
  ): BatchNumber {
    return this.#write((contents) =>
      contents.saveSubscription(clientId, subscription)
    );
  }

  removeSubscription(clientId: string, filter: string): BatchNumber {
    return this.#write((contents) =>
      contents.removeSubscription(clientId, filter)
    );
  }

  enqueue(owner: string, delivery: StoredDelivery): BatchNumber {
    const write = (contents: Contents) => contents.enqueue(owner, delivery);
    return this.#write(write, delivery.message.size);
  }

  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): BatchNumber {
    return this.#write((contents) =>
      contents.assign(owner, deliveryNumber, clientId, packetId)
    );
  }

  release(clientId: string, packetId: number): BatchNumber {
    return this.#write((contents) => contents.release(clientId, packetId));
  }

  dequeue(owner: string, deliveryNumber: number): BatchNumber {
    return this.#write((contents) => contents.dequeue(owner, deliveryNumber));
  }

  discard(owner: string, first: number, last: number): BatchNumber {
    return this.#write((contents) => contents.discard(owner, first, last));
  }

  saveReceived(clientId: string, packetId: number): BatchNumber {
    return this.#write((contents) => contents.saveReceived(clientId, packetId));
  }

  removeReceived(clientId: string, packetId: number): BatchNumber {
    return this.#write((contents) =>
      contents.removeReceived(clientId, packetId)
    );
  }

  retain(topic: string, message: Message | undefined): BatchNumber {
    const write = (contents: Contents) => contents.retain(topic, message);
    return this.#write(write, message?.size);
  }

  saveWill(clientId: string, will: StoredWill | undefined): BatchNumber {
    const write = (contents: Contents) => contents.saveWill(clientId, will);
    return this.#write(write, will?.message.size);
  }

  #write(write: Write, messageBytes = 0): BatchNumber {
    write(this.written);
    this.#writes.push(write);
    this.#bytes += OVERHEAD + messageBytes;
    this.#uncommittedBytes += OVERHEAD + messageBytes;
    return this.#gathering;
  }

  /** Not within the turn that asks, so that all that one turn writes is in one batch. */
  #sealSoon(): void {
    if (this.#sealing) return;
    this.#sealing = true;
    queueMicrotask(() => {
      this.#sealing = false;
      this.#begin();
    });
  }

  /** Begins to commit what gathered, if somebody waits for it and no other commit is under way. */
  #begin(): void {
    const policy = this.#policy;
    const atATime = typeof policy === "object" && "every" in policy
      ? policy.every
      : 1;
    if (
      this.#ended || this.#requested < this.#gathering ||
      this.#sealed.length >= atATime
    ) return;
    this.#seal();
    if (this.#sealed.length < atATime) return;
    if (policy === "atOnce" || atATime > 1) this.#finish(atATime);
    else if (typeof policy === "object" && "after" in policy) {
      this.#timer = setTimeout(() => this.#finish(1), policy.after);
    }
  }

  #seal(): void {
    const batch = {
      number: this.#gathering++,
      writes: this.#writes,
      bytes: this.#bytes,
    };
    this.#sealed.push(batch);
    this.#writes = [];
    this.#bytes = 0;
  }

  #finish(batches: number): void {
    clearTimeout(this.#timer);
    for (const { number, writes, bytes } of this.#sealed.splice(0, batches)) {
      for (const write of writes) write(this.kept);
      this.#uncommittedBytes -= bytes;
      this.#committed = number;
      this.#events?.committed(number);
    }
    if (this.#requested >= this.#gathering) this.#sealSoon();
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}
