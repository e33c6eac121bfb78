import { ByteBuffer } from "../../core/byte_buffer.ts";
import { appendFloat, appendNumber, appendText } from "./encoding.ts";
import {
  type Bodies,
  type Carrying,
  type JournalSink,
  MessageReference,
  Operation,
  packOptions,
  packTerms,
} from "./journal.ts";
import type {
  StoredDelivery,
  StoredSession,
  StoredSubscription,
  StoredWill,
} from "../store.ts";

/** Writes a journal. It is on the way of every message, so an operation costs no object but what it must remember. */
export class JournalWriter<M> implements JournalSink<M> {
  readonly #bodies: Bodies<M>;
  readonly #buffer = new ByteBuffer();
  readonly #names = new Map<string, number>();
  /** The messages that are kept, by identity, and their numbers. */
  readonly #messages = new Map<M, number>();

  /** Makes an empty journal, for messages of this form. */
  constructor(bodies: Bodies<M>) {
    this.#bodies = bodies;
  }

  /** How many bytes were written and not taken. */
  get length(): number {
    return this.#buffer.length;
  }

  /** Hands over what was written, with the memory behind it; goes on writing to `next`. */
  take(next?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return this.#buffer.take(next);
  }

  /** Begins a new journal, whose reader knows nothing of the one before. */
  reset(): void {
    this.#buffer.clear();
    this.#names.clear();
    this.#messages.clear();
  }

  saveSession(session: StoredSession): void {
    const { clientId, expiryInterval, endedAt, user } = session;
    const forever = expiryInterval === Infinity;
    this.#begin(Operation.SaveSession, clientId);
    this.#number(
      (forever ? 1 : 0) | (endedAt === undefined ? 0 : 2) |
        (user === undefined ? 0 : 4),
    );
    if (!forever) this.#number(expiryInterval);
    if (endedAt !== undefined) appendFloat(this.#buffer, endedAt);
    if (user !== undefined) appendText(this.#buffer, user);
  }

  removeSession(clientId: string): void {
    this.#begin(Operation.RemoveSession, clientId);
  }

  saveSubscription(clientId: string, subscription: StoredSubscription): void {
    this.#begin(Operation.SaveSubscription, clientId);
    appendText(this.#buffer, subscription.filter);
    this.#number(packOptions(subscription));
    this.#number(subscription.identifier);
  }

  removeSubscription(clientId: string, filter: string): void {
    this.#begin(Operation.RemoveSubscription, clientId);
    appendText(this.#buffer, filter);
  }

  enqueue(owner: string, delivery: Carrying<StoredDelivery, M>): void {
    const { number, identifiers, message } = delivery;
    this.#begin(Operation.Enqueue, owner);
    this.#number(number);
    this.#number(packTerms(delivery));
    this.#number(identifiers.length);
    for (let i = 0; i < identifiers.length; i++) this.#number(identifiers[i]!);
    this.#message(message);
  }

  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): void {
    this.#begin(Operation.Assign, owner);
    this.#number(deliveryNumber);
    this.#name(clientId);
    this.#number(packetId);
  }

  release(clientId: string, packetId: number): void {
    this.#begin(Operation.Release, clientId);
    this.#number(packetId);
  }

  dequeue(owner: string, deliveryNumber: number): void {
    this.#begin(Operation.Dequeue, owner);
    this.#number(deliveryNumber);
  }

  discard(owner: string, first: number, last: number): void {
    this.#begin(Operation.Discard, owner);
    this.#number(first);
    this.#number(last);
  }

  saveReceived(clientId: string, packetId: number): void {
    this.#begin(Operation.SaveReceived, clientId);
    this.#number(packetId);
  }

  removeReceived(clientId: string, packetId: number): void {
    this.#begin(Operation.RemoveReceived, clientId);
    this.#number(packetId);
  }

  retain(topic: string, message: M | undefined): void {
    const keeps = message !== undefined;
    this.#number(keeps ? Operation.Retain : Operation.Unretain);
    appendText(this.#buffer, topic);
    if (keeps) this.#message(message);
  }

  saveWill(clientId: string, will: Carrying<StoredWill, M> | undefined): void {
    if (will === undefined) {
      this.#begin(Operation.RemoveWill, clientId);
      return;
    }
    this.#begin(Operation.SaveWill, clientId);
    this.#number(will.delayInterval);
    this.#number(will.expiryInterval + 1);
    this.#message(will.message);
    this.#number(will.user === undefined ? 0 : 1);
    if (will.user !== undefined) appendText(this.#buffer, will.user);
  }

  #begin(operation: number, name: string): void {
    this.#number(operation);
    this.#name(name);
  }

  #number(value: number): void {
    appendNumber(this.#buffer, value);
  }

  #name(name: string): void {
    const known = this.#names.get(name);
    this.#number(known ?? this.#names.size);
    if (known !== undefined) return;
    this.#names.set(name, this.#names.size);
    appendText(this.#buffer, name);
  }

  #message(message: M): void {
    if (!this.#bodies.keeps(message)) {
      this.#number(MessageReference.Once);
      this.#bodies.append(this.#buffer, message);
      return;
    }
    const known = this.#messages.get(message);
    if (known !== undefined) {
      this.#number(MessageReference.Earlier + known);
      return;
    }
    this.#messages.set(message, this.#messages.size);
    this.#number(MessageReference.Kept);
    this.#bodies.append(this.#buffer, message);
  }
}
