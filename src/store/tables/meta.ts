import type { DatabaseSync } from "node:sqlite";
import { rowChecksum } from "../database/checksum.ts";
import type { MeterRecord } from "../meter.ts";
import type { KeptTime } from "./service_time.ts";
import type { RowCounts } from "../database/schema.ts";

/** What a clean end leaves: what must be there at the next start. */
export interface ClosingRecord {
  /** The last batch that was committed. */
  readonly batch: number;
  /** Rows by table. */
  readonly rows: RowCounts;
}

/** What there is by key. */
export interface MetaValues {
  /** The clocks, when they were noted last. */
  readonly clock: KeptTime;
  /** How the broker ended; nothing while it runs, or where it did not end by itself. */
  readonly closing: ClosingRecord;
  /** What was written, as of the time at which the clocks were noted. */
  readonly meter: MeterRecord;
}

/** The table of what is known of the whole. */
export class MetaTable {
  readonly #select;
  readonly #save;
  readonly #remove;

  /** Prepares what it needs of this database. */
  constructor(database: DatabaseSync) {
    this.#select = database.prepare(
      "SELECT value, checksum FROM meta WHERE key = ?",
    );
    this.#save = database.prepare(
      "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)",
    );
    this.#remove = database.prepare("DELETE FROM meta WHERE key = ?");
  }

  /** What is known under this key; `undefined` where nothing is, or where it is damaged. */
  get<K extends keyof MetaValues>(key: K): MetaValues[K] | undefined {
    const row = this.#select.get(key);
    if (row === undefined) return undefined;
    const { value, checksum } = row;
    if (checksum !== rowChecksum(key, String(value))) return undefined;
    return JSON.parse(String(value));
  }

  /** Keeps that. */
  save<K extends keyof MetaValues>(key: K, value: MetaValues[K]): void {
    const text = JSON.stringify(value);
    this.#save.run(key, text, rowChecksum(key, text));
  }

  /** Forgets what is known under this key. */
  remove(key: keyof MetaValues): void {
    this.#remove.run(key);
  }
}
