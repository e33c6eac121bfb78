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
 * A Store that nobody waits for but who publishes: what is written of sessions counts as committed at once, and is so
 * a moment later.
 */
export class RelaxedStore implements Store {
  readonly #store: Store;
  /** The batch that removes a session, the last one that did. */
  #lastRemoval: BatchNumber = 0;
  /** What is read when that is committed. */
  readonly #waiting: {
    readonly query: BacklogQuery;
    readonly take: (page: BacklogPage) => void;
  }[] = [];

  /** Writes to this one. */
  constructor(store: Store) {
    this.#store = store;
  }

  get durable(): boolean {
    return this.#store.durable;
  }

  get committed(): BatchNumber {
    return this.#store.committed;
  }

  get uncommittedBytes(): number {
    return this.#store.uncommittedBytes;
  }

  open(events: StoreEvents, reader: StoreReader): Promise<void> {
    const committed = (batch: BatchNumber) => {
      if (batch >= this.#lastRemoval) {
        for (const { query, take } of this.#waiting.splice(0)) {
          this.#store.read(query, take);
        }
      }
      events.committed(batch);
    };
    return this.#store.open({ ...events, committed }, reader);
  }

  read(query: BacklogQuery, take: (page: BacklogPage) => void): void {
    if (this.#lastRemoval <= this.#store.committed) {
      this.#store.read(query, take);
      return;
    }
    // A client that was let in before its former session is removed must see nothing of that.
    this.#waiting.push({ query, take });
    this.#store.request(this.#lastRemoval);
  }

  readRetained(...args: Parameters<Store["readRetained"]>): void {
    this.#store.readRetained(...args);
  }

  request(batch: BatchNumber): void {
    this.#store.request(batch);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  enqueue(owner: string, delivery: StoredDelivery): BatchNumber {
    return this.#store.enqueue(owner, delivery);
  }

  retain(topic: string, message: Message | undefined): BatchNumber {
    return this.#store.retain(topic, message);
  }

  saveSession(session: StoredSession): BatchNumber {
    this.#store.saveSession(session);
    return 0;
  }

  removeSession(clientId: string): BatchNumber {
    this.#lastRemoval = this.#store.removeSession(clientId);
    return 0;
  }

  saveSubscription(
    clientId: string,
    subscription: StoredSubscription,
  ): BatchNumber {
    this.#store.saveSubscription(clientId, subscription);
    return 0;
  }

  removeSubscription(clientId: string, filter: string): BatchNumber {
    this.#store.removeSubscription(clientId, filter);
    return 0;
  }

  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): BatchNumber {
    this.#store.assign(owner, deliveryNumber, clientId, packetId);
    return 0;
  }

  release(clientId: string, packetId: number): BatchNumber {
    this.#store.release(clientId, packetId);
    return 0;
  }

  dequeue(owner: string, deliveryNumber: number): BatchNumber {
    this.#store.dequeue(owner, deliveryNumber);
    return 0;
  }

  discard(owner: string, first: number, last: number): BatchNumber {
    this.#store.discard(owner, first, last);
    return 0;
  }

  saveReceived(clientId: string, packetId: number): BatchNumber {
    this.#store.saveReceived(clientId, packetId);
    return 0;
  }

  removeReceived(clientId: string, packetId: number): BatchNumber {
    this.#store.removeReceived(clientId, packetId);
    return 0;
  }

  saveWill(clientId: string, will: StoredWill | undefined): BatchNumber {
    this.#store.saveWill(clientId, will);
    return 0;
  }
}
