// How writes travel from the broker's thread to the Store's: operations one after the other in one buffer. Read this file
// (what is in it), encoding.ts, writer.ts, reader.ts and message_body.ts.

import type { ByteBuffer } from "../../core/byte_buffer.ts";
import type { Message } from "../message.ts";
import type { StoredDelivery, StoredWill, StoreWrites } from "../store.ts";

/**
 * The first byte of each operation, and the fields behind it, which journal_layout_test.ts reads here and holds against
 * the bytes. A number is written as `appendNumber` does, a float and a text by their namesakes. A name, of a client or an
 * owner, is a number that counts the names before it; where the name is new its text follows. A message begins with a
 * {@linkcode MessageReference}.
 */
export const Operation = {
  /**
   * name, number flags, number seconds unless flags & 1, float end if flags & 2, text user if flags & 4.
   * Flags: 1 never expires, 2 has ended, 4 belongs to a user.
   */
  SaveSession: 1,
  /** name. */
  RemoveSession: 2,
  /** name, text filter, number options, number identifier. */
  SaveSubscription: 3,
  /** name, text filter. */
  RemoveSubscription: 4,
  /** name, number, number terms, number count, number identifier times count, message. */
  Enqueue: 5,
  /** name owner, number, name client, number packetId. */
  Assign: 6,
  /** name, number packetId. */
  Release: 7,
  /** name, number. */
  Dequeue: 8,
  /** name, number packetId. */
  SaveReceived: 9,
  /** name, number packetId. */
  RemoveReceived: 10,
  /** text topic, message. */
  Retain: 11,
  /** text topic. */
  Unretain: 12,
  /**
   * name, number delay, number expiry, message, number owned, text user if owned & 1.
   * The expiry interval is written as 1 more than it is.
   */
  SaveWill: 13,
  /** name. */
  RemoveWill: 14,
  /** name, number first, number last. */
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
