// The Store: what must survive. Read this file (the interface), then sqlite/sqlite_store.ts or memory_store.ts.
//
// The long way of a PUBACK:
//  1. router/delivery/publishing.ts has the message retained and queued, which writes operations to the Store:
//     session/delivery_ledger.ts and router/retained/messages.ts call it, and each call returns a batch number.
//  2. session/link.ts puts the PUBACK into the Outbox if that batch is committed, else into its UncommittedOutput,
//     marked with the batch, and requests the batch.
//  3. sqlite/sqlite_store.ts has gathered the operations in journal/writer.ts; sqlite/group_commit.ts sends them to the
//     worker as soon as no other commit is under way.
//  4. In the worker, sqlite/thread.ts reads them (journal/reader.ts), tables/net_writes.ts leaves out what cancels
//     itself, the rooms below tables/ write the rows, and SQLite commits with an fsync.
//  5. sqlite/worker_link.ts hears of the commit and tells router/handle.ts, a message in the Router's mailbox.
//  6. router/commits.ts has every Link of which something waited move it to its Outbox.
//  7. router/touched_links.ts has each of them written once at the end of the turn, by connection/writer.ts.

import type { QoS } from "../codec/packet.ts";
import type { RoomReport } from "./disk_room.ts";
import type { Message } from "./message.ts";
import type { MeterRecord } from "./meter.ts";

/** A batch's number. Batches are numbered from 1 in the order in which they commit; 0 is always committed. */
export type BatchNumber = number;

/** A persistent session as it is kept. */
export interface StoredSession {
  /** The client identifier. */
  readonly clientId: string;
  /** Seconds that the session outlives its connection; `Infinity` for ever. */
  readonly expiryInterval: number;
  /** When its connection ended, in milliseconds of the broker's clock; `undefined` while it is online. */
  readonly endedAt: number | undefined;
  /** The user whose session it is; left out for one that is nobody's in particular. */
  readonly user?: string;
}

/** A subscription as it is kept: the options of SUBSCRIBE (3.8.3.1). */
export interface StoredSubscription {
  /** The Topic Filter, with `$share/group/` where it is shared. */
  readonly filter: string;
  /** The highest QoS at which messages are sent. */
  readonly qos: QoS;
  /** Whether the session's own messages are kept from it. */
  readonly noLocal: boolean;
  /** Whether the RETAIN flag is passed on as published. */
  readonly retainAsPublished: boolean;
  /** Whether retained messages are sent on SUBSCRIBE: always (0), for a new subscription (1), never (2). */
  readonly retainHandling: 0 | 1 | 2;
  /** Subscription identifier, 0 for none. */
  readonly identifier: number;
}

/** A message owed to a persistent session or to a shared group. */
export interface StoredDelivery {
  /** Numbers the deliveries of one owner in the order in which they are owed. */
  readonly number: number;
  /** The message that is owed. */
  readonly message: Message;
  /** The QoS at which it is delivered. */
  readonly qos: QoS;
  /** The RETAIN flag of the delivery. */
  readonly retain: boolean;
  /** Subscription identifiers to send with it. */
  readonly identifiers: readonly number[];
}

/** What an owner is owed and nobody was sent: it stays in the Store until it is read. */
export interface StoredBacklog {
  /** How many messages. */
  readonly messages: number;
  /** What they would take in memory, about. */
  readonly bytes: number;
  /** The number of the first one, or a lower one. */
  readonly first: number;
  /** The number of the last one. */
  readonly last: number;
}

/** Which part of a backlog to read. */
export interface BacklogQuery {
  /** Who is owed the messages. */
  readonly owner: string;
  /** The number after which to begin. */
  readonly after: number;
  /** The last number of interest. */
  readonly last: number;
  /** Bytes of messages after which to stop; the first one comes however large it is. */
  readonly bytes: number;
}

/** A part of a backlog: what was committed when it was read, and had gone to nobody. */
export interface BacklogPage {
  /** The deliveries, in order. */
  readonly deliveries: readonly StoredDelivery[];
  /** The number after which to go on. */
  readonly last: number;
  /** Whether nothing more was committed up to the last number of interest. */
  readonly end: boolean;
}

/** A Will Message as it is kept. */
export interface StoredWill {
  /** The message to publish. */
  readonly message: Message;
  /** Seconds between the end of the connection and the publication. */
  readonly delayInterval: number;
  /** Seconds that the message is of use after its publication, -1 for ever [MQTT-3.1.3.2.4]. */
  readonly expiryInterval: number;
  /** The user whose will it is; left out where that is nobody in particular. */
  readonly user?: string;
}

/** No subscription identifiers: most subscriptions have none. */
export const NO_IDENTIFIERS: readonly number[] = [];

/** Whether an owner of deliveries is a shared group: no client is let in with such an identifier. */
export function isSharedGroup(owner: string): boolean {
  return owner.startsWith("$share/");
}

/**
 * What a store is told. An owner is a client identifier, or for a
 * shared group its `$share/group/filter`.
 */
