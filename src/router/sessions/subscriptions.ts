import { LimitedLog, type LimitedLogOptions } from "../../core/limited_log.ts";
import type {
  Subscribe,
  SubscriptionRequest,
  Unsubscribe,
} from "../../codec/packet.ts";
import { PacketType } from "../../codec/packet.ts";
import { encodeAnswer } from "../../codec/encode/answer.ts";
import { PacketError } from "../../codec/packet_error.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Link } from "../../session/session.ts";
import type { Session } from "../../session/session.ts";
import type { BatchNumber, StoredSubscription } from "../../store/store.ts";
import type { Access } from "../rights/access.ts";
import type { RetainedMessages } from "../retained/messages.ts";
import type { SystemMessages } from "../delivery/system_messages.ts";
import type { Subscriber, Subscription } from "../delivery/route.ts";
import { SharedGroup, type SharedGroups } from "../delivery/shared_group.ts";
import type { SubscriptionTree } from "../topics/subscription_tree.ts";
import {
  isValidTopicFilter,
  isWithinLimits,
  parseSharedFilter,
  subscriptionWeight,
  SYSTEM,
} from "../topics/filter.ts";

/** Work that goes on in the next slice: says whether it is finished. `deadline` is on the monotonic clock. */
export type Task = (deadline: number) => boolean;

const TOO_MANY = "the client has too many subscriptions";

/** After so many filters a slice looks at the clock, or after fewer long ones. */
const FILTERS_BETWEEN_LOOKS = 64;

/** Characters of a filter that take as long as another filter. */
const LONG_FILTER = 256;

/** What {@linkcode Subscriptions} work with. */
export interface SubscriptionsOptions extends LimitedLogOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Holds the subscriptions. */
  readonly tree: SubscriptionTree<Subscriber>;
  /** What new subscriptions receive first. */
  readonly retained: RetainedMessages;
  /** The broker's own messages, which are put right before somebody subscribes to them. */
  readonly system: SystemMessages;
  /** Who may subscribe to what. */
  readonly access: Access;
}

/** Who has subscribed to what: SUBSCRIBE and UNSUBSCRIBE (3.8, 3.10). */
export class Subscriptions implements SharedGroups {
  /** The last number given to a delivery of a shared group. */
  lastNumber = 0;
  readonly #context: SessionContext;
  readonly #tree: SubscriptionTree<Subscriber>;
  readonly #retained: RetainedMessages;
  readonly #system: SystemMessages;
  readonly #access: Access;
  readonly #tooMany: LimitedLog;
  readonly #groups = new Map<string, SharedGroup>();
  readonly #bySession = new WeakMap<Session, Map<string, Subscription>>();

