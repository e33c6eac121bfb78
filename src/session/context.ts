import type { Counters, DroppedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { DiskRoom } from "../store/disk_room.ts";
import type { Message } from "../store/message.ts";
import type {
  BacklogPage,
  BacklogQuery,
  BatchNumber,
  Store,
  StoredSubscription,
} from "../store/store.ts";
import type { DeliveryGroup, GroupMember } from "./delivery.ts";
import type { AnyLink } from "./link.ts";
import type { QueuePolicies } from "./queue_policy.ts";

/** What sessions need of the Router around them. */
export interface SessionContext {
  /** Where a session keeps what must last. */
  readonly store: Store;
  /** Whether more may be kept there. */
  readonly disk: DiskRoom;
  /** What a session may use. */
  readonly limits: Limits;
  /** What becomes of messages where there are too many. */
  readonly queuePolicies: QueuePolicies;
  /** Where drops are counted. */
  readonly counters: Counters;
  /** The wall clock, in milliseconds, at the beginning of this turn of the Router. */
  readonly now: number;
  /** Notes that the Link's Outbox has something to be written at the end of this turn. */
  touch(link: AnyLink): void;
  /** Has the session pumped again in a later turn: it stopped because it had worked long enough. */
  pumpLater(session: SendingSession): void;
  /** Has the group looked at at the end of this turn: a message was given back to it. */
  groupWaits(group: DeliveryGroup): void;
  /** Reads a part of a backlog; `take` is called in a later turn of the Router. */
  readBacklog(query: BacklogQuery, take: (page: BacklogPage) => void): void;
  /** Reads the retained messages of these topics; `take` is called in a later turn of the Router. */
  readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void;
  /**
   * Calls back in a turn of the Router when the batch is committed; at once where it is already. What goes wrong then
   * ends this client.
   */
  whenCommitted(
    link: AnyLink | undefined,
    batch: BatchNumber,
    callback: () => void,
  ): void;
  /** Counts and, now and then, logs that the session missed messages. */
  dropped(
    session: SendingSession,
    cause: DroppedCause,
    messages?: number,
  ): void;
  /** Tells that a session or shared group begins to miss messages, since its queue is full. */
  queueFull(owner: string, cause: DroppedCause): void;
  /** Tells that its queue has room again, or is no more; so many messages were dropped since it was full. */
  queueHasRoom(owner: string, dropped: number): void;
  /** Counts and logs that no member of a shared group, `$share/group/filter`, got messages. */
  droppedShared(group: string, cause: DroppedCause, messages?: number): void;
}

/** A session, as its sending half sees it. */
export interface SendingSession extends GroupMember {
  /** Whether the Store knows it. */
  readonly stored: boolean;
  /** Whether what it was sent is kept until it is acknowledged. */
  readonly isKept: boolean;
  /** What it may use. */
  readonly limits: Limits;
  /** The present connection, if the client is online or about to be. */
  readonly link: AnyLink | undefined;
  /** Shared groups that it is a member of. */
  readonly groups: ReadonlySet<DeliveryGroup>;
  /** Whether it may be sent messages of this topic. */
  mayReceive(topic: string): boolean;
  /** Its sending half. */
  readonly outbound: SendingHalf;
}

/** What the parts of a session's sending half ask of the whole. */
export interface SendingHalf {
  /** Sends what can be sent now. */
  pump(): void;
  /** Whether so many messages besides those under way would fill the window. */
  windowFull(reserved: number): boolean;
  /** Sends a retained message to a new subscription. */
  deliverRetained(message: Message, subscription: StoredSubscription): void;
}