export interface StoreWrites<Result> {
  /** Keeps a session, or what is new of it. */
  saveSession(session: StoredSession): Result;
  /**
   * Forgets a session with all that belongs to it. What shared groups had assigned to it is not assigned to anybody
   * any more.
   */
  removeSession(clientId: string): Result;
  /** Keeps a subscription, in place of an earlier one with the same filter. */
  saveSubscription(
    clientId: string,
    subscription: StoredSubscription,
  ): Result;
  /** Forgets a subscription. */
  removeSubscription(clientId: string, filter: string): Result;
  /** Keeps a message that is owed to this owner. */
  enqueue(owner: string, delivery: StoredDelivery): Result;
  /** Notes that the owner's delivery goes to this client under this packet identifier, and to no other any more. */
  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): Result;
  /** Notes that PUBREC came for this packet identifier. */
  release(clientId: string, packetId: number): Result;
  /** Forgets a delivery: acknowledged, discarded or expired. */
  dequeue(owner: string, deliveryNumber: number): Result;
  /** Forgets the deliveries from the first to the last number that went to nobody. */
  discard(owner: string, first: number, last: number): Result;
  /** Notes an inbound QoS 2 packet identifier: its message was taken on. */
  saveReceived(clientId: string, packetId: number): Result;
  /** Forgets an inbound QoS 2 packet identifier: PUBREL came. */
  removeReceived(clientId: string, packetId: number): Result;
  /** Keeps the retained message of a topic, or removes it. */
  retain(topic: string, message: Message | undefined): Result;
  /** Keeps the client's will, or removes it. */
  saveWill(clientId: string, will: StoredWill | undefined): Result;
}

/**
 * Takes what a store holds when it is opened; each method takes what the one of `StoreWrites` was given. Of what is
 * owed, it is told what went to somebody, and how much there is of the rest.
 */
export interface StoreReader extends
  Pick<
    StoreWrites<void>,
    | "saveSession"
    | "saveSubscription"
    | "saveReceived"
    | "enqueue"
    | "assign"
    | "release"
    | "retain"
    | "saveWill"
  > {
  /** Takes how much an owner is owed that went to nobody. */
  backlog(owner: string, backlog: StoredBacklog): void;
}

/** What a {@linkcode Store} tells. */
export interface StoreEvents {
  /** Called before it tells what it holds: the broker's clock goes on from here, in milliseconds since the epoch. */
  resumed(now: number): void;
  /**
   * Called where all that was told so far is void, since a file turned out to be damaged. It is told again from the
   * start to the reader that this returns. Left out, the store cannot be opened then.
   */
  startOver?(): StoreReader;
  /**
   * Called where {@linkcode Store.open} has returned without an open store, which has opened now: the broker's clock
   * goes on from `now`, and `tell` tells what the store holds. Until then there was no room.
   */
  openedLate?(now: number, tell: (reader: StoreReader) => void): void;
  /**
   * Called where it turns out that more time has passed while the broker was down than its clock counts: sessions whose
   * connections ended before have been left for so many milliseconds longer.
   */
  timePassed?(milliseconds: number): void;
  /** Called where rows may have been lost, since a file turned out to be damaged in use: all is to be written again. */
  mended?(): void;
  /** Called with each batch that commits. */
  committed(batch: BatchNumber): void;
  /** Called with how many rows were found damaged while something was read: they are set aside. */
  damaged?(rows: number): void;
  /**
   * Called when there is less room on the disk, or more; before that there is enough. While there is not enough, only
   * what removes or acknowledges is to be written; it is not lost, and may take until there is room.
   */
  room?(report: RoomReport): void;
  /** Called now and then with what was written to the disk until then. */
  metered?(meter: MeterRecord): void;
  /** Called once if the store cannot go on. */
  failed(error: Error): void;
}

/**
 * Keeps what was acknowledged. Every writing method appends to the batch that is gathering and returns its number;
 * what acknowledges the write leaves only once that batch is committed. Nothing here waits: that a batch is
 * committed comes back through the events given to {@linkcode Store.open}.
 */
export interface Store extends StoreWrites<BatchNumber> {
  /** Whether anything outlives the process; where not, the writes need not be made. */
  readonly durable: boolean;
  /** The last batch that is committed: it survives, with all before it. */
  readonly committed: BatchNumber;
  /** Bytes appended and not yet committed. */
  readonly uncommittedBytes: number;

  /**
   * Starts the store, and tells what it holds: sessions first, then what belongs to them. Each delivery that went to
   * somebody is told just before to whom it went, in the order in which they were sent; backlogs come after these.
   */
  open(events: StoreEvents, reader: StoreReader): Promise<void>;
  /** Reads a part of a backlog; `take` is called in a later turn of the event loop, unless the store fails or ends. */
  read(query: BacklogQuery, take: (page: BacklogPage) => void): void;
  /**
   * Reads the retained messages of these topics; what was not committed before the call may be missing. `take` is
   * called with one for each topic, `undefined` where there is none, in a later turn of the event loop, unless the
   * store fails or ends.
   */
  readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void;
  /**
   * Says that somebody waits for this batch: it is committed as soon as the one before it is. Never closes the batch
   * within the call, but in a later turn of the event loop: what is written without awaiting anything is in one
   * batch, and survives whole or not at all.
   */
  request(batch: BatchNumber): void;
  /** Commits what was appended and ends. */
  close(): Promise<void>;
}
