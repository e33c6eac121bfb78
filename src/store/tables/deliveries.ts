import type { DatabaseSync } from "node:sqlite";
import { ByteBuffer } from "../../core/byte_buffer.ts";
import {
  bytesChecksum,
  deliveryChecksum,
  inflightChecksum,
  mixChecksum,
} from "../database/checksum.ts";
import { appendNumber } from "../journal/encoding.ts";
import { type Carrying, packTerms } from "../journal/journal.ts";
import type { StoredBody } from "../journal/message_body.ts";
import type { Purge } from "./purge.ts";
import type { StoredDelivery } from "../store.ts";

/** To whom a delivery goes, in numbers. */
export interface AssignmentRow {
  /** The client, by its number in `owner`. */
  readonly client: number;
  /** The packet identifier. */
  readonly packetId: number;
  /** Whether PUBREC came. */
  readonly released: boolean;
  /** Its place in the order of all assignments. */
  readonly position: number;
}

/** The checksum of a row of `message`. */
export function messageChecksum(id: number, body: Uint8Array): number {
  return mixChecksum(bytesChecksum(body), id);
}

/** The tables of what is owed, and to whom it went. */
export class DeliveryTables {
  readonly #insertMessage;
  readonly #insertDelivery;
  readonly #findDelivery;
  readonly #insertInflight;
  readonly #removeInflight;
  readonly #release;
  readonly #removeRange;
  readonly #discard;
  readonly #purge: Purge;
  readonly #removeClient;
  #nextMessage: number;
  #nextDelivery: number;
  /** The place of the next assignment in the order of all. */
  nextPosition: number;

  /** Prepares what it needs of this database. */
  constructor(database: DatabaseSync, purge: Purge) {
    this.#purge = purge;
    const prepare = (statement: string) => database.prepare(statement);
    this.#insertMessage = prepare("INSERT INTO message VALUES (?, ?, ?)");
    this.#insertDelivery = prepare(
      "INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#findDelivery = prepare(
      "SELECT id, terms & 3 AS qos FROM delivery WHERE owner = ? AND number = ?",
    );
    this.#insertInflight = prepare(
      "INSERT OR REPLACE INTO inflight VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#removeInflight = prepare("DELETE FROM inflight WHERE delivery = ?");
    this.#release = prepare(
      `UPDATE inflight SET released = 1, checksum = checksum | 1
       WHERE by_client = 1 AND client = ? AND packet_id = ?`,
    );
    this.#removeRange = [
      `DELETE FROM inflight WHERE delivery IN (SELECT id FROM delivery
       WHERE owner = ? AND number BETWEEN ? AND ?)`,
      "DELETE FROM delivery WHERE owner = ? AND number BETWEEN ? AND ?",
    ].map(prepare);
    this.#discard = prepare(
      `DELETE FROM delivery WHERE owner = ? AND number BETWEEN ? AND ?
       AND NOT EXISTS (SELECT 1 FROM inflight WHERE delivery = delivery.id)`,
    );
    this.#removeClient = prepare(
      "DELETE FROM inflight WHERE by_client = 1 AND client = ?",
    );
    const last = prepare(
      `SELECT (SELECT max(id) FROM message) AS message,
       (SELECT max(id) FROM delivery) AS delivery,
       (SELECT max(position) FROM inflight) AS position`,
    ).get();
    this.#nextMessage = Number(last?.message ?? 0) + 1;
    this.#nextDelivery = Number(last?.delivery ?? 0) + 1;
    this.nextPosition = Number(last?.position ?? 0) + 1;
  }

  /** Keeps a delivery, and to whom it went if it did. */
  insert(
    owner: number,
    delivery: Carrying<StoredDelivery, StoredBody>,
    assignment: AssignmentRow | undefined,
  ): void {
    const { number, message, qos } = delivery;
    const id = this.#nextDelivery++;
    const terms = packTerms(delivery);
    const identifiers = packIdentifiers(delivery.identifiers);
    const size = message.bytes.length;
    const shared = message.uses > 1 ? this.#share(message) : null;
    const body = shared === null ? message.bytes : null;
    this.#insertDelivery.run(
      id,
      owner,
      number,
      terms,
      identifiers,
      shared,
      size,
      body,
      deliveryChecksum(owner, number, terms, identifiers, shared, body),
    );
    if (assignment === undefined) return;
    this.#assign(id, assignment, qos === 2 || owner !== assignment.client);
  }

  /** Notes to whom a delivery goes that was kept before; `undefined` for nobody. */
  assign(
    owner: number,
    number: number,
    assignment: AssignmentRow | undefined,
  ): void {
    const row = this.#findDelivery.get(owner, number);
    if (row === undefined) return;
    const id = Number(row.id);
    if (assignment === undefined) this.#removeInflight.run(id);
    else {this.#assign(
        id,
        assignment,
        row.qos === 2 || owner !== assignment.client,
      );}
  }

  /** Notes that PUBREC came, for a QoS 2 delivery that was assigned before. */
  release(client: number, packetId: number): void {
    this.#release.run(client, packetId);
  }

  /** Forgets the deliveries of an owner with these numbers, both included. */
  remove(owner: number, first: number, last: number): void {
    for (const removal of this.#removeRange) removal.run(owner, first, last);
  }

  /** Forgets those of them that went to nobody. */
  discard(owner: number, first: number, last: number): void {
    this.#discard.run(owner, first, last);
  }

  /** Forgets all that is owed to a session; what shared groups gave it went to nobody. */
  removeSession(owner: number): void {
    this.#purge.begin(owner);
    this.#removeClient.run(owner);
  }

  #share(message: StoredBody): number {
    if (message.row === 0) {
      message.row = this.#nextMessage++;
      const checksum = messageChecksum(message.row, message.bytes);
      this.#insertMessage.run(message.row, message.bytes, checksum);
    }
    return message.row;
  }

  #assign(id: number, assignment: AssignmentRow, byClient: boolean): void {
    const { client, packetId, released, position } = assignment;
    this.#insertInflight.run(
      id,
      client,
      packetId,
      released ? 1 : 0,
      position,
      byClient ? 1 : 0,
      inflightChecksum(id, client, packetId, released, position),
    );
  }
}

/** Subscription identifiers as they are kept. */
function packIdentifiers(identifiers: readonly number[]): Uint8Array | null {
  if (identifiers.length === 0) return null;
  const buffer = new ByteBuffer();
  for (const identifier of identifiers) appendNumber(buffer, identifier);
  return buffer.take();
}
