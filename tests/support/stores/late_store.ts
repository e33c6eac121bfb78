import { getOrMake } from "../../../src/core/get_or_make.ts";
import type { Message } from "../../../src/store/message.ts";
import type {
  BacklogPage,
  BacklogQuery,
  BatchNumber,
  Store,
  StoredDelivery,
  StoreEvents,
} from "../../../src/store/store.ts";

/** How a {@linkcode LateStore} commits. */
export interface LateStoreOptions {
  /** Milliseconds that each commit takes; left out, nothing is committed but by {@linkcode LateStore.commit}. */
  commitTime?: number;
}

/**
 * A store that says it is durable, keeps nothing but what is owed or retained, and commits late and in bulk: what may leave the
 * broker only after a commit can be told from what may leave at once.
 */
export class LateStore implements Store {
  readonly durable = true;
  committed: BatchNumber = 0;
  uncommittedBytes = 0;
  /** The names of the writes since the last commit began, in order. */
  writes: string[] = [];
  /** Whether somebody waits for a batch that is not yet committed. */
  requested = false;
  /** What is owed and went to nobody, by owner and number, with the batch that keeps it. */
  readonly #owed = new Map<
    string,
    Map<number, { delivery: StoredDelivery; batch: BatchNumber }>
  >();
  /** What was retained last of each topic. */
  readonly #retained = new Map<string, Message | undefined>();
  readonly #commitTime: number | undefined;
  #gathering: BatchNumber = 1;
  #underWay: ReturnType<typeof setTimeout> | undefined;
  #events: StoreEvents | undefined;

  /** Makes an empty store. */
  constructor(options: LateStoreOptions = {}) {
    this.#commitTime = options.commitTime;
  }

  open(events: StoreEvents): Promise<void> {
    this.#events = events;
    return Promise.resolve();
  }

  read(
    { owner, after, last }: BacklogQuery,
    take: (page: BacklogPage) => void,
  ): void {
    queueMicrotask(() => {
      const deliveries = [...this.#owed.get(owner)?.values() ?? []]
        .filter(({ delivery: { number }, batch }) =>
          number > after && number <= last && batch <= this.committed
        ).map(({ delivery }) => delivery);
      take({
        deliveries,
        last: deliveries.at(-1)?.number ?? after,
        end: true,
      });
    });
  }

  readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void {
    queueMicrotask(() =>
      take(topics.map((topic) => this.#retained.get(topic)))
    );
  }

  request(batch: BatchNumber): void {
    if (batch <= this.committed) return;
    this.requested = true;
    if (this.#commitTime !== undefined) this.#begin(this.#commitTime);
  }

  /** Commits all that was written. */
  commit(): void {
    this.#finish(this.#seal());
  }

  /** Fails for good, as a full disk does. */
  fail(): void {
    this.#events?.failed(new Error("No space left on device"));
  }

  close(): Promise<void> {
    clearTimeout(this.#underWay);
    this.#underWay = undefined;
    return Promise.resolve();
  }

  #seal(): BatchNumber {
    this.requested = false;
    this.writes = [];
    return this.#gathering++;
  }

  #begin(commitTime: number): void {
    if (this.#underWay !== undefined) return;
    const batch = this.#seal();
    this.#underWay = setTimeout(() => {
      this.#underWay = undefined;
      this.#finish(batch);
      if (this.requested) this.#begin(commitTime);
    }, commitTime);
  }

  #finish(batch: BatchNumber): void {
    this.committed = batch;
    if (this.writes.length === 0) this.uncommittedBytes = 0;
    this.#events?.committed(batch);
  }

  #write(name: string, bytes = 50): BatchNumber {
    this.writes.push(name);
    this.uncommittedBytes += bytes;
    return this.#gathering;
  }

  saveSession(): BatchNumber {
    return this.#write("saveSession");
  }
  removeSession(): BatchNumber {
    return this.#write("removeSession");
  }
  saveSubscription(): BatchNumber {
    return this.#write("saveSubscription");
  }
  removeSubscription(): BatchNumber {
    return this.#write("removeSubscription");
  }
  enqueue(owner: string, delivery: StoredDelivery): BatchNumber {
    const batch = this.#write("enqueue", delivery.message.size);
    getOrMake(this.#owed, owner, () => new Map())
      .set(delivery.number, { delivery, batch });
    return batch;
  }
  assign(owner: string, deliveryNumber: number): BatchNumber {
    this.#owed.get(owner)?.delete(deliveryNumber);
    return this.#write("assign");
  }
  release(): BatchNumber {
    return this.#write("release");
  }
  dequeue(owner: string, deliveryNumber: number): BatchNumber {
    this.#owed.get(owner)?.delete(deliveryNumber);
    return this.#write("dequeue");
  }
  discard(): BatchNumber {
    return this.#write("discard");
  }
  saveReceived(): BatchNumber {
    return this.#write("saveReceived");
  }
  removeReceived(): BatchNumber {
    return this.#write("removeReceived");
  }
  retain(topic: string, message: Message | undefined): BatchNumber {
    this.#retained.set(topic, message);
    return this.#write("retain", message?.size);
  }
  saveWill(): BatchNumber {
    return this.#write("saveWill");
  }
}
