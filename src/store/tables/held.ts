import type { DatabaseSync } from "node:sqlite";
import type { Damage } from "./damage.ts";
import { HeldDeliveries } from "./held_deliveries.ts";
import { JournalWriter } from "../journal/writer.ts";
import { STORED_BODIES } from "../journal/message_body.ts";
import type { Purge } from "./purge.ts";
import { readRows } from "../database/row_pages.ts";
import type { RowCounts } from "../database/schema.ts";
import {
  ROW_COLUMNS,
  VerifiedRows,
  type VerifiedTable,
} from "./verified_rows.ts";

/** Pieces are handed over from this size on: a little below that of the buffer behind them, which doubles. */
const PIECE = 1024 * 1024 - 16 * 1024;

/**
 * Reads what a database holds but for backlogs, in the order that `Store.open` promises, as one journal in pieces of
 * about 1 MiB. Rows whose checksum is wrong, and what belongs to them, are not told but noted.
 */
export class Held {
  /** Rows told, by table. */
  readonly told: Omit<RowCounts, "delivery"> = {
    session: 0,
    subscription: 0,
    retained: 0,
    will: 0,
  };
  readonly #database: DatabaseSync;
  readonly #damage: Damage;
  readonly #purge: Purge;
  readonly #journal = new JournalWriter(STORED_BODIES);
  readonly #sound = new VerifiedRows(this.#journal);

  /** Reads this database, and notes damage there. */
  constructor(database: DatabaseSync, damage: Damage, purge: Purge) {
    this.#database = database;
    this.#purge = purge;
    this.#damage = damage;
  }

  /** What it holds. Nothing may be written until the last piece is taken. */
  *pieces(): Generator<Uint8Array<ArrayBuffer>> {
    for (const _row of this.#rows()) {
      if (this.#journal.length >= PIECE) yield this.#journal.take();
    }
    if (this.#journal.length > 0) yield this.#journal.take();
  }

  *#rows(): Generator<void> {
    for (
      const table of ["owner", "session", "subscription", "received"] as const
    ) yield* this.#each(table);
    const deliveries = new HeldDeliveries({
      database: this.#database,
      damage: this.#damage,
      purge: this.#purge,
      journal: this.#journal,
      owner: (id) => this.#sound.ownerName(id),
      client: (id) => this.#sound.client(id),
    });
    yield* deliveries.rows();
    for (const table of ["retained", "will"] as const) {
      yield* this.#each(table);
    }
  }

  /** Tells the rows of a table that are to be trusted, and notes the others. */
  *#each(table: VerifiedTable): Generator<void> {
    const columns = ROW_COLUMNS[table];
    for (const row of readRows(this.#database, { table, columns })) {
      if (this.#sound[table](row) !== undefined) {
        this.#damage.add(table, Number(row[0]));
      } else if (table in this.told) {
        this.told[table as keyof typeof this.told]++;
      }
      yield;
    }
  }
}
