import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { describeError, StartError } from "../../core/errors.ts";
import { chooseDatabase, DATABASE_FILE } from "./choice.ts";
import { sizeOf } from "./file_names.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { schemaVersion } from "./transaction.ts";

/** The files of the store in a folder. */
export interface StoreFiles {
  /** The database. */
  readonly database: string;
  /** Its write-ahead log, which is there while a broker runs, or after one was killed. */
  readonly log: string;
  /** The schema of a newer version's store beside it, if there is one. */
  readonly newer: number | undefined;
}

/** The files of this version's store in a folder, if there is one, or of the one that is to be made there. */
export function storeFiles(folder: string): StoreFiles {
  const { path: database, newer } = sizeOf(folder) === undefined
    ? { path: `${folder}/${DATABASE_FILE}`, newer: undefined }
    : chooseDatabase(folder);
  return { database, log: `${database}-wal`, newer };
}

/**
 * Requires that there is a store in a folder, and returns its files. `attempt` begins the sentence for whoever names
 * another folder: "Cannot read the store in /var/lib/mailboxqtt".
 *
 * @throws {StartError} If there is none.
 */
export function findStore(folder: string, attempt: string): StoreFiles {
  try {
    if (sizeOf(folder) === undefined) {
      throw new StartError(`${attempt}: there is no such folder`);
    }
    const files = storeFiles(folder);
    if ((sizeOf(files.database) ?? 0) === 0) {
      throw new StartError(
        files.newer === undefined
          ? `${attempt}: there is no store in this folder`
          : `${attempt}: ${newerVersion(files.newer)}`,
      );
    }
    return files;
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${attempt}: ${describeError(error)}`);
  }
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
        ? newerVersion(version)
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

function newerVersion(schema: number): string {
  return `it was written by a newer version of mailboxqtt (schema ${schema}, while this one knows ${SCHEMA_VERSION})`;
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
    if (sizeOf(log) !== undefined) throw error;
    const url = pathToFileURL(path);
    url.search = "immutable=1";
    return new DatabaseSync(url, { readOnly: true });
  }
}
