import type { DatabaseSync } from "node:sqlite";
import { deliveryChecksum } from "../database/checksum.ts";
import { messageChecksum } from "./deliveries.ts";
import { EncodingReader } from "../journal/encoding.ts";
import type { Carrying } from "../journal/journal.ts";
import { unpackQos, unpackRetain } from "../journal/reader.ts";
import { StoredBody } from "../journal/message_body.ts";
import type { Row } from "../database/row_pages.ts";
import { WRONG_CHECKSUM } from "./verified_rows.ts";
import { NO_IDENTIFIERS, type StoredDelivery } from "../store.ts";

/** What {@linkcode DeliveryRows.decode} takes, in this order. */
export const DELIVERY_COLUMNS =
  `delivery.id, owner, number, terms, identifiers, message, delivery.checksum,
   body`;

/** Makes deliveries of rows, if these are to be trusted, and notes damaged messages. */
export class DeliveryRows {
  readonly #onDamaged: (message: number) => void;
  readonly #selectMessage;
  /** Shared messages; `undefined` for the damaged ones. */
  readonly #messages = new Map<number, StoredBody | undefined>();

  /** Reads shared messages from this database; `onDamaged` is told the rowids of those that are damaged. */
  constructor(database: DatabaseSync, onDamaged: (message: number) => void) {
    this.#onDamaged = onDamaged;
    this.#selectMessage = database.prepare(
      "SELECT body, checksum FROM message WHERE id = ?",
    );
  }

  /** Forgets the shared messages, and what is known of them. */
  clear(): void {
    this.#messages.clear();
  }

  /** The delivery in a row of {@linkcode DELIVERY_COLUMNS}, or what is wrong with it. */
  decode(row: Row): Carrying<StoredDelivery, StoredBody> | string {
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
    if (!isBytes(identifiers) || !isBytes(body)) return WRONG_CHECKSUM;
    const expected = deliveryChecksum(
      owner,
      number,
      terms,
      identifiers,
      shared,
      body,
    );
    if (checksum !== expected) return WRONG_CHECKSUM;
    const message = body === null
      ? this.#message(shared)
      : new StoredBody(body, false);
    if (message === undefined) return "its message is missing or damaged";
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
      else this.#onDamaged(id);
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
function unpackIdentifiers(bytes: Uint8Array): number[] {
  const from = new EncodingReader(bytes);
  const identifiers: number[] = [];
  while (from.at < from.end) identifiers.push(from.number());
  return identifiers;
}
