import type { Limits } from "../../core/limits.ts";
import type { Publish, QoS } from "../../codec/packet.ts";
import type { Delivery, DeliveryGroup, Terms } from "../../session/delivery.ts";
import type { Frames } from "../../session/frames.ts";
import type { SessionContext } from "../../session/context.ts";
import { Backlog } from "../../session/backlog.ts";
import type { BacklogOwner } from "../../session/backlog_owner.ts";
import type { Session } from "../../session/session.ts";
import { isKept, type Message } from "../../store/message.ts";
import {
  type BatchNumber,
  NO_IDENTIFIERS,
  type StoredBacklog,
  type StoredDelivery,
  type StoredSubscription,
} from "../../store/store.ts";

/** A message that no member has been sent. */
export interface Waiting {
  /** The message. */
  readonly message: Message;
  /** Its number among the deliveries of shared groups. */
  readonly number: number;
  /** The batch that must be committed before the message may leave. */
  readonly batch: BatchNumber;
  /** Whether the Store has it. */
  readonly stored: boolean;
}

/** What all shared groups have in common. */
export interface SharedGroups {
  /** The last number given to a delivery, of whatever group: a group that comes again gives none out twice. */
  lastNumber: number;
  /** The group of this key that has members. */
  group(key: string): SharedGroup | undefined;
}

/**
 * A shared subscription (section 4.8.2): each message goes to one of its members, those that are online first and
 * in turn. A QoS 1 or 2 message that nobody can take waits in the group's own queue.
 */
export class SharedGroup implements DeliveryGroup, BacklogOwner<Waiting> {
  /** `$share/group/filter`. */
  readonly key: string;
  readonly #context: SessionContext;
  readonly #sessions: Session[] = [];
  readonly #subscriptions: StoredSubscription[] = [];
  #next = 0;
  readonly #queue: Backlog<Waiting>;
  readonly #groups: SharedGroups;

  /** Makes a group without members. */
  constructor(context: SessionContext, key: string, groups: SharedGroups) {
    this.#context = context;
    this.#groups = groups;
    this.#queue = new Backlog<Waiting>(context, this);
    this.key = key;
  }

  /** How much may wait for its members. */
  get limits(): Limits {
    return this.#context.limits;
  }

  /** How many members it has, online or not. */
  get size(): number {
    return this.#sessions.length;
  }

  /** Its members, online or not. */
  get members(): readonly Session[] {
    return this.#sessions;
  }

  /** Messages that wait for a member that can take them. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Whether there are topics that a member may not receive. */
  get restricted(): boolean {
    return this.#sessions.some(({ rights }) => rights !== undefined);
  }

  /** Whether a member is. */
  get online(): boolean {
    return this.#sessions.some((session) => session.link !== undefined);
  }

  /** Whether its messages are kept: for a session that is, or behind others that are on the disk alone. */
  get persistent(): boolean {
    return this.#queue.onDisk ||
      this.#sessions.some((session) => session.persistent);
  }

  /** Makes the session a member, or gives it other options; says whether it is new. */
  join(session: Session, subscription: StoredSubscription): boolean {
    const at = this.#sessions.indexOf(session);
    session.groups.add(this);
    if (at >= 0) {
      this.#subscriptions[at] = subscription;
      return false;
    }
    this.#sessions.push(session);
    this.#subscriptions.push(subscription);
    return true;
  }

  /** Takes a member out; says whether it was one. */
  leave(session: Session): boolean {
    const at = this.#sessions.indexOf(session);
    if (at < 0) return false;
    this.#sessions.splice(at, 1);
    this.#subscriptions.splice(at, 1);
    session.groups.delete(this);
    return true;
  }

  /** Goes on with what the Store held and no member was sent. */
  restoreBacklog(backlog: StoredBacklog): void {
    this.restoreSent(backlog.last);
    this.#queue.restore(backlog);
  }

  /** Makes the record of a message that the Store held. */
  fromStore({ message, number }: StoredDelivery): Waiting {
    return { message, number, batch: 0, stored: true };
  }

