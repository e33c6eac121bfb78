import type { DatabaseSync } from "node:sqlite";
import { getOrMake } from "../../core/get_or_make.ts";

/** The tables whose rows can be set aside; messages first, since they go with their last delivery. */
export const DAMAGEABLE_TABLES = [
  "message",
  "delivery",
  "inflight",
  "owner",
  "session",
  "subscription",
  "received",
  "retained",
  "will",
] as const;

/** One of {@linkcode DAMAGEABLE_TABLES}. */
export type DamagedTable = typeof DAMAGEABLE_TABLES[number];

/** Rows that are not to be trusted: found while reading, set aside afterwards. */
export class Damage {
  readonly #rows = new Map<DamagedTable, Set<number>>();
  #count = 0;

  /** How many rows there are. */
  get count(): number {
    return this.#count;
  }

  /** Notes a row, by its rowid. */
  add(table: DamagedTable, rowid: number): void {
    const rows = getOrMake(this.#rows, table, () => new Set());
    if (rows.has(rowid)) return;
    rows.add(rowid);
    this.#count++;
  }

  /** Whether this row was noted. */
  has(table: DamagedTable, rowid: number): boolean {
    return this.#rows.get(table)?.has(rowid) ?? false;
  }

  /** Moves the rows to the table `damaged`. To be called in a transaction. */
  setAside(database: DatabaseSync, now: number): void {
    const keep = database.prepare(
      "INSERT INTO damaged (found_at, origin, content) VALUES (?, ?, ?)",
    );
    for (const table of DAMAGEABLE_TABLES) {
      const rows = this.#rows.get(table);
      if (rows === undefined) continue;
      const select = database.prepare(
        table === "delivery"
          ? `SELECT delivery.*, message.body AS shared FROM delivery
             LEFT JOIN message ON message.id = message WHERE delivery.id = ?`
          : `SELECT * FROM ${table} WHERE rowid = ?`,
      );
      const remove = database.prepare(`DELETE FROM ${table} WHERE rowid = ?`);
      for (const rowid of rows) {
        const row = select.get(rowid);
        if (row === undefined) continue;
        keep.run(now, table, JSON.stringify(row, readableJson));
        remove.run(rowid);
      }
    }
  }
}

/** For `JSON.stringify`: bytes as hexadecimal digits, and numbers of any size. */
export function readableJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? value.toHex() : value;
}
