import { getOrMake } from "../core/get_or_make.ts";
import type { Message } from "./message.ts";
import {
  type BacklogPage,
  type BacklogQuery,
  isSharedGroup,
  type StoredBacklog,
  type StoredDelivery,
  type StoredSession,
  type StoredSubscription,
  type StoredWill,
  type StoreReader,
  type StoreWrites,
} from "./store.ts";

/** Where a delivery went: to a client, under a packet identifier. */
export interface Assignment {
  /** The client. */
  readonly clientId: string;
  /** The packet identifier. */
  readonly packetId: number;
  /** Whether PUBREC came for it. */
  released: boolean;
}

/** A delivery that is owed, and to whom it went if it did. */
export interface OwedDelivery extends StoredDelivery {
  /** `undefined` while nobody was sent it. */
  assignment: Assignment | undefined;
}

/**
 * All that a Store keeps, as maps: each method does what the one of the same name of `Store` says, and throws where
 * the write makes no sense after those before it.
 */
export class Contents implements StoreWrites<void> {
  /** Sessions by client identifier. */
  readonly sessions: Map<string, StoredSession> = new Map();
  /** Subscriptions by client identifier and filter. */
  readonly subscriptions: Map<string, Map<string, StoredSubscription>> =
    new Map();
  /** Deliveries by owner and number, in the order in which they are owed. */
  readonly deliveries: Map<string, Map<number, OwedDelivery>> = new Map();
  /** Deliveries that went to a client, by its identifier and their packet identifiers. */
  readonly assigned: Map<string, Map<number, OwedDelivery>> = new Map();
  /** Inbound QoS 2 packet identifiers by client identifier. */
  readonly received: Map<string, Set<number>> = new Map();
  /** Retained messages by topic. */
  readonly retained: Map<string, Message> = new Map();
  /** Wills by client identifier; also of clients without a session that is kept. */
  readonly wills: Map<string, StoredWill> = new Map();

  /** The messages owed to an owner, in order. */
  owed(owner: string): Message[] {
    return [...this.deliveries.get(owner)?.values() ?? []].map((delivery) =>
      delivery.message
    );
  }

  /** Keeps a session. */
  saveSession(session: StoredSession): void {
    this.sessions.set(session.clientId, { ...session });
  }

  /** Forgets a session; what shared groups had assigned to it waits for another member. */
  removeSession(clientId: string): void {
    this.#require(clientId, "remove a session");
    this.sessions.delete(clientId);
    this.subscriptions.delete(clientId);
    this.deliveries.delete(clientId);
    this.received.delete(clientId);
    this.wills.delete(clientId);
    for (const delivery of this.assigned.get(clientId)?.values() ?? []) {
      delivery.assignment = undefined;
    }
    this.assigned.delete(clientId);
  }

  /** Keeps a subscription. */
  saveSubscription(clientId: string, subscription: StoredSubscription): void {
    this.#require(clientId, "save a subscription");
    getOrMake(this.subscriptions, clientId, () => new Map()).set(
      subscription.filter,
      {
        ...subscription,
      },
    );
  }

  /** Forgets a subscription. */
  removeSubscription(clientId: string, filter: string): void {
    this.#require(clientId, "remove a subscription");
    this.subscriptions.get(clientId)?.delete(filter);
  }

  /** Keeps a message that is owed. */
  enqueue(owner: string, delivery: StoredDelivery): void {
    if (!isSharedGroup(owner)) this.#require(owner, "enqueue");
    const deliveries = getOrMake(this.deliveries, owner, () => new Map());
    const { number, message, qos, retain, identifiers } = delivery;
    if (deliveries.has(number)) {
      throw new Error(
        `Cannot enqueue: ${owner} is owed delivery ${number} already`,
      );
    }
    const assignment = undefined;
    deliveries.set(number, {
      number,
      message,
      qos,
      retain,
      identifiers,
      assignment,
    });
  }

