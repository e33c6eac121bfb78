// The Store on disk. Read this file and group_commit.ts (the broker's side), worker_messages.ts, thread.ts (the other
// side), ../tables/net_writes.ts (what a batch comes to), ../database/schema.ts and ../tables/held.ts (what the start reads).

import type { Clock } from "../../core/clock.ts";
import { CHECKED_FIRST } from "../database/checked_first.ts";
import { chooseDatabase, type DatabaseChoice } from "../database/choice.ts";
import { FolderLock, UnusableFolder } from "../database/folder_lock.ts";
import { GroupCommit } from "./group_commit.ts";
import type { JournalSink } from "../journal/journal.ts";
import { JournalReader } from "../journal/reader.ts";
import { JournalWriter } from "../journal/writer.ts";
import type { CarriedOver } from "../repair/carry_over.ts";
import type { Mending } from "../repair/mending.ts";
import type { Message } from "../message.ts";
import { MessageBodies } from "../journal/message_body.ts";
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
import { WorkerLink } from "./worker_link.ts";
import type { StoreOpening } from "./worker_messages.ts";

/** What a {@linkcode SqliteStore} is made with. */
export interface SqliteStoreOptions {
  /** The folder in which it keeps everything; made where it is missing. */
  readonly folder: string;
  /** The broker's clock. */
  readonly clock: Clock;
  /** Bytes that are given up when the disk is full, so that what is there can be removed; left out, none. */
  readonly ballast?: number;
  /** The largest share of what is free that the ballast may take; left out, all of it. */
  readonly ballastShare?: number;
  /** Whether this process has tried to open it before. */
  readonly again?: boolean;
  /** Milliseconds after which is committed what nobody waits for; left out, a second. */
  readonly longestWait?: number;
  /** Told how many milliseconds each batch took from being sent to the thread to being on the disk. */
  readonly onCommitted?: (milliseconds: number) => void;
  /** Called when a damaged database was replaced while it was in use. */
  readonly onMended?: (mending: Mending) => void;
  /** Called when the database was made anew, since its files were removed while it was in use. */
  readonly onRemade?: (carried: Readonly<CarriedOver>) => void;
  /** Up to this size, in bytes, a database that was not closed is checked before it is used: 256 MiB if left out. */
  readonly checkedFirst?: number;
}

/**
 * Keeps everything in an SQLite database, which a thread of its own writes, since a disk's fsync must never hold up a
 * message. A batch is one transaction.
 */
export class SqliteStore implements Store {
  readonly durable = true;
  readonly #options: SqliteStoreOptions;
  readonly #journal = new JournalWriter(new MessageBodies());
  /** How messages are read; topics that were seen are shared. */
  readonly #bodies = new MessageBodies();
  readonly #commits: GroupCommit;
  #events: StoreEvents | undefined;
  #lock: FolderLock | undefined;
  #link: WorkerLink | undefined;
  #opening: StoreOpening | undefined;
  #choice: DatabaseChoice | undefined;
  #ended = false;

