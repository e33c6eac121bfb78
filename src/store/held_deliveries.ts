import type { DatabaseSync } from "node:sqlite";
import { deliveryChecksum, inflightChecksum } from "./checksum.ts";
import type { Damage } from "./damage.ts";
import { messageChecksum } from "./delivery_tables.ts";
import { EncodingReader } from "./encoding.ts";
import { unpackQos, unpackRetain } from "./journal_reader.ts";
import type { JournalWriter } from "./journal_writer.ts";
import { StoredBody } from "./message_body.ts";
import { prepareRows, readRows, type Row } from "./row_pages.ts";
import { NO_IDENTIFIERS } from "./store.ts";

/** What {@linkcode HeldDeliveries} needs. */
export interface HeldDeliveriesOptions {
  /** Where the rows are. */
  readonly database: DatabaseSync;
  /** Where damaged rows are noted. */
  readonly damage: Damage;
  /** Where the others are told. */
  readonly journal: JournalWriter<StoredBody>;
  /** The name of an owner by its number, if it was told. */
  readonly owner: (id: number) => string | undefined;
  /** The name of a client by its number, if its session was told. */
  readonly client: (id: number) => string | undefined;
}

/** Tells what is owed, in the order in which it became so, and to whom it went. */
export class HeldDeliveries {
  /** Deliveries told. */
  told = 0;
  readonly #options: HeldDeliveriesOptions;
  readonly #selectMessage;
  /** Shared messages; `undefined` for the damaged ones. */
  readonly #messages = new Map<number, StoredBody | undefined>();

  /** Tells with these. */
  constructor(options: HeldDeliveriesOptions) {
    this.#options = options;
    this.#selectMessage = options.database.prepare(
      "SELECT body, checksum FROM message WHERE id = ?",
    );
  }

  /** Tells row by row. */
  *rows(): Generator<void> {
    const { database, damage } = this.#options;
    const columns = [
      "id",
      "owner",
      "number",
      "terms",
      "identifiers",
      "message",
      "checksum",
      "body",
    ];
    for (const row of readRows(database, { table: "delivery", columns })) {
      if (this.#delivery(row)) this.told++;
      else damage.add("delivery", Number(row[0]));
      yield;
    }
    this.#messages.clear();
    const inflight = prepareRows(
      database,
      `SELECT inflight.delivery, client, packet_id, released, position,
       inflight.checksum, owner, number
       FROM inflight LEFT JOIN delivery ON delivery.id = inflight.delivery
       ORDER BY position`,
    );
    for (const row of inflight.iterate()) {
      if (!this.#inflight(row)) damage.add("inflight", Number(row[0]));
      yield;
    }
  }

  #delivery(row: Row): boolean {
    const [_id, ownerId, number, terms, identifiers, shared, checksum, body] =
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
    const owner = this.#options.owner(ownerId);
    if (owner === undefined) return false;
    if (!isBytes(identifiers) || !isBytes(body)) return false;
    const expected = deliveryChecksum(
      ownerId,
      number,
      terms,
      identifiers,
      shared,
      body,
    );
    if (checksum !== expected) return false;
    const message = body === null
      ? this.#message(shared)
      : new StoredBody(body, false);
    if (message === undefined) return false;
    this.#options.journal.enqueue(owner, {
      number,
      qos: unpackQos(terms),
      retain: unpackRetain(terms),
      identifiers: identifiers === null
        ? NO_IDENTIFIERS
        : unpackIdentifiers(identifiers),
      message,
    });
    return true;
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
      else this.#options.damage.add("message", id);
    }
    this.#messages.set(id, message);
    return message;
  }

  #inflight(row: Row): boolean {
    const [delivery, clientId, packetId, released, position, checksum] =
      row as number[] as [number, number, number, number, number, number];
    const [owner, number] = row.slice(6);
    const { damage, journal } = this.#options;
    const client = this.#options.client(clientId);
    const ownerName = this.#options.owner(Number(owner));
    if (client === undefined || ownerName === undefined) return false;
    if (damage.has("delivery", delivery)) return false;
    const expected = inflightChecksum(
      delivery,
      clientId,
      packetId,
      released !== 0,
      position,
    );
    if (checksum !== expected) return false;
    journal.assign(ownerName, Number(number), client, packetId);
    if (released !== 0) journal.release(client, packetId);
    return true;
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