  /** Notes to whom a delivery goes. */
  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): void {
    this.#require(clientId, "assign");
    const delivery = this.deliveries.get(owner)?.get(deliveryNumber);
    if (delivery === undefined) {
      throw new Error(
        `Cannot assign: ${owner} is not owed delivery ${deliveryNumber}`,
      );
    }
    this.#unassign(delivery);
    const assigned = getOrMake(this.assigned, clientId, () => new Map());
    if (assigned.has(packetId)) {
      throw new Error(
        `Cannot assign: ${clientId} has a delivery with packet id ${packetId} already`,
      );
    }
    delivery.assignment = { clientId, packetId, released: false };
    assigned.set(packetId, delivery);
  }

  /** Notes that PUBREC came. */
  release(clientId: string, packetId: number): void {
    const assignment = this.assigned.get(clientId)?.get(packetId)?.assignment;
    if (assignment === undefined) {
      throw new Error(
        `Cannot release: ${clientId} has no delivery with packet id ${packetId}`,
      );
    }
    assignment.released = true;
  }

  /** Forgets a delivery. Harmless where there is none: a shared group does not keep all. */
  dequeue(owner: string, deliveryNumber: number): void {
    const deliveries = this.deliveries.get(owner);
    const delivery = deliveries?.get(deliveryNumber);
    if (deliveries === undefined || delivery === undefined) return;
    this.#unassign(delivery);
    deliveries.delete(deliveryNumber);
    if (deliveries.size === 0) this.deliveries.delete(owner);
  }

  /** Forgets deliveries that went to nobody. */
  discard(owner: string, first: number, last: number): void {
    for (const { number } of this.#unassigned(owner)) {
      if (number >= first && number <= last) this.dequeue(owner, number);
    }
  }

  /** Notes an inbound QoS 2 packet identifier. */
  saveReceived(clientId: string, packetId: number): void {
    this.#require(clientId, "save a received packet id");
    getOrMake(this.received, clientId, () => new Set()).add(packetId);
  }

  /** Forgets an inbound QoS 2 packet identifier. */
  removeReceived(clientId: string, packetId: number): void {
    this.#require(clientId, "remove a received packet id");
    this.received.get(clientId)?.delete(packetId);
  }

  /** Keeps the retained message of a topic, or removes it. */
  retain(topic: string, message: Message | undefined): void {
    if (message === undefined) this.retained.delete(topic);
    else this.retained.set(topic, message);
  }

  /** Keeps a will, or removes it. */
  saveWill(clientId: string, will: StoredWill | undefined): void {
    if (will === undefined) this.wills.delete(clientId);
    else this.wills.set(clientId, will);
  }

  /** Writes it all, as somebody would who has just begun. */
  copyTo(writes: StoreWrites<unknown>): void {
    this.#copySessions(writes);
    for (const [owner, deliveries] of this.deliveries) {
      for (const one of deliveries.values()) writes.enqueue(owner, one);
    }
    this.#copyAssignments(writes, () => {});
    this.#copyRest(writes);
  }

  /** Tells it, in the order that {@linkcode Store.open} promises. */
  tell(reader: StoreReader): void {
    this.#copySessions(reader);
    this.#copyAssignments(
      reader,
      (owner, delivery) => reader.enqueue(owner, delivery),
    );
    for (const owner of this.deliveries.keys()) {
      const backlog = this.#backlog(owner);
      if (backlog.messages > 0) reader.backlog(owner, backlog);
    }
    this.#copyRest(reader);
  }

  /** Reads a part of what an owner is owed and nobody was sent. */
  read({ owner, after, last, bytes }: BacklogQuery): BacklogPage {
    const deliveries: StoredDelivery[] = [];
    let size = 0;
    for (const delivery of this.#unassigned(owner)) {
      const { number, message } = delivery;
      if (number <= after || number > last) continue;
      size += message.size;
      if (size > bytes && deliveries.length > 0) {
        return { deliveries, last: deliveries.at(-1)!.number, end: false };
      }
      deliveries.push(delivery);
    }
    return { deliveries, last: deliveries.at(-1)?.number ?? after, end: true };
  }

  #copySessions(
    to: Pick<
      StoreWrites<unknown>,
      "saveSession" | "saveSubscription" | "saveReceived"
    >,
  ): void {
    for (const session of this.sessions.values()) to.saveSession(session);
    for (const [clientId, subscriptions] of this.subscriptions) {
      for (const one of subscriptions.values()) {
        to.saveSubscription(clientId, one);
      }
    }
    for (const [clientId, packetIds] of this.received) {
      for (const id of packetIds) to.saveReceived(clientId, id);
    }
  }

  /** Tells to whom deliveries went, each after `before` was called with it. */
  #copyAssignments(
    to: Pick<StoreWrites<unknown>, "assign" | "release">,
    before: (owner: string, delivery: OwedDelivery) => void,
  ): void {
    const owners = new Map<OwedDelivery, string>();
    for (const [owner, deliveries] of this.deliveries) {
      for (const delivery of deliveries.values()) owners.set(delivery, owner);
    }
    for (const [clientId, assigned] of this.assigned) {
      for (const [packetId, delivery] of assigned) {
        const owner = owners.get(delivery)!;
        before(owner, delivery);
        to.assign(owner, delivery.number, clientId, packetId);
        if (delivery.assignment!.released) to.release(clientId, packetId);
      }
    }
  }

  #copyRest(to: Pick<StoreWrites<unknown>, "retain" | "saveWill">): void {
    for (const [topic, message] of this.retained) to.retain(topic, message);
    for (const [clientId, will] of this.wills) to.saveWill(clientId, will);
  }

  #backlog(owner: string): StoredBacklog {
    const backlog = { messages: 0, bytes: 0, first: 0, last: 0 };
    for (const { number, message } of this.#unassigned(owner)) {
      if (backlog.messages === 0) backlog.first = number;
      backlog.messages++;
      backlog.bytes += message.size;
      backlog.last = number;
    }
    return backlog;
  }

  #unassigned(owner: string): OwedDelivery[] {
    return [...this.deliveries.get(owner)?.values() ?? []].filter(
      ({ assignment }) => assignment === undefined,
    );
  }

  #unassign(delivery: OwedDelivery): void {
    if (delivery.assignment === undefined) return;
    const { clientId, packetId } = delivery.assignment;
    this.assigned.get(clientId)?.delete(packetId);
    delivery.assignment = undefined;
  }

  #require(clientId: string, what: string): void {
    if (this.sessions.has(clientId)) return;
    throw new Error(`Cannot ${what}: ${clientId} has no session that is kept`);
  }
}
