// What the broker knows of one client identifier. Read this file, then outbound.ts (what goes to the client), link.ts (its
// connection), inflight_window.ts, outbox.ts, uncommitted_output.ts and frames.ts (one encoding for many receivers).

import type { Limits } from "../core/limits.ts";
import type { Timer } from "../core/timer_wheel.ts";
import type { TopicName } from "../store/message.ts";
import type { StoredSubscription, StoredWill } from "../store/store.ts";
import type { SendingSession, SessionContext } from "./context.ts";
import type { DeliveryGroup } from "./delivery.ts";
import type { LinkOf } from "./link.ts";
import { Outbound } from "./outbound.ts";
import { PacketIdSet } from "./packet_id_set.ts";
import type { Rights } from "./rights.ts";

/** The Link of a session. */
export type Link = LinkOf<Session>;

/**
 * The state of one client identifier (section 4.1). Lives in the Router, which alone calls it.
 */
export class Session implements SendingSession {
  /** The client identifier. */
  readonly clientId: string;
  /** The user that it belongs to; `undefined` where it was made by a client without one. */
  owner: string | undefined;
  /** What its owner may do; `undefined` where nothing is forbidden. */
  rights: Rights | undefined;
  /** The last topic that it published to and may, mostly the next one too; forgotten when its rights change. */
  permittedTopic: TopicName | undefined;
  /** Seconds that it outlives its connection; `Infinity` for ever. */
  expiryInterval: number;
  /** What it may use: as its last connection, by listener and user. */
  limits: Limits;
  /** Whether the Store knows it. */
  stored = false;
  /** When its last connection ended, in milliseconds of the broker's clock; `undefined` while it is online. */
  endedAt: number | undefined;
  /** The present connection, if the client is online or about to be. */
  link: Link | undefined;
  /** Its subscriptions, by their filters as the client wrote them. */
  readonly subscriptions: Map<string, StoredSubscription> = new Map();
  /** What they count for against the limit: deep filters with wildcards for more than one. */
  subscriptionWeight = 0;
  /** Shared groups that it is a member of. */
  readonly groups: Set<DeliveryGroup> = new Set();
  /** Inbound QoS 2 messages between PUBLISH and PUBREL. */
  readonly received: PacketIdSet = new PacketIdSet();
  /** What goes to the client. */
  readonly outbound: Outbound;
  /** The will of the present connection, or the one whose delay is running. */
  will: StoredWill | undefined;
  /** Runs until the will is due, after the connection has ended. */
  willTimer: Timer | undefined;
  /** Runs until the session expires, after the connection has ended. */
  expiryTimer: Timer | undefined;

  /** Makes a session without a connection. */
  constructor(
    context: SessionContext,
    clientId: string,
    expiryInterval: number,
  ) {
    this.clientId = clientId;
    this.expiryInterval = expiryInterval;
    this.limits = context.limits;
    this.outbound = new Outbound(context, this);
  }

  /** Whether it outlives its connection, so that the Store must know it. */
  get persistent(): boolean {
    return this.expiryInterval > 0;
  }

  /**
   * Whether what it was sent is kept until it is acknowledged: it outlives its connection, or did before, so that the
   * Store has what it is owed.
   */
  get isKept(): boolean {
    return this.stored || this.persistent;
  }

  /** Whether it may be sent messages of this topic. */
  mayReceive(topic: string): boolean {
    return this.rights === undefined || this.rights.mayReceive(topic);
  }

  /** Calls off the timers that ran since the connection ended. */
  cancelTimers(): void {
    this.willTimer?.cancel();
    this.expiryTimer?.cancel();
    this.willTimer = undefined;
    this.expiryTimer = undefined;
  }
}
