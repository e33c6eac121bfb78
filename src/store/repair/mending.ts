// How a damaged database is replaced: what can be read of it goes into a fresh one (`.new`), which gets the name
// `.mended-<time>` once it is complete. Only then do the damaged files get theirs, `.damaged-<time>`, and the fresh one
// takes their place. Wherever that is interrupted, the next start goes on with it.

import { DatabaseSync } from "node:sqlite";
import { describeError } from "../../core/errors.ts";
import { type CarriedOver, carryOver } from "./carry_over.ts";
import { isCorruption, isUnreadable } from "../database/corruption.ts";
import { DAMAGEABLE_TABLES } from "../tables/damage.ts";
import { buildDatabase } from "../database/database.ts";
import {
  DATABASE_PARTS,
  fileTime,
  folderOf,
  nameOf,
  removeDatabase,
  sizeOf,
  syncFolderOf,
  takePlace,
} from "../database/file_names.ts";

/** All tables, in the order in which their rows are carried over. */
export const ALL_TABLES = [
  "meta",
  ...DAMAGEABLE_TABLES,
  "purge",
  "damaged",
] as const;

/** How a damaged database was replaced by a fresh one. */
export interface Mending {
  /** What was carried over; `undefined` where that was done at a start before, which was interrupted. */
  readonly carried: Readonly<CarriedOver> | undefined;
  /** What was wrong with it. */
  readonly reason: string;
  /** Where it is kept, its write-ahead log beside it under the same name and `-wal`. */
  readonly kept: string;
}

/**
 * Replaces the damaged database in this file, which nobody has open, by a fresh one with all that can be read of it.
 * `now` is the time, in milliseconds since the epoch.
 */
export function mend(path: string, error: unknown, now: number): Mending {
  const time = unusedTime(path, now);
  const fresh = `${path}.new`;
  let carried: CarriedOver = { rows: 0, setAside: 0, gaps: 0 };
  const source = openDamaged(path);
  try {
    if (source === undefined) buildDatabase(fresh, () => {});
    else carried = copyReadable(source.database, fresh, now);
  } finally {
    source?.close();
  }
  Deno.renameSync(fresh, `${path}.mended-${time}`);
  syncFolderOf(path);
  finishMending(path);
  const kept = `${path}.damaged-${time}`;
  return { carried, reason: describeError(error), kept };
}

/** Makes a database in this new file, with what can be read of another one. */
export function copyReadable(
  source: DatabaseSync,
  fresh: string,
  now: number,
): CarriedOver {
  let carried: CarriedOver | undefined;
  buildDatabase(fresh, (target) => {
    carried = carryOver(source, target, ALL_TABLES, now);
    target.exec(
      `DELETE FROM message WHERE id NOT IN
       (SELECT message FROM delivery WHERE message IS NOT NULL)`,
    );
  });
  return carried!;
}

/** Gives the files of a database, as far as there are any, another name. */
export function setAside(path: string, aside: string): void {
  for (const part of DATABASE_PARTS) {
    if (sizeOf(path + part) === undefined) continue;
    Deno.renameSync(path + part, aside + part);
  }
}

/**
 * Does what is left to do where a mending was interrupted after the fresh database was complete. Returns what that
 * one did, if there was one.
 */
export function finishMending(path: string): Mending | undefined {
  let mending: Mending | undefined;
  const folder = folderOf(path);
  const prefix = `${nameOf(path)}.mended-`;
  // Where there are several the last one has all that the others have.
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.startsWith(prefix));
  for (const name of names.toSorted()) {
    const damaged = `${path}.damaged-${name.slice(prefix.length)}`;
    setAside(path, damaged);
    syncFolderOf(path);
    takePlace(`${folder}/${name}`, path);
    const reason = "found at a start that was interrupted";
    mending = { carried: undefined, reason, kept: damaged };
  }
  return mending;
}

/** The time as it stands in file names, with a number behind it where files of that time are there already. */
export function unusedTime(path: string, now: number): string {
  const folder = [...Deno.readDirSync(folderOf(path))];
  const time = fileTime(now);
  for (let count = 1;; count++) {
    const candidate = count === 1 ? time : `${time}-${count}`;
    const prefix = `${nameOf(path)}.damaged-${candidate}`;
    const isTaken = DATABASE_PARTS.some((part) =>
      folder.some(({ name }) => name === prefix + part)
    );
    if (!isTaken) return candidate;
  }
}

/** A damaged database to read from; its files stay as they are. */
interface Damaged {
  readonly database: DatabaseSync;
  close(): void;
}

/** Opens what there is to read; `undefined` where there is nothing. */
function openDamaged(path: string): Damaged | undefined {
  if (sizeOf(path)) return openToRead(path, () => {});
  if (!sizeOf(`${path}-wal`)) return undefined;
  // SQLite throws the log of an empty database away. A fresh one has its tables where the lost one had them, and the
  // log has the pages that were written since it was last copied into that.
  const copy = `${path}.log`;
  buildDatabase(copy, () => {});
  Deno.copyFileSync(`${path}-wal`, `${copy}-wal`);
  return openToRead(copy, () => removeDatabase(copy));
}

function openToRead(path: string, closed: () => void): Damaged | undefined {
  let database: DatabaseSync | undefined;
  const close = () => {
    database?.close();
    closed();
  };
  try {
    database = new DatabaseSync(path, { readOnly: true });
    allowAnySize(database);
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return { database, close };
  } catch (error) {
    close();
    if (isCorruption(error) || isUnreadable(error)) return undefined;
    throw error;
  }
}

/** Has SQLite read a file that is shorter than the database was: what is there, is there. */
function allowAnySize(database: DatabaseSync): void {
  (database as DatabaseSync & { enableDefensive?(on: boolean): void })
    .enableDefensive?.(false);
  database.exec("PRAGMA writable_schema = ON");
}
