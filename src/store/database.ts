import { DatabaseSync } from "node:sqlite";
import {
  COUNTED_TABLES,
  type RowCounts,
  SCHEMA,
  SCHEMA_VERSION,
} from "./schema.ts";

/**
 * The WAL goes into the database at every so many pages (16 MiB): a message that is delivered until then is only ever
 * written to the WAL.
 */
export const CHECKPOINT_PAGES = 4096;

/** Pages that are given back to the file system at a time: half a MiB, which must first go through the WAL. */
const PAGES_GIVEN_BACK = 128;

/** What a database is made with: pages that it no longer needs can be given back to the file system. */
export const SETTINGS_OF_NEW = "PRAGMA auto_vacuum = INCREMENTAL";

/** WAL with an fsync for each commit. */
const SETTINGS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
PRAGMA journal_size_limit = 33554432;
PRAGMA cache_size = -8192;
PRAGMA temp_store = MEMORY;
PRAGMA busy_timeout = 5000;
`;

/** A database that is open. */
export interface OpenDatabase {
  /** The database, with the tables of this version. */
  readonly database: DatabaseSync;
  /** Whether it was made just now. */
  readonly fresh: boolean;
}

/** Opens the database in this file, makes it where there is none, and leaves a newer version's as it is. */
export function openDatabase(path: string): OpenDatabase {
  const database = new DatabaseSync(path);
  try {
    const version = pragma(database, "user_version");
    if (version > SCHEMA_VERSION) {
      throw new Error(
        `It was written by a newer version of mailboxqtt (schema ${version}, while this one knows ${SCHEMA_VERSION}); start that one, or use another folder`,
      );
    }
    const fresh = version === 0;
    if (fresh) database.exec(SETTINGS_OF_NEW);
    database.exec(SETTINGS);
    if (fresh) inTransaction(database, () => database.exec(SCHEMA));
    return { database, fresh };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Does all of it or nothing. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    // Some errors have rolled it back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** How many rows there are. */
export function countRows(database: DatabaseSync): RowCounts {
  const counts: Partial<RowCounts> = {};
  for (const table of COUNTED_TABLES) {
    const gone = table === "delivery"
      ? "WHERE owner NOT IN (SELECT owner FROM purge)"
      : "";
    const row = database.prepare(`SELECT count(*) AS n FROM ${table} ${gone}`)
      .get();
    counts[table] = Number(row!.n);
  }
  return counts as RowCounts;
}

/** The WAL goes into the database, all of it. */
export function checkpoint(database: DatabaseSync): void {
  const row = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
  if (Number(row!.busy) !== 0) throw new Error("database is locked");
}

/** Gives some pages that are not needed back to the file system; says whether there are more. */
export function giveBack(database: DatabaseSync): boolean {
  const free = pragma(database, "freelist_count");
  if (free > 0) {
    // One step of it gives one page back; exec() does no more than one.
    database.prepare(`PRAGMA incremental_vacuum(${PAGES_GIVEN_BACK})`).all();
  }
  checkpoint(database);
  return free > PAGES_GIVEN_BACK;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()![name]);
}
