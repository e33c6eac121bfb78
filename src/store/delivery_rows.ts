import type { DatabaseSync } from "node:sqlite";
import { deliveryChecksum } from "./checksum.ts";
import type { Damage } from "./damage.ts";
import { messageChecksum } from "./delivery_tables.ts";
import { EncodingReader } from "./encoding.ts";
import type { Carrying } from "./journal.ts";
import { unpackQos, unpackRetain } from "./journal_reader.ts";
import { StoredBody } from "./message_body.ts";
import type { Row } from "./row_pages.ts";
import { NO_IDENTIFIERS, type StoredDelivery } from "./store.ts";

/** What {@linkcode DeliveryRows.decode} takes, in this order. */
export const DELIVERY_COLUMNS =
  `delivery.id, owner, number, terms, identifiers, message, delivery.checksum,
   body`;

/** Makes deliveries of rows, if these are to be trusted, and notes damaged messages. */
export class DeliveryRows {
  readonly #damage: Damage;
  readonly #selectMessage;
  /** Shared messages; `undefined` for the damaged ones. */
  readonly #messages = new Map<number, StoredBody | undefined>();

  /** Reads shared messages from this database. */
  constructor(database: DatabaseSync, damage: Damage) {
    this.#damage = damage;
    this.#selectMessage = database.prepare(
      "SELECT body, checksum FROM message WHERE id = ?",
    );
  }

  /** Forgets the shared messages, and what is known of them. */
  clear(): void {
    this.#messages.clear();
  }

  /** The delivery in a row of {@linkcode DELIVERY_COLUMNS}; `undefined` where it is damaged. */
  decode(row: Row): Carrying<StoredDelivery, StoredBody> | undefined {
    const [_id, owner, number, terms, identifiers, shared, checksum, body] =
      row as [
        number,
        number,
        number,
        number,
        Uint8Array | null,
        number | null,
        number,
        Uint8Array | null,
      ];
    if (!isBytes(identifiers) || !isBytes(body)) return undefined;
    const expected = deliveryChecksum(
      owner,
      number,
      terms,
      identifiers,
      shared,
      body,
    );
    if (checksum !== expected) return undefined;
    const message = body === null
      ? this.#message(shared)
      : new StoredBody(body, false);
    if (message === undefined) return undefined;
    return {
      number,
      qos: unpackQos(terms),
      retain: unpackRetain(terms),
      identifiers: identifiers === null
        ? NO_IDENTIFIERS
        : unpackIdentifiers(identifiers),
      message,
    };
  }

  #message(id: number | null): StoredBody | undefined {
    if (id === null) return undefined;
    if (this.#messages.has(id)) return this.#messages.get(id);
    const row = this.#selectMessage.get(id);
    let message: StoredBody | undefined;
    if (row !== undefined) {
      const { body, checksum } = row;
      if (
        body instanceof Uint8Array && checksum === messageChecksum(id, body)
      ) message = new StoredBody(body, true);
      else this.#damage.add("message", id);
    }
    this.#messages.set(id, message);
    return message;
  }
}

/** Whether a value is of the kind that the column is to hold. */
function isBytes(value: unknown): boolean {
  return value === null || value instanceof Uint8Array;
}

/** Subscription identifiers as a delivery has them. */
export function unpackIdentifiers(bytes: Uint8Array): number[] {
  const from = new EncodingReader(bytes);
  const identifiers: number[] = [];
  while (from.at < from.end) identifiers.push(from.number());
  return identifiers;
}
