import type { DatabaseSync } from "node:sqlite";
import { inflightChecksum } from "../database/checksum.ts";
import type { Damage } from "./damage.ts";
import { DELIVERY_COLUMNS, DeliveryRows } from "./delivery_rows.ts";
import type { JournalWriter } from "../journal/writer.ts";
import type { StoredBody } from "../journal/message_body.ts";
import type { Purge } from "./purge.ts";
import { prepareRows, type Row } from "../database/row_pages.ts";

/** What {@linkcode HeldDeliveries} needs. */
export interface HeldDeliveriesOptions {
  /** Where the rows are. */
  readonly database: DatabaseSync;
  /** Where damaged rows are noted. */
  readonly damage: Damage;
  /** Where the others are told. */
  readonly journal: JournalWriter<StoredBody>;
  /** Owners that are gone. */
  readonly purge: Purge;
  /** The name of an owner by its number, if it was told. */
  readonly owner: (id: number) => string | undefined;
  /** The name of a client by its number, if its session was told. */
  readonly client: (id: number) => string | undefined;
}

/** Tells the deliveries that went to somebody, in that order; notes those whose owner is not known. */
export class HeldDeliveries {
  readonly #options: HeldDeliveriesOptions;
  readonly #rows: DeliveryRows;

  /** Tells with these. */
  constructor(options: HeldDeliveriesOptions) {
    this.#options = options;
    const { database, damage } = options;
    this.#rows = new DeliveryRows(
      database,
      (message) => damage.add("message", message),
    );
  }

  /** Tells row by row. */
  *rows(): Generator<void> {
    yield* this.#orphans();
    const inflight = prepareRows(
      this.#options.database,
      `SELECT inflight.delivery, client, packet_id, released, position,
       inflight.checksum, ${DELIVERY_COLUMNS}
       FROM inflight LEFT JOIN delivery ON delivery.id = inflight.delivery
       ORDER BY position`,
    );
    for (const row of inflight.iterate()) {
      if (!this.#inflight(row)) {
        this.#options.damage.add("inflight", Number(row[0]));
      }
      yield;
    }
    this.#rows.clear();
  }

  *#orphans(): Generator<void> {
    const { database, damage, owner, purge } = this.#options;
    const owners = prepareRows(
      database,
      "SELECT DISTINCT owner FROM delivery",
    ).all();
    const deliveries = prepareRows(
      database,
      "SELECT id FROM delivery WHERE owner = ?",
    );
    for (const [id] of owners) {
      if (owner(Number(id)) !== undefined || purge.has(Number(id))) continue;
      for (const [delivery] of deliveries.iterate(Number(id))) {
        damage.add("delivery", Number(delivery));
        yield;
      }
    }
  }

  #inflight(row: Row): boolean {
    const [delivery, clientId, packetId, released, position, checksum] =
      row as number[] as [number, number, number, number, number, number];
    const { damage, journal, purge } = this.#options;
    const client = this.#options.client(clientId);
    const deliveryRow = row.slice(6);
    if (purge.has(Number(deliveryRow[1]))) return true;
    const owner = this.#options.owner(Number(deliveryRow[1]));
    if (client === undefined || owner === undefined) return false;
    const expected = inflightChecksum(
      delivery,
      clientId,
      packetId,
      released !== 0,
      position,
    );
    if (checksum !== expected) return false;
    const told = this.#rows.decode(deliveryRow);
    if (typeof told === "string") {
      damage.add("delivery", delivery);
      return false;
    }
    journal.enqueue(owner, told);
    journal.assign(owner, told.number, client, packetId);
    if (released !== 0) journal.release(client, packetId);
    return true;
  }
}
