import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { describeError, StartError } from "../core/errors.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { DATABASE_FILE } from "./sqlite_store.ts";

/** The files of the store in a folder. */
export interface StoreFiles {
  /** The database. */
  readonly database: string;
  /** Its write-ahead log, which is there while a broker runs, or after one was killed. */
  readonly log: string;
}

/** The files of the store in this folder, in which there is one. */
export function storeFiles(folder: string): StoreFiles {
  const database = `${folder}/${DATABASE_FILE}`;
  return { database, log: `${database}-wal` };
}

/** How many bytes a file has; `undefined` where there is none. */
export function fileSize(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Requires that there is a store in a folder, and returns its files. `attempt` begins the sentence for whoever names
 * another folder: "Cannot read the store in /var/lib/mailboxqtt".
 *
 * @throws {StartError} If there is none.
 */
export function findStore(folder: string, attempt: string): StoreFiles {
  const files = storeFiles(folder);
  try {
    if (fileSize(folder) === undefined) {
      throw new StartError(`${attempt}: there is no such folder`);
    }
    if ((fileSize(files.database) ?? 0) === 0) {
      throw new StartError(`${attempt}: there is no store in this folder`);
    }
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${attempt}: ${describeError(error)}`);
  }
  return files;
}

/**
 * Opens the store in a folder to read all of it as it is at one moment, also beside a running broker, which does not
 * wait for it. Nothing in the store is changed.
 *
 * @throws {StartError} If there is none, or it cannot be read.
 */
export function openForReading(folder: string): DatabaseSync {
  const attempt = `Cannot read the store in ${folder}`;
  const { database: path, log } = findStore(folder, attempt);
  let database: DatabaseSync | undefined;
  try {
    database = open(path, log);
    database.exec("PRAGMA busy_timeout = 5000; BEGIN");
    const version = schemaVersion(database);
    if (version === SCHEMA_VERSION) return database;
    throw new Error(
      version > SCHEMA_VERSION
        ? `it was written by a newer version of mailboxqtt (schema ${version}, while this one knows ${SCHEMA_VERSION})`
        : `it is of an older version (schema ${version}): start the broker on it once, which brings it up to date`,
    );
  } catch (error) {
    database?.close();
    throw new StartError(`${attempt}: ${describeError(error)}`);
  }
}

/** Whether an error is the database's: its file is damaged, for example. */
export function isDatabaseError(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === "ERR_SQLITE_ERROR";
}

/** The version of a database's tables. */
export function schemaVersion(database: DatabaseSync): number {
  const row = database.prepare("PRAGMA user_version").get()!;
  return Number(row.user_version);
}

function open(path: string, log: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    schemaVersion(database);
    return database;
  } catch (error) {
    database.close();
    // Who reads a log must write to the file beside it. Where that cannot be, nobody else writes here either, and
    // without a log all is in the database.
    if (fileSize(log) !== undefined) throw error;
    const url = pathToFileURL(path);
    url.search = "immutable=1";
    return new DatabaseSync(url, { readOnly: true });
  }
}
