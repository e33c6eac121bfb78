// How writes travel from the broker's thread to the Store's: operations one after the other in one buffer. Read this file
// (what is in it), encoding.ts, writer.ts, reader.ts and message_body.ts.

import type { ByteBuffer } from "../../core/byte_buffer.ts";
import type { Message } from "../message.ts";
import type { StoredDelivery, StoredWill, StoreWrites } from "../store.ts";

/**
 * The first byte of each operation. Behind it come its fields: numbers as in {@linkcode appendNumber}; a name (of a
 * client or an owner) as a number that counts the names before it, and where it is the first time, as text behind
 * that; a message as {@linkcode MessageReference}.
 */
export const Operation = {
  /** Name, flags (1: expires never, 2: has ended), seconds unless never, end as a float if it has ended. */
  SaveSession: 1,
  /** Name. */
  RemoveSession: 2,
  /** Name, filter, options, identifier. */
  SaveSubscription: 3,
  /** Name, filter. */
  RemoveSubscription: 4,
  /** Name, number, terms, how many identifiers, these, message. */
  Enqueue: 5,
  /** Owner's name, number, client's name, packet identifier. */
  Assign: 6,
  /** Name, packet identifier. */
  Release: 7,
  /** Name, number. */
  Dequeue: 8,
  /** Name, packet identifier. */
  SaveReceived: 9,
  /** Name, packet identifier. */
  RemoveReceived: 10,
  /** Topic, message. */
  Retain: 11,
  /** Topic. */
  Unretain: 12,
  /** Name, delay, expiry and 1, message. */
  SaveWill: 13,
  /** Name. */
  RemoveWill: 14,
  /** Name, first number, last number. */
  Discard: 15,
} as const;

/** What a message begins with, as a number; from `Earlier` on it is an earlier message: the first one that is kept. */
export const MessageReference = {
  /** Its body follows, as a length and bytes. It is kept: other operations may refer to it. */
  Kept: 0,
  /** Its body follows. */
  Once: 1,
  /** There is no body: it is the n-th message that is kept, counted from here. */
  Earlier: 2,
} as const;

/** What carries a message, with something else in its place: the message's bytes as they are kept, for example. */
export type Carrying<T extends { readonly message: Message }, M> =
  & Omit<T, "message">
  & { readonly message: M };

/** Takes the operations of a journal: `StoreWrites`, with the messages in whatever form suits. */
export interface JournalSink<M> extends
  Omit<
    StoreWrites<void>,
    "enqueue" | "retain" | "saveWill"
  > {
  /** Keeps a message that is owed to this owner. */
  enqueue(owner: string, delivery: Carrying<StoredDelivery, M>): void;
  /** Keeps the retained message of a topic, or removes it. */
  retain(topic: string, message: M | undefined): void;
  /** Keeps the client's will, or removes it. */
  saveWill(clientId: string, will: Carrying<StoredWill, M> | undefined): void;
}

/** How messages of one form get into a journal and out of it. */
export interface Bodies<M> {
  /** Whether another operation may refer to this message, so that it is to be found again by its identity. */
  keeps(message: M): boolean;
  /** Appends the length of its body, and the body. */
  append(buffer: ByteBuffer, message: M): void;
  /** Makes the message whose body this is; it may keep `bytes`, and does not stand their being written to. */
  decode(bytes: Uint8Array, start: number, end: number): M;
}

/** The QoS and RETAIN flag of a delivery or a message in one number. */
export function packTerms(of: {
  readonly qos: number;
  readonly retain: boolean;
}): number {
  return of.qos | (of.retain ? 4 : 0);
}

/** The options of a subscription in one number. */
export function packOptions(subscription: {
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: number;
}): number {
  const { qos, noLocal, retainAsPublished, retainHandling } = subscription;
  return qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) |
    retainHandling << 4;
}