  /** Has the Store forget a message that is dropped. */
  forget({ number, stored }: Waiting): void {
    if (stored) this.#context.store.dequeue(this.key, number);
  }

  /**
   * Whether a message of this size and topic must be refused, for it would have to wait and there is no room. One that
   * no member may receive does not wait.
   */
  refuses(size: number, topic: string): boolean {
    return this.#queue.refuses(size) && !this.#isForbidden(topic) &&
      !this.#sessions.some((session) =>
        session.outbound.canTake(size) && session.mayReceive(topic)
      );
  }

  /** Goes on with what has come from the Store. */
  pageCame(): void {
    this.feedAll();
  }

  /** Notes that the Store held a delivery with this number, which a member was sent. */
  restoreSent(number: number): void {
    this.#groups.lastNumber = Math.max(this.#groups.lastNumber, number);
  }

  /** Drops what waits: the last member has left. */
  end(): void {
    const { store } = this.#context;
    const { length } = this.#queue;
    const { items, after, last } = this.#queue.clear();
    if (length > 0) {
      this.#context.droppedShared(this.key, "sessionEnded", length);
    }
    if (!store.durable) return;
    for (const { number } of items) store.dequeue(this.key, number);
    if (last > after) store.discard(this.key, after + 1, last);
  }

  /** Gives a message to one member, or keeps it. Returns the batch that keeps it. */
  deliver(frames: Frames, message: Message, batch: BatchNumber): BatchNumber {
    const { size, topic: { text } } = message;
    let online = false;
    let forbidden = false;
    for (
      let tried = 0;
      // QoS 0 is not in the queue, so there is no order to keep with it.
      tried < this.#sessions.length &&
      (message.qos === 0 || this.#queue.length === 0);
      tried++
    ) {
      const at = this.#turn();
      const session = this.#sessions[at]!;
      if (!session.mayReceive(text)) {
        forbidden = true;
        continue;
      }
      const terms = termsFor(this.#subscriptions[at]!, message, batch);
      online ||= session.link?.ready === true;
      if (terms.qos === 0 && session.outbound.hasRoom(size)) {
        session.outbound.deliverAtMostOnce(frames, message, terms);
        return 0;
      }
      if (terms.qos > 0 && session.outbound.canTake(size)) {
        const number = ++this.#groups.lastNumber;
        const kept = this.#store(message, number);
        session.outbound.deliver(frames, message, terms, {
          group: this,
          number,
          stored: kept > 0,
        });
        return kept;
      }
    }
    if (
      (forbidden || this.#queue.length > 0) && this.#isForbidden(text)
    ) {
      this.#context.droppedShared(this.key, "notAuthorized");
      return 0;
    }
    if (message.qos === 0) {
      this.#context.droppedShared(this.key, online ? "outboxFull" : "offline");
      return 0;
    }
    return this.#keep(message.owned, batch);
  }

  /**
   * Passes a QoS 0 PUBLISH on to the member whose turn it is, as it came; for groups that are not
   * {@linkcode SharedGroup.restricted}. Says whether it could; if not, nothing has happened.
   */
  forward(publish: Publish): boolean {
    const at = this.#next < this.#sessions.length ? this.#next : 0;
    const link = this.#sessions[at]?.link;
    const size = publish.end - publish.start;
    if (
      link === undefined || this.#subscriptions[at]!.identifier !== 0 ||
      !link.takesAsIs(publish.version, size, size)
    ) return false;
    this.#next = at + 1;
    link.outbox.buffer.append(publish.bytes, publish.start, publish.end);
    link.packets++;
    this.#context.counters.messagesSent.qos0++;
    this.#context.touch(link);
    return true;
  }

  /**
   * Puts a delivery first in the queue, and gives it to another member if one can take it. Drops it where there are
   * no members any more.
   */
  giveBack(delivery: Delivery): void {
    if (this.#sessions.length === 0) {
      // The group may have come again since.
      const group = this.#groups.group(this.key);
      if (group !== undefined) return group.giveBack(delivery);
      const { store } = this.#context;
      if (store.durable) store.dequeue(this.key, delivery.number);
      this.#context.droppedShared(this.key, "sessionEnded");
      return;
    }
    this.#queue.pushFront(delivery);
    this.#context.groupWaits(this);
  }

  /** Gives what waits to whoever can take it, in turn. */
  feedAll(): void {
    let busy = 0;
    while (this.#first() !== undefined && busy < this.#sessions.length) {
      busy = this.#feedOne(this.#turn()) ? 0 : busy + 1;
    }
  }

  /** Gives this member what waits, as long as it can take more. */
  feed(session: Session): void {
    if (this.#queue.length === 0) return;
    const at = this.#sessions.indexOf(session);
    while (at >= 0 && this.#feedOne(at));
    const topic = this.#queue.peek()?.message.topic.text;
    if (
      topic !== undefined && session.link !== undefined &&
      session.mayReceive(topic)
    ) session.link.wantsDrain = true;
  }

  /** Gives the member at this place one message that waits; says whether it took it. */
  #feedOne(at: number): boolean {
    const waiting = this.#first();
    const session = this.#sessions[at]!;
    if (
      waiting === undefined ||
      !session.outbound.canTake(waiting.message.size) ||
      !session.mayReceive(waiting.message.topic.text)
    ) return false;
    this.#queue.pop();
    const { message, number, batch } = waiting;
    let { stored } = waiting;
    // It was not kept while only members without a session that is kept were to get it.
    if (!stored && session.persistent) {
      stored = this.#enqueue(message, number) > 0;
    }
    const terms = termsFor(this.#subscriptions[at]!, message, batch);
    session.outbound.deliverKept(message, terms, {
      group: this,
      number,
      stored,
    });
    return true;
  }

  /** The first message that waits and some member may receive. Those before it are dropped: the rules have changed. */
  #first(): Waiting | undefined {
    for (;;) {
      const waiting = this.#queue.peek();
      if (
        waiting === undefined || !this.#isForbidden(waiting.message.topic.text)
      ) return waiting;
      this.#queue.pop();
      this.forget(waiting);
      this.#context.droppedShared(this.key, "notAuthorized");
    }
  }

  /** Whether no member may receive messages of this topic. */
  #isForbidden(topic: string): boolean {
    return this.#sessions.length > 0 &&
      !this.#sessions.some((session) => session.mayReceive(topic));
  }

  #turn(): number {
    if (this.#next >= this.#sessions.length) this.#next = 0;
    return this.#next++;
  }

  #keep(message: Message, batch: BatchNumber): BatchNumber {
    const number = ++this.#groups.lastNumber;
    if (!this.#queue.admit(message)) return 0;
    const kept = this.#store(message, number);
    this.#queue.push({ message, number, batch, stored: kept > 0 }, kept);
    this.feedAll();
    return kept;
  }

  #store(message: Message, number: number): BatchNumber {
    return this.persistent ? this.#enqueue(message, number) : 0;
  }

  #enqueue(message: Message, number: number): BatchNumber {
    const { store } = this.#context;
    if (!store.durable || !isKept(message)) return 0;
    const { owned, qos } = message;
    return store.enqueue(this.key, {
      message: owned,
      number,
      qos,
      retain: false,
      identifiers: NO_IDENTIFIERS,
    });
  }
}

/** How a message goes to a member that has subscribed so; never with more than its QoS [MQTT-4.8.2-3]. */
function termsFor(
  subscription: StoredSubscription,
  message: Message,
  batch: BatchNumber,
): Terms {
  return {
    qos: Math.min(message.qos, subscription.qos) as QoS,
    retain: subscription.retainAsPublished && message.retain,
    identifiers: subscription.identifier === 0
      ? NO_IDENTIFIERS
      : [subscription.identifier],
    batch,
  };
}
