import type { SessionContext } from "../../session/context.ts";
import type { Link } from "../../session/session.ts";
import type { Session } from "../../session/session.ts";
import type { BatchNumber } from "../../store/store.ts";
import type { Route } from "./route.ts";
import type { SharedGroup } from "./shared_group.ts";

/** Receivers of one message that are told one by one. */
const MOST_RECEIVERS = 32;

/** Somewhere that a message may be put: how it is there before. */
interface Receiver {
  readonly session: Session;
  readonly link: Link | undefined;
  /** Packets put into its Outbox or behind its gate, not yet counted. */
  readonly packets: number;
  /** Bytes that have entered its Outbox, since the beginning. */
  readonly appended: number;
  /** Messages in its queue. */
  readonly queued: number;
}

/** What a Link was given. */
export interface ObservedLink {
  /** Whose it is. */
  readonly clientId: string;
  /** The Link. */
  readonly link: Link;
  /** The batch for which it waits at the gate, 0 if it does not. */
  readonly commitBatch: BatchNumber;
  /** Bytes that had entered the Outbox after it, since the beginning, where it is there already. */
  readonly position: number;
}

/** Where a message went. */
export interface ObservedDelivery {
  /** Links that were given it: the first of them. */
  readonly links: readonly ObservedLink[];
  /** How many more there were. */
  readonly moreDeliveries: number;
  /** For whom it waits: the first of them. */
  readonly queued: readonly string[];
  /** How many more there were. */
  readonly moreQueued: number;
  /** Messages that were dropped meanwhile, by their causes. */
  readonly dropped: readonly (readonly [cause: string, messages: number])[];
}

/** What a {@linkcode DeliveryObserver} has to know of the message. */
export interface DeliveryObserverOptions {
  /** Who may get it. */
  readonly route: Route;
  /** Packets that its publisher is answered with. */
  readonly answers: number;
}

/**
 * Sees where a message goes, by how it is with those who may get it before it is routed and after. Nothing else
 * may happen between.
 */
export class DeliveryObserver {
  /** Sessions and shared groups that have subscribed. */
  readonly subscribers: number;
  readonly #context: SessionContext;
  readonly #publisher: Session;
  readonly #answers: number;
  readonly #receivers: readonly Receiver[];
  readonly #groups: readonly (readonly [SharedGroup, waiting: number])[];
  readonly #dropped: Readonly<Record<string, number>>;

  /** Sees how things are before. */
  constructor(
    context: SessionContext,
    publisher: Session,
    { route: { targets, groups }, answers }: DeliveryObserverOptions,
  ) {
    this.subscribers = targets.length + groups.length;
    this.#context = context;
    this.#publisher = publisher;
    this.#answers = answers;
    this.#groups = groups.map((group) => [group, group.waiting] as const);
    const sessions = new Set(targets.map(({ session }) => session));
    for (const [group, waiting] of this.#groups) {
      // Otherwise its members are given what waited there before.
      if (waiting > 0) continue;
      for (const member of group.members) sessions.add(member);
    }
    this.#receivers = [...sessions].map(receiverOf);
    this.#dropped = { ...context.counters.dropped };
  }

  /** Says where it went, by how things are now. */
  compare(): ObservedDelivery {
    const links: ObservedLink[] = [];
    const queued: string[] = [];
    for (const receiver of this.#receivers) {
      const { session, link } = receiver;
      const answers = session === this.#publisher ? this.#answers : 0;
      if (session.outbound.queuedMessages > receiver.queued) {
        queued.push(session.clientId);
      } else if (
        link !== undefined && link.packets > receiver.packets + answers
      ) links.push(observedLinkOf(receiver, link));
    }
    for (const [group, waiting] of this.#groups) {
      if (group.waiting > waiting) queued.push(group.key);
    }
    const causes = Object.entries(this.#context.counters.dropped);
    return {
      links: links.slice(0, MOST_RECEIVERS),
      moreDeliveries: Math.max(0, links.length - MOST_RECEIVERS),
      queued: queued.slice(0, MOST_RECEIVERS),
      moreQueued: Math.max(0, queued.length - MOST_RECEIVERS),
      dropped: causes
        .map(([cause, messages]) =>
          [cause, messages - this.#dropped[cause]!] as const
        )
        .filter(([, messages]) => messages > 0),
    };
  }
}

function receiverOf(session: Session): Receiver {
  const { link, outbound } = session;
  return {
    session,
    link,
    packets: link?.packets ?? 0,
    appended: link?.outbox.appended ?? 0,
    queued: outbound.queuedMessages,
  };
}

function observedLinkOf(
  { session, appended }: Receiver,
  link: Link,
): ObservedLink {
  // Not by what is behind the gate: that may be the answer to the publisher.
  const waits = link.outbox.appended === appended;
  return {
    clientId: session.clientId,
    link,
    commitBatch: waits ? link.uncommitted.lastBatch : 0,
    position: link.outbox.appended,
  };
}
