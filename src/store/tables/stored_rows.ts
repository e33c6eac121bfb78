import type { DatabaseSync } from "node:sqlite";
import { describeError } from "../../core/errors.ts";
import { inflightChecksum } from "../database/checksum.ts";
import type { DamagedTable } from "./damage.ts";
import { DeliveryRows } from "./delivery_rows.ts";
import { isDatabaseError } from "../database/open_for_reading.ts";
import { prepareRows, readRows, type Row } from "../database/row_pages.ts";
import {
  NO_OWNER,
  ROW_COLUMNS,
  type RowSink,
  VerifiedRows,
  type VerifiedTable,
  WRONG_CHECKSUM,
} from "./verified_rows.ts";

/** A row that is not to be trusted. */
export interface RowProblem {
  /** Its table. */
  readonly table: DamagedTable;
  /** Its rowid; `undefined` where the table cannot be read from there on. */
  readonly row: number | undefined;
  /** What is wrong with it: lower case, no full stop. */
  readonly problem: string;
}

/** What {@linkcode readStoredRows} needs. */
export interface StoredRowsOptions {
  /** Where the rows are, in a transaction of its own. */
  readonly database: DatabaseSync;
  /** Is told what is sound. The first delivery of a shared message has its bytes; `row` numbers these from 1. */
  readonly sink: RowSink;
  /** Is told what is not. */
  readonly problem: (problem: RowProblem) => void;
}

const NOTHING = new Uint8Array(0);

/** What {@linkcode DeliveryRows} takes. */
const COLUMNS = [
  "id",
  "owner",
  "number",
  "terms",
  "identifiers",
  "message",
  "checksum",
  "body",
];

/**
 * Reads all rows of a store one by one, with a `yield` behind each, and looks at their checksums and at what they
 * refer to. Needs memory for the names of owners and for shared messages' numbers, not for what is in them.
 */
export function readStoredRows(options: StoredRowsOptions): Generator<void> {
  return new StoredRows(options).rows();
}

class StoredRows {
  readonly #database: DatabaseSync;
  readonly #sink: RowSink;
  readonly #problem: (problem: RowProblem) => void;
  readonly #sound: VerifiedRows;
  readonly #rows: DeliveryRows;
  #shared = 0;
  /** Owners that are gone, whose deliveries are being removed. */
  readonly #gone: ReadonlySet<number>;
  /** Rowids of deliveries that were not told. */
  readonly #untold = new Set<number>();

  constructor({ database, sink, problem }: StoredRowsOptions) {
    this.#database = database;
    this.#sink = sink;
    this.#problem = problem;
    const gone = database.prepare("SELECT owner FROM purge").all();
    this.#gone = new Set(gone.map(({ owner }) => Number(owner)));
    this.#sound = new VerifiedRows(sink);
    this.#rows = new DeliveryRows(
      database,
      (row) => problem({ table: "message", row, problem: WRONG_CHECKSUM }),
    );
  }

  *rows(): Generator<void> {
    for (
      const table of ["owner", "session", "subscription", "received"] as const
    ) yield* this.#guarded(table, this.#each(table));
    yield* this.#guarded("delivery", this.#deliveries());
    for (const table of ["retained", "will"] as const) {
      yield* this.#guarded(table, this.#each(table));
    }
    yield* this.#guarded("inflight", this.#inflight());
    yield* this.#guarded("message", this.#unreferenced());
  }

  *#each(table: VerifiedTable): Generator<void> {
    const columns = ROW_COLUMNS[table];
    for (const row of readRows(this.#database, { table, columns })) {
      const problem = this.#sound[table](row);
      if (problem !== undefined) {
        this.#problem({ table, row: Number(row[0]), problem });
      }
      yield;
    }
  }

  *#deliveries(): Generator<void> {
    const table = "delivery";
    for (const row of readRows(this.#database, { table, columns: COLUMNS })) {
      const problem = this.#delivery(row);
      if (problem !== undefined) {
        this.#untold.add(Number(row[0]));
        this.#problem({ table, row: Number(row[0]), problem });
      }
      yield;
    }
  }

  /** A table of which a page is damaged may not be readable to its end. */
  *#guarded(table: DamagedTable, rows: Generator<void>): Generator<void> {
    try {
      yield* rows;
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      const problem = `it cannot be read to its end: ${describeError(error)}`;
      this.#problem({ table, row: undefined, problem });
    }
  }

  #delivery(row: Row): string | undefined {
    const owner = Number(row[1]);
    if (this.#gone.has(owner)) return undefined;
    const delivery = this.#rows.decode(row);
    if (delivery === WRONG_CHECKSUM) return delivery;
    const name = this.#sound.ownerName(owner);
    if (name === undefined) return NO_OWNER;
    if (typeof delivery === "string") return delivery;
    const { message } = delivery;
    if (message.shared && message.row === 0) message.row = ++this.#shared;
    this.#sink.enqueue(name, delivery);
    message.bytes = NOTHING;
    return undefined;
  }

  *#inflight(): Generator<void> {
    const rows = prepareRows(
      this.#database,
      `SELECT inflight.delivery, client, packet_id, released, position,
       inflight.checksum, owner, number
       FROM inflight LEFT JOIN delivery ON delivery.id = inflight.delivery
       ORDER BY position`,
    );
    for (const row of rows.iterate()) {
      const problem = this.#assignment(row);
      if (problem !== undefined) {
        this.#problem({ table: "inflight", row: Number(row[0]), problem });
      }
      yield;
    }
  }

  #assignment(row: Row): string | undefined {
    const [delivery, clientId, packetId, released, position, checksum] = row
      .map(Number) as [number, number, number, number, number, number];
    const [owner, number] = row.slice(6);
    if (this.#gone.has(Number(owner))) return undefined;
    const expected = inflightChecksum(
      delivery,
      clientId,
      packetId,
      released !== 0,
      position,
    );
    if (checksum !== expected) return WRONG_CHECKSUM;
    if (owner === null) return "its delivery is missing";
    if (this.#untold.has(delivery)) return "its delivery is damaged";
    const client = this.#sound.client(clientId);
    const ownerName = this.#sound.ownerName(Number(owner));
    if (client === undefined || ownerName === undefined) return NO_OWNER;
    this.#sink.assign(ownerName, Number(number), client, packetId);
    if (released !== 0) this.#sink.release(client, packetId);
    return undefined;
  }

  *#unreferenced(): Generator<void> {
    const rows = prepareRows(
      this.#database,
      `SELECT id FROM message WHERE NOT EXISTS
       (SELECT 1 FROM delivery WHERE delivery.message = message.id)`,
    );
    for (const [id] of rows.iterate()) {
      const problem = "no delivery refers to it";
      this.#problem({ table: "message", row: Number(id), problem });
      yield;
    }
  }
}