  /** Does nothing until it is opened. */
  constructor(options: SqliteStoreOptions) {
    this.#options = options;
    this.#commits = new GroupCommit({
      ...options,
      journal: this.#journal,
      send: (batch, journal) =>
        this.#link?.commit(batch, journal, options.clock.now()),
    });
  }

  /** The last batch that is committed. */
  get committed(): BatchNumber {
    return this.#commits.committed;
  }

  /** Bytes appended and not yet committed. */
  get uncommittedBytes(): number {
    return this.#commits.uncommittedBytes;
  }

  /** What it found when it was opened; `undefined` before. */
  get opening(): StoreOpening | undefined {
    return this.#opening;
  }

  /** Which database it uses; `undefined` before it is opened. */
  get choice(): DatabaseChoice | undefined {
    return this.#choice;
  }

  /**
   * Opens the database and tells what it holds.
   *
   * @throws {UnusableFolder} If it cannot be opened or read.
   * @throws {StartError} If another process uses the folder.
   */
  async open(events: StoreEvents, reader: StoreReader): Promise<void> {
    const { folder, ballast = 0, ballastShare = 1 } = this.#options;
    this.#lock = FolderLock.take(folder);
    this.#events = events;
    this.#link = new WorkerLink({
      committed: (batch, memory) => {
        this.#commits.committedNow(batch, memory);
        events.committed(batch);
      },
      room: (report) => events.room?.(report),
      metered: (meter) => events.metered?.(meter),
      mended: (mending) => {
        this.#options.onMended?.(mending);
        if (this.#opening !== undefined) events.mended?.();
      },
      timePassed: (milliseconds) => events.timePassed?.(milliseconds),
      remade: (carried) => {
        this.#options.onRemade?.(carried);
        if (carried.gaps > 0 || carried.setAside > 0) events.mended?.();
      },
      failed: (error) => this.#fail(error),
    });
    let fault: { readonly error: unknown } | undefined;
    try {
      this.#choice = chooseDatabase(folder);
      const { checkedFirst = CHECKED_FIRST } = this.#options;
      const { path } = this.#choice;
      const now = await this.#link.open({
        path,
        ballast,
        ballastShare,
        again: this.#options.again ?? false,
        checkedFirst,
      });
      events.resumed(now);
      let told = reader;
      let journal = new JournalReader(this.#bodies);
      const tell = (piece: Uint8Array) => {
        try {
          // A store tells what it holds in no other words than those of a StoreReader.
          journal.read(piece, told as unknown as JournalSink<Message>);
        } catch (error) {
          fault = { error };
          throw error;
        }
      };
      const { opening, backlogs } = await this.#link.held(
        tell,
        () => {
          if (events.startOver === undefined) throw new Error("It is damaged");
          journal = new JournalReader(this.#bodies);
          told = events.startOver();
        },
      );
      for (const [owner, backlog] of backlogs) told.backlog(owner, backlog);
      this.#opening = opening;
    } catch (error) {
      this.#end();
      this.#link.terminate();
      // It is not for want of a folder where its reader fails.
      throw fault === undefined
        ? new UnusableFolder(folder, error)
        : fault.error;
    }
    this.#commits.start();
  }

  /** Reads a part of a backlog. */
  read(query: BacklogQuery, take: (page: BacklogPage) => void): void {
    this.#link?.read(query, ({ journal, last, end, damagedRows }) => {
      if (damagedRows > 0) this.#events?.damaged?.(damagedRows);
      if (!this.#ended) {
        take({ deliveries: deliveriesIn(journal, this.#bodies), last, end });
      }
    });
  }

  /** Reads the retained messages of these topics. */
  readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void {
    this.#link?.readRetained(topics, ({ journal, damagedRows }) => {
      if (damagedRows > 0) this.#events?.damaged?.(damagedRows);
      if (!this.#ended) take(retainedIn(journal, this.#bodies));
    });
  }

  /** Says that somebody waits for this batch. */
  request(batch: BatchNumber): void {
    this.#commits.request(batch);
  }

  /** Commits what was appended and ends. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#commits.finish();
    await this.#link?.close(this.#commits.sent, this.#options.clock.now());
    this.#lock?.release();
  }

  saveSession(session: StoredSession): BatchNumber {
    this.#journal.saveSession(session);
    return this.#commits.wrote();
  }

  removeSession(clientId: string): BatchNumber {
    this.#journal.removeSession(clientId);
    return this.#commits.wrote();
  }

  saveSubscription(
    clientId: string,
    subscription: StoredSubscription,
  ): BatchNumber {
    this.#journal.saveSubscription(clientId, subscription);
    return this.#commits.wrote();
  }

  removeSubscription(clientId: string, filter: string): BatchNumber {
    this.#journal.removeSubscription(clientId, filter);
    return this.#commits.wrote();
  }

  enqueue(owner: string, delivery: StoredDelivery): BatchNumber {
    this.#journal.enqueue(owner, delivery);
    return this.#commits.wrote();
  }

  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): BatchNumber {
    this.#journal.assign(owner, deliveryNumber, clientId, packetId);
    return this.#commits.wrote();
  }

  release(clientId: string, packetId: number): BatchNumber {
    this.#journal.release(clientId, packetId);
    return this.#commits.wrote();
  }

  dequeue(owner: string, deliveryNumber: number): BatchNumber {
    this.#journal.dequeue(owner, deliveryNumber);
    return this.#commits.wrote();
  }

  discard(owner: string, first: number, last: number): BatchNumber {
    this.#journal.discard(owner, first, last);
    return this.#commits.wrote();
  }

  saveReceived(clientId: string, packetId: number): BatchNumber {
    this.#journal.saveReceived(clientId, packetId);
    return this.#commits.wrote();
  }

  removeReceived(clientId: string, packetId: number): BatchNumber {
    this.#journal.removeReceived(clientId, packetId);
    return this.#commits.wrote();
  }

  retain(topic: string, message: Message | undefined): BatchNumber {
    this.#journal.retain(topic, message);
    return this.#commits.wrote();
  }

  saveWill(clientId: string, will: StoredWill | undefined): BatchNumber {
    this.#journal.saveWill(clientId, will);
    return this.#commits.wrote();
  }

  #fail(error: Error): void {
    this.#end();
    this.#events?.failed(error);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#commits.stop();
    this.#lock?.release();
  }
}

/** The deliveries in a journal that holds nothing else. */
function deliveriesIn(
  journal: Uint8Array,
  bodies: MessageBodies,
): StoredDelivery[] {
  const deliveries: StoredDelivery[] = [];
  const enqueue = (_owner: string, delivery: StoredDelivery) =>
    void deliveries.push(delivery);
  new JournalReader(bodies).read(journal, { enqueue } as JournalSink<Message>);
  return deliveries;
}

/** The retained messages in a journal that holds nothing else, `undefined` for each that is removed. */
function retainedIn(
  journal: Uint8Array,
  bodies: MessageBodies,
): (Message | undefined)[] {
  const messages: (Message | undefined)[] = [];
  const retain = (_topic: string, message: Message | undefined) =>
    void messages.push(message);
  new JournalReader(bodies).read(journal, { retain } as JournalSink<Message>);
  return messages;
}
