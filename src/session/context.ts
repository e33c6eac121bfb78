import type { Counters, DroppedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { QoS } from "../codec/packet.ts";
import type { DiskRoom } from "../store/disk_room.ts";
import type { Message } from "../store/message.ts";
import type {
  BacklogPage,
  BacklogQuery,
  BatchNumber,
  Store,
} from "../store/store.ts";
import type { DeliveryGroup } from "./delivery.ts";
import type { Link } from "./link.ts";
import type { QueuePolicies } from "./queue_policy.ts";
import type { Session } from "./session.ts";

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
  touch(link: Link): void;
  /** Has the session pumped again in a later turn: it stopped because it had worked long enough. */
  pumpLater(session: Session): void;
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
    link: Link | undefined,
    batch: BatchNumber,
    callback: () => void,
  ): void;
  /** Counts and, now and then, logs that the session missed messages. */
  dropped(session: Session, cause: DroppedCause, messages?: number): void;
  /** Tells that a session or shared group begins to miss messages, since its queue is full. */
  queueFull(owner: string, cause: DroppedCause): void;
  /** Tells that its queue has room again, or is no more; so many messages were dropped since it was full. */
  queueHasRoom(owner: string, dropped: number): void;
  /** Counts and logs that no member of a shared group, `$share/group/filter`, got messages. */
  droppedShared(group: string, cause: DroppedCause, messages?: number): void;
}

/** How one message goes to one subscriber. */
export interface Terms {
  /** The QoS of the delivery: the lower of the message's and the subscription's. */
  readonly qos: QoS;
  /** The RETAIN flag of the delivery [MQTT-3.3.1-12, -13]. */
  readonly retain: boolean;
  /** Subscription identifiers to send with it. */
  readonly identifiers: readonly number[];
  /** The batch that must be committed before the message may leave. */
  readonly batch: BatchNumber;
}
