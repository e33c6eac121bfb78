import type { DatabaseSync } from "node:sqlite";
import { describeError } from "../../core/errors.ts";
import { rowChecksum } from "../database/checksum.ts";
import { countRows } from "../database/database.ts";
import { FolderLock } from "../database/folder_lock.ts";
import { MetaTable } from "../tables/meta.ts";
import {
  isDatabaseError,
  openForReading,
} from "../database/open_for_reading.ts";
import { prepareRows } from "../database/row_pages.ts";
import { COUNTED_TABLES } from "../database/schema.ts";
import { countKinds } from "./summary.ts";
import type { RowSink } from "../tables/verified_rows.ts";
import { readStoredRows } from "../tables/stored_rows.ts";

/** Something that is wrong with a store. */
export interface StoreProblem {
  /** What it is about: a table, or "file" for the database as a whole. */
  readonly where: string;
  /** The rowid; `undefined` where it is not about one row. */
  readonly row: number | undefined;
  /** What is wrong: lower case, no full stop. */
  readonly problem: string;
}

/** How a check goes on. */
export interface CheckEvents {
  /** Is told each problem, as it is found. */
  readonly problem: (problem: StoreProblem) => void;
  /** Is told now and then how many rows were looked at, of how many. */
  readonly step: (done: number, all: number) => void;
}

/** SQLite names no more than so many faults of its file. */
const MOST_FAULTS = 20;

/** What a check needs not know. */
const IGNORED: RowSink = {
  saveSession: () => {},
  saveSubscription: () => {},
  saveReceived: () => {},
  enqueue: () => {},
  assign: () => {},
  release: () => {},
  retain: () => {},
  saveWill: () => {},
};

/**
 * Looks whether the store in a folder is sound: its file, the checksum of each row, and what rows refer to. Changes
 * nothing; a broker may be running on it.
 *
 * @throws {StartError} If there is no store, or it cannot be opened at all.
 */
export async function checkStore(
  folder: string,
  { problem, step }: CheckEvents,
): Promise<void> {
  using database = openForReading(folder);
  const running = await FolderLock.holder(folder) !== undefined;
  const parts = [
    () => checkFile(database, problem),
    () => checkNotes(database, problem),
    () => running || checkClosing(database, problem),
    () => checkRows(database, { problem, step }),
  ];
  for (const part of parts) {
    try {
      part();
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      const sentence = describeError(error);
      problem({ where: "file", row: undefined, problem: sentence });
    }
  }
}

function checkFile(
  database: DatabaseSync,
  problem: CheckEvents["problem"],
): void {
  const check = database.prepare(`PRAGMA quick_check(${MOST_FAULTS})`);
  for (const { quick_check } of check.all()) {
    const fault = String(quick_check).replaceAll("\n", " ");
    if (fault === "ok") continue;
    problem({ where: "file", row: undefined, problem: fault });
  }
}

function checkRows(
  database: DatabaseSync,
  { problem, step }: CheckEvents,
): void {
  const { damaged: _, sharedMessages: __, ...counts } = countKinds(database);
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const rows = readStoredRows({
    database,
    sink: IGNORED,
    problem: ({ table, ...rest }) => problem({ where: table, ...rest }),
  });
  let done = 0;
  for (const _row of rows) step(Math.min(++done, all), all);
}

function checkNotes(
  database: DatabaseSync,
  problem: CheckEvents["problem"],
): void {
  const rows = prepareRows(database, "SELECT rowid, * FROM meta");
  for (const [row, key, value, checksum] of rows.iterate()) {
    if (checksum === rowChecksum(String(key), String(value))) continue;
    const sentence = "its checksum is wrong";
    problem({ where: "meta", row: Number(row), problem: sentence });
  }
}

/** What was there when the broker ended must be there still. */
function checkClosing(
  database: DatabaseSync,
  problem: CheckEvents["problem"],
): void {
  const expected = new MetaTable(database).get("closing")?.rows;
  if (expected === undefined) return;
  const rows = countRows(database);
  for (const table of COUNTED_TABLES) {
    const missing = expected[table] - rows[table];
    if (missing <= 0) continue;
    const sentence = `${missing} rows are missing that were there at the end`;
    problem({ where: table, row: undefined, problem: sentence });
  }
}
