import type { Message } from "../store/message.ts";
import type {
  StoredDelivery,
  StoredSession,
  StoredSubscription,
  StoredWill,
} from "./store.ts";

/** Where a delivery went: to a client, under a packet identifier. */
export interface Assignment {
  readonly clientId: string;
  readonly packetId: number;
  /** Whether PUBREC came for it. */
  released: boolean;
}

/** A delivery that is owed, and to whom it went if it did. */
export interface OwedDelivery extends StoredDelivery {
  assignment: Assignment | undefined;
}

/**
 * All that a Store keeps, as maps: each method does what the one of the same name of `Store` says. They throw where
 * a write makes no sense after those before it.
 */
export class Contents {
  /** Sessions by client identifier. */
  readonly sessions: Map<string, StoredSession> = new Map();
  /** Subscriptions by client identifier and filter. */
  readonly subscriptions: Map<string, Map<string, StoredSubscription>> =
    new Map();
  /** Deliveries by owner and number, in the order in which they are owed. */
  readonly deliveries: Map<string, Map<number, OwedDelivery>> = new Map();
  /** Inbound QoS 2 packet identifiers by client identifier. */
  readonly received: Map<string, Set<number>> = new Map();
  /** Retained messages by topic. */
  readonly retained: Map<string, Message> = new Map();
  /** Wills by client identifier. */
  readonly wills: Map<string, StoredWill> = new Map();

  /** Payloads owed to an owner, as text, in order: for tests to look at. */
  owed(owner: string): string[] {
    return [...this.deliveries.get(owner)?.values() ?? []].map(({ message }) =>
      new TextDecoder().decode(message.payload)
    );
  }

  saveSession(session: StoredSession): void {
    this.sessions.set(session.clientId, { ...session });
  }

  removeSession(clientId: string): void {
    this.#require(clientId, "remove the session");
    this.sessions.delete(clientId);
    this.subscriptions.delete(clientId);
    this.deliveries.delete(clientId);
    this.received.delete(clientId);
    this.wills.delete(clientId);
    for (const deliveries of this.deliveries.values()) {
      for (const delivery of deliveries.values()) {
        if (delivery.assignment?.clientId === clientId) {
          delivery.assignment = undefined;
        }
      }
    }
  }

  saveSubscription(clientId: string, subscription: StoredSubscription): void {
    this.#require(clientId, "save a subscription");
    within(this.subscriptions, clientId, () => new Map()).set(
      subscription.filter,
      { ...subscription },
    );
  }

  removeSubscription(clientId: string, filter: string): void {
    this.#require(clientId, "remove a subscription");
    this.subscriptions.get(clientId)?.delete(filter);
  }

  enqueue(owner: string, delivery: StoredDelivery): void {
    if (!owner.startsWith("$share/")) this.#require(owner, "enqueue");
    const deliveries = within(this.deliveries, owner, () => new Map());
    if (deliveries.has(delivery.number)) {
      throw new Error(
        `Cannot enqueue: delivery ${delivery.number} of ${owner} is there already`,
      );
    }
    const { number, message, qos, retain, identifiers } = delivery;
    deliveries.set(number, {
      number,
      message,
      qos,
      retain,
      identifiers,
      assignment: undefined,
    });
  }

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
        `Cannot assign: there is no delivery ${deliveryNumber} of ${owner}`,
      );
    }
    delivery.assignment = { clientId, packetId, released: false };
  }

  release(clientId: string, packetId: number): void {
    this.#require(clientId, "release");
    for (const deliveries of this.deliveries.values()) {
      for (const { assignment } of deliveries.values()) {
        if (
          assignment?.clientId === clientId && assignment.packetId === packetId
        ) {
          assignment.released = true;
          return;
        }
      }
    }
    throw new Error(
      `Cannot release: ${clientId} has no delivery with packet id ${packetId}`,
    );
  }

  dequeue(owner: string, deliveryNumber: number): void {
    this.deliveries.get(owner)?.delete(deliveryNumber);
    if (this.deliveries.get(owner)?.size === 0) this.deliveries.delete(owner);
  }

  saveReceived(clientId: string, packetId: number): void {
    this.#require(clientId, "save a received packet id");
    within(this.received, clientId, () => new Set()).add(packetId);
  }

  removeReceived(clientId: string, packetId: number): void {
    this.#require(clientId, "remove a received packet id");
    this.received.get(clientId)?.delete(packetId);
  }

  retain(topic: string, message: Message | undefined): void {
    if (message === undefined) this.retained.delete(topic);
    else this.retained.set(topic, message);
  }

  saveWill(clientId: string, will: StoredWill | undefined): void {
    if (will === undefined) this.wills.delete(clientId);
    else this.wills.set(clientId, will);
  }

  #require(clientId: string, what: string): void {
    if (this.sessions.has(clientId)) return;
    throw new Error(`Cannot ${what}: there is no session of ${clientId}`);
  }
}

/** The value under a key, made where it is missing. */
function within<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