  /** Keeps the subscriptions in this tree. */
  constructor(options: SubscriptionsOptions) {
    this.#context = options.context;
    this.#tree = options.tree;
    this.#retained = options.retained;
    this.#system = options.system;
    this.#access = options.access;
    this.#tooMany = new LimitedLog(
      "Subscriptions refused: the client has too many",
      options,
    );
  }

  /** The shared groups with members. */
  groups(): Iterable<SharedGroup> {
    return this.#groups.values();
  }

  /** The shared group of this `$share/group/filter`, if there is one. */
  group(key: string): SharedGroup | undefined {
    return this.#groups.get(key);
  }

  /** The shared group that owes what the Store held; one without members where all have unsubscribed since. */
  restoredGroup(key: string): SharedGroup {
    return this.#groups.get(key) ?? new SharedGroup(this.#context, key, this);
  }

  /** Puts a subscription back that the Store held. */
  restore(session: Session, subscription: StoredSubscription): void {
    const shared = parseSharedFilter(subscription.filter);
    if (shared === "invalid") return;
    session.subscriptions.set(subscription.filter, subscription);
    session.subscriptionWeight += subscriptionWeight(subscription.filter);
    this.#context.counters.subscriptionsNow++;
    if (shared === undefined) this.#list(session, subscription);
    else this.#join(session, subscription, shared.filter);
  }

  /** Works through a SUBSCRIBE and answers it; a long one in slices. */
  subscribe(link: Link, session: Session, packet: Subscribe): Task {
    const { filters, extraFilters, packetId } = packet;
    // There are never more extra ones than a client may have subscriptions.
    const codes = new Uint8Array(filters.length + extraFilters)
      .fill(ReasonCode.QuotaExceeded);
    let batch: BatchNumber = 0;
    let detail: string | undefined;
    const refused = (at: number, why: string): void => {
      detail ??= `Cannot subscribe to filter ${
        at + 1
      } of ${codes.length}: ${why}`;
    };
    return slices(filters, ({ filter }) => filter, (request, at) => {
      const { code, batch: kept, why } = this.#subscribe(
        session,
        link.terms.isBridge ? ofBridge(request) : request,
        packet.subscriptionIdentifier,
      );
      if (code >= 0x80 && link.terms.version === 3) {
        // SUBACK of 3.1 has no code for a failure.
        throw new PacketError(
          code,
          "Cannot subscribe: topic filter not accepted",
        );
      }
      if (why !== undefined) refused(at, why);
      codes[at] = code;
      batch = Math.max(batch, kept);
    }, () => {
      if (extraFilters > 0) {
        refused(filters.length, TOO_MANY);
        this.#noteTooMany(session, extraFilters);
      }
      this.#answer(link, PacketType.Suback, packetId, codes, batch, detail);
      // What waits for it comes behind the SUBACK: retained messages, and those of a shared group.
      const pump = () => session.outbound.pump();
      this.#context.whenCommitted(link, batch, pump);
    });
  }

  /** Works through an UNSUBSCRIBE and answers it; a long one in slices. */
  unsubscribe(link: Link, session: Session, packet: Unsubscribe): Task {
    const { filters, extraFilters, packetId } = packet;
    const codes = new Uint8Array(filters.length + extraFilters)
      .fill(ReasonCode.NoSubscriptionExisted);
    let batch: BatchNumber = 0;
    return slices(filters, (filter) => filter, (filter, at) => {
      if (!session.subscriptions.has(filter)) return;
      batch = Math.max(batch, this.#remove(session, filter));
      codes[at] = ReasonCode.Success;
    }, () => this.#answer(link, PacketType.Unsuback, packetId, codes, batch));
  }

  #answer(
    link: Link,
    type: typeof PacketType.Suback | typeof PacketType.Unsuback,
    packetId: number,
    codes: Uint8Array,
    batch: BatchNumber,
    detail?: string,
  ): void {
    const { version, maximumPacketSize, problemInformation } = link.terms;
    const reason = problemInformation ? detail : undefined;
    let answer = encodeAnswer(type, packetId, codes, version, reason);
    if (reason !== undefined && answer.length > maximumPacketSize) {
      // [MQTT-3.9.2-1]
      answer = encodeAnswer(type, packetId, codes, version);
    }
    // What is too large for the client cannot be sent to it [MQTT-3.1.2-24].
    if (answer.length > maximumPacketSize) {
      throw new PacketError(
        ReasonCode.PacketTooLarge,
        `Cannot answer ${codes.length} filters: the client takes packets of ${maximumPacketSize} bytes`,
      );
    }
    link.send(answer, batch);
    this.#context.touch(link);
  }

  /** Ends all subscriptions of a session that ends itself. */
  removeAll(session: Session): void {
    for (const filter of session.subscriptions.keys()) {
      this.#unlist(session, filter);
    }
    this.#context.counters.subscriptionsNow -= session.subscriptions.size;
    session.subscriptions.clear();
    session.subscriptionWeight = 0;
    this.#bySession.delete(session);
  }

  #subscribe(
    session: Session,
    request: SubscriptionRequest,
    identifier: number,
  ): { code: ReasonCode; batch: BatchNumber; why?: string } {
    const { limits, store, counters, disk } = this.#context;
    const shared = parseSharedFilter(request.filter);
    const filter = shared === undefined
      ? request.filter
      : shared === "invalid"
      ? ""
      : shared.filter;
    if (!isValidTopicFilter(filter) || !isWithinLimits(filter, limits)) {
      const why = "it is not valid, or has too many levels or bytes";
      return { code: ReasonCode.TopicFilterInvalid, batch: 0, why };
    }
    if (session.rights?.maySubscribe(filter) === false) {
      this.#access.denied(session, "subscribe", filter);
      return {
        code: ReasonCode.NotAuthorized,
        batch: 0,
        why: "not authorized",
      };
    }
    const isNew = !session.subscriptions.has(request.filter);
    const weight = isNew
      ? session.subscriptionWeight + subscriptionWeight(request.filter)
      : session.subscriptionWeight;
    if (isNew && weight > session.limits.subscriptionsPerClient) {
      this.#noteTooMany(session, 1);
      return { code: ReasonCode.QuotaExceeded, batch: 0, why: TOO_MANY };
    }
    const stored = store.durable && session.persistent;
    if (isNew && stored && !disk.ample) {
      const why = "there is no room on the disk";
      return { code: ReasonCode.QuotaExceeded, batch: 0, why };
    }
    const subscription: StoredSubscription = { ...request, identifier };
    session.subscriptions.set(request.filter, subscription);
    session.subscriptionWeight = weight;
    if (isNew) counters.subscriptionsNow++;
    if (filter.startsWith(SYSTEM)) this.#system.refresh();
    if (shared === undefined) {
      this.#list(session, subscription);
      // [MQTT-3.3.1-9, -10, -11]; none for shared subscriptions [4.8.2]
      const { retainHandling } = request;
      if (retainHandling === 0 || (retainHandling === 1 && isNew)) {
        session.outbound.replays.cancel(request.filter);
        session.outbound.replays.add(
          this.#retained.replay(session, subscription),
        );
      }
    } else {
      this.#join(session, subscription, filter);
    }
    const batch = stored
      ? store.saveSubscription(session.clientId, subscription)
      : 0;
    return { code: request.qos, batch };
  }

  /** Sends a session the retained messages of its subscriptions, as for new ones. */
  replayAll(session: Session): void {
    const { replays } = session.outbound;
    for (const [filter, subscription] of session.subscriptions) {
      const asksForNone = subscription.retainHandling === 2 ||
        filter.startsWith(SYSTEM) || parseSharedFilter(filter) !== undefined;
      if (asksForNone) continue;
      replays.cancel(filter);
      replays.add(this.#retained.replay(session, subscription));
    }
    session.outbound.pump();
  }

  #noteTooMany({ clientId, owner, limits }: Session, filters: number): void {
    this.#context.counters.subscriptionsRefused += filters;
    const { subscriptionsPerClient: limit } = limits;
    this.#tooMany.note(clientId, filters, { user: owner, limit });
  }

  /** Puts a subscription into the tree, in place of the former one with the same filter [MQTT-3.8.4-3]. */
  #list(session: Session, options: StoredSubscription): void {
    let listed = this.#bySession.get(session);
    if (listed === undefined) {
      listed = new Map();
      this.#bySession.set(session, listed);
    }
    const former = listed.get(options.filter);
    const subscription: Subscription = { ...options, session };
    this.#tree.insert(options.filter, subscription);
    if (former !== undefined) this.#tree.remove(options.filter, former);
    listed.set(options.filter, subscription);
  }

  #join(
    session: Session,
    subscription: StoredSubscription,
    filter: string,
  ): void {
    const key = subscription.filter;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new SharedGroup(this.#context, key, this);
      this.#groups.set(key, group);
      this.#tree.insert(filter, group);
    }
    group.join(session, subscription);
    if (session.rights !== undefined) this.#tree.routesChanged();
  }

  #remove(session: Session, filter: string): BatchNumber {
    const { store, counters } = this.#context;
    this.#unlist(session, filter);
    session.subscriptions.delete(filter);
    session.subscriptionWeight -= subscriptionWeight(filter);
    session.outbound.replays.cancel(filter);
    counters.subscriptionsNow--;
    return store.durable && session.persistent
      ? store.removeSubscription(session.clientId, filter)
      : 0;
  }

  /** Takes a subscription out of the tree, or the session out of the shared group. */
  #unlist(session: Session, filter: string): void {
    const shared = parseSharedFilter(filter);
    if (shared === undefined) {
      const subscription = this.#bySession.get(session)?.get(filter);
      if (subscription === undefined) return;
      this.#tree.remove(filter, subscription);
      this.#bySession.get(session)!.delete(filter);
      return;
    }
    const group = this.#groups.get(filter);
    if (group === undefined || shared === "invalid") return;
    group.leave(session);
    if (group.size > 0) return;
    group.end();
    this.#groups.delete(filter);
    this.#tree.remove(shared.filter, group);
  }
}

/** What a bridge means that cannot say it: its own messages must not come back, and RETAIN is passed on. */
function ofBridge(request: SubscriptionRequest): SubscriptionRequest {
  // A shared subscription is never No Local [MQTT-3.8.3-4].
  const noLocal = parseSharedFilter(request.filter) === undefined;
  return { ...request, noLocal, retainAsPublished: true };
}

function slices<T>(
  items: readonly T[],
  filterOf: (item: T) => string,
  each: (item: T, at: number) => void,
  finish: () => void,
): Task {
  let next = 0;
  let untilLook = FILTERS_BETWEEN_LOOKS;
  return (deadline) => {
    while (next < items.length) {
      const item = items[next]!;
      each(item, next);
      next++;
      untilLook -= 1 + filterOf(item).length / LONG_FILTER;
      if (untilLook > 0) continue;
      untilLook = FILTERS_BETWEEN_LOOKS;
      if (performance.now() > deadline) return false;
    }
    finish();
    return true;
  };
}
