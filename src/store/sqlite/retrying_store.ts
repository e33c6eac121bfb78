// A Store that may open later than the broker starts: it tries again until the folder can be used.

import { describeError, toError } from "../../core/errors.ts";
import type { RoomReport } from "../disk_room.ts";
import type { Message } from "../message.ts";
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
} from "../store.ts";
import { RecordedContents } from "./recorded_contents.ts";
import { troubleOf } from "./disk_trouble.ts";

/** Milliseconds between two attempts to open the store. */
const INTERVAL = 2000;

/** The batch of what is written while no store is open: it is not committed. */
const NEVER: BatchNumber = 1;

/** What a {@linkcode RetryingStore} is made with. */
export interface RetryingStoreOptions {
  /** Makes a store for one attempt to open it. */
  readonly make: () => Store;
  /** Whether a store that could not be opened for this reason may open later. */
  readonly isPassing: (error: unknown) => boolean;
  /** Whether there may be a store that could not be read. */
  readonly mayHoldMore: () => boolean;
  /** Called when the store has opened, later than it was to. */
  readonly onOpened: () => void;
  /** Calls back after so many milliseconds, and returns what calls that off. */
  readonly later?: (callback: () => void, milliseconds: number) => () => void;
}

/**
 * Opens a store, and where that fails tries it again every two seconds. Until it succeeds the room on the disk is
 * `none`, so that the Router accepts nothing that would have to be kept.
 */
export class RetryingStore implements Store {
  readonly durable = true;
  readonly #options: RetryingStoreOptions;
  readonly #later: NonNullable<RetryingStoreOptions["later"]>;
  /** The store, once it is open. */
  #store: Store | undefined;
  #attempt: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #ended = false;
  #reason = "";

  /** Does nothing until it is opened. */
  constructor(options: RetryingStoreOptions) {
    this.#options = options;
    this.#later = options.later ?? ((callback, milliseconds) => {
      const id = setTimeout(callback, milliseconds);
      return () => clearTimeout(id);
    });
  }

  /** Whether the store is open. */
  get opened(): boolean {
    return this.#store !== undefined;
  }

  get committed(): BatchNumber {
    return this.#store?.committed ?? 0;
  }

  get uncommittedBytes(): number {
    return this.#store?.uncommittedBytes ?? 0;
  }

  /**
   * Opens the store, or begins to try it again and again.
   *
   * @throws If it cannot be opened for a reason that does not pass.
   */
  async open(events: StoreEvents, reader: StoreReader): Promise<void> {
    let told = false;
    const resumed = (now: number) => {
      told = true;
      events.resumed(now);
    };
    try {
      const store = this.#options.make();
      await store.open({ ...events, resumed }, reader);
      this.#store = store;
    } catch (error) {
      if (!this.#options.isPassing(error)) throw error;
      // What was told is void: it will be told again, from the start.
      if (told) events.startOver?.();
      this.#failed(events, error);
    }
  }

  /** Ends the store, or the attempts to open it. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#cancel?.();
    await this.#attempt;
    await this.#store?.close();
  }

  #failed(events: StoreEvents, error: unknown): void {
    const reason = describeError(error);
    if (reason !== this.#reason) {
      this.#reason = reason;
      const { cause } = toError(error);
      const unopened = this.#options.mayHoldMore() ? "unread" : "empty";
      const trouble = troubleOf(cause) ?? "io";
      events.room?.({ room: "none", trouble, reason, unopened });
    }
    this.#cancel = this.#later(() => {
      this.#attempt = this.#tryAgain(events);
    }, INTERVAL);
  }

  async #tryAgain(events: StoreEvents): Promise<void> {
    const contents = new RecordedContents();
    let now = 0;
    let report: RoomReport = { room: "ample", trouble: undefined, reason: "" };
    try {
      const store = this.#options.make();
      await store.open({
        ...events,
        resumed: (time) => now = time,
        startOver: () => contents.startOver(),
        room: (news) => {
          report = news;
          if (this.#store === store) events.room?.(news);
        },
      }, contents.reader);
      this.#store = store;
    } catch (error) {
      if (!this.#ended) this.#failed(events, error);
      return;
    }
    if (this.#ended) return;
    events.openedLate?.(now, (reader) => contents.tell(reader));
    events.room?.(report);
    this.#options.onOpened();
  }

  read(query: BacklogQuery, take: (page: BacklogPage) => void): void {
    this.#store?.read(query, take);
  }

  readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void {
    this.#store?.readRetained(topics, take);
  }

  request(batch: BatchNumber): void {
    this.#store?.request(batch);
  }

  saveSession(session: StoredSession): BatchNumber {
    return this.#store?.saveSession(session) ?? NEVER;
  }

  removeSession(clientId: string): BatchNumber {
    return this.#store?.removeSession(clientId) ?? NEVER;
  }

  saveSubscription(
    clientId: string,
    subscription: StoredSubscription,
  ): BatchNumber {
    return this.#store?.saveSubscription(clientId, subscription) ?? NEVER;
  }

  removeSubscription(clientId: string, filter: string): BatchNumber {
    return this.#store?.removeSubscription(clientId, filter) ?? NEVER;
  }

  enqueue(owner: string, delivery: StoredDelivery): BatchNumber {
    return this.#store?.enqueue(owner, delivery) ?? NEVER;
  }

  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): BatchNumber {
    const store = this.#store;
    return store?.assign(owner, deliveryNumber, clientId, packetId) ?? NEVER;
  }

  release(clientId: string, packetId: number): BatchNumber {
    return this.#store?.release(clientId, packetId) ?? NEVER;
  }

  dequeue(owner: string, deliveryNumber: number): BatchNumber {
    return this.#store?.dequeue(owner, deliveryNumber) ?? NEVER;
  }

  discard(owner: string, first: number, last: number): BatchNumber {
    return this.#store?.discard(owner, first, last) ?? NEVER;
  }

  saveReceived(clientId: string, packetId: number): BatchNumber {
    return this.#store?.saveReceived(clientId, packetId) ?? NEVER;
  }

  removeReceived(clientId: string, packetId: number): BatchNumber {
    return this.#store?.removeReceived(clientId, packetId) ?? NEVER;
  }

  retain(topic: string, message: Message | undefined): BatchNumber {
    return this.#store?.retain(topic, message) ?? NEVER;
  }

  saveWill(clientId: string, will: StoredWill | undefined): BatchNumber {
    return this.#store?.saveWill(clientId, will) ?? NEVER;
  }
}
