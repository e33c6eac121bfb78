import { DatabaseSync } from "node:sqlite";
import { Corruption } from "./corruption.ts";
import { removeDatabase, sizeOf, syncFile, takePlace } from "./file_names.ts";
import { CURRENT_PLAN, migrate, type MigrationPlan } from "./migrations.ts";
import { COUNTED_TABLES, type RowCounts, SCHEMA } from "./schema.ts";
import { inTransaction, schemaVersion } from "./transaction.ts";

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

/**
 * For a new file, which counts only once it is complete, and is on the disk as a whole then.
 */
const BUILDING = `
${SETTINGS_OF_NEW};
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
`;

/** A database that is open. */
export interface OpenDatabase {
  /** The database, with the tables of this version. */
  readonly database: DatabaseSync;
  /** Whether it was made just now. */
  readonly fresh: boolean;
}

/**
 * Opens the database in this file, makes it where there is none, brings an older one to this version, and leaves a
 * newer version's as it is.
 */
export function openDatabase(
  path: string,
  plan: MigrationPlan = CURRENT_PLAN,
): OpenDatabase {
  const size = sizeOf(path);
  if (size === undefined) {
    if (sizeOf(`${path}-wal`)) {
      throw new Corruption("The file is missing, and its log is there");
    }
    buildDatabase(`${path}.new`, () => {});
    takePlace(`${path}.new`, path);
  } else if (size === 0) throw new Corruption("The file is empty");
  const database = new DatabaseSync(path);
  try {
    const version = schemaVersion(database);
    if (version > plan.version) {
      throw new Error(
        `It was written by a newer version of mailboxqtt (schema ${version}, while this one knows ${plan.version}); start that one, or use another folder`,
      );
    }
    if (version === 0) throw new Corruption("It has no tables of mailboxqtt");
    database.exec(SETTINGS);
    requireLog(path);
    // An older version then sees in the file itself that it is not for it.
    if (migrate(database, plan)) checkpoint(database);
    return { database, fresh: size === undefined };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Where a file says how it is written and read, and what it says of one that has a write-ahead log. */
const VERSIONS_AT = 18;
const WITH_LOG = 2;

/**
 * Requires that the write-ahead log is used. Where the disk answers its pragma with an error, SQLite says that it is, and
 * goes on with a rollback journal, whose commits a power cut may undo. The file tells the truth:
 * https://www.sqlite.org/fileformat2.html#file_format_version_numbers
 */
function requireLog(path: string): void {
  using file = Deno.openSync(path);
  file.seekSync(VERSIONS_AT, Deno.SeekMode.Start);
  const versions = new Uint8Array(2);
  file.readSync(versions);
  if (versions.some((version) => version !== WITH_LOG)) {
    throw new Error("disk I/O error: the write-ahead log cannot be used");
  }
}

/**
 * Makes a database in a new file, with what `fill` puts there, and has all of it on the disk. If that fails, nothing
 * is left.
 */
export function buildDatabase(
  path: string,
  fill: (database: DatabaseSync) => void,
): void {
  removeDatabase(path);
  try {
    const database = new DatabaseSync(path);
    try {
      database.exec(BUILDING);
      inTransaction(database, () => {
        database.exec(SCHEMA);
        fill(database);
      });
      // Now, while nobody relies on the file: a power cut during the change in one that is used leaves SQLite in doubt.
      database.exec("PRAGMA journal_mode = WAL");
    } finally {
      database.close();
    }
    requireLog(path);
    syncFile(path);
  } catch (error) {
    removeDatabase(path);
    throw error;
  }
}

/**
 * Looks at the structure of the database, or of one table.
 *
 * @throws {Error} If it is damaged; see `isCorruption`.
 */
export function quickCheck(database: DatabaseSync, table?: string): void {
  const what = table === undefined ? "1" : `'${table}'`;
  const row = database.prepare(`PRAGMA quick_check(${what})`).get();
  const said = String(row?.quick_check);
  if (said === "ok") return;
  throw new Corruption(said.split("\n").at(-1)!);
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
