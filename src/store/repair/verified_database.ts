import { CHECKED_FIRST } from "../database/checked_first.ts";
import { boundDamagedCopies } from "./damaged_copies.ts";
import { isCorruption, isUnreadable } from "../database/corruption.ts";
import {
  type OpenDatabase,
  openDatabase,
  quickCheck,
} from "../database/database.ts";
import { sizeOf } from "../database/file_names.ts";
import { finishMending, mend, type Mending, unusedTime } from "./mending.ts";
import { prepareTables, type Tables } from "../tables/tables.ts";
import { readLogState } from "../database/write_ahead_log.ts";

/** A database that is open, with all that is asked of it. */
export interface VerifiedDatabase extends OpenDatabase {
  /** Its tables. */
  readonly tables: Tables;
  /** Whether it was not closed. */
  readonly unclean: boolean;
}

/** What is not as it was left. */
export interface Findings {
  /** How the database was replaced, where it was damaged. */
  readonly mending: Mending | undefined;
  /** What is wrong with the write-ahead log, if anything is. */
  readonly log: LogFinding | undefined;
  /** Whether the database was not closed, and is too large to be checked at once. */
  readonly unchecked: boolean;
  /** Copies of damaged files that were removed, since there are enough newer ones. */
  readonly removedCopies: readonly string[];
}

/** What is wrong with a write-ahead log. What is acknowledged gets into the log first, and into the database later. */
export type LogFinding =
  /** It is gone; it is there as long as a database is not closed. */
  | { readonly type: "missing" }
  /** From a damaged place on it cannot be read, with at least so many commits. It is kept there as a whole. */
  | {
    readonly type: "damaged";
    readonly commits: number;
    readonly kept: string;
  }
  /** It ends within a commit. After a power cut that is one which was not acknowledged. */
  | { readonly type: "torn" };

/**
 * Opens a database whatever has become of its files: one that is damaged is kept, and replaced by a fresh one with all
 * that can be read of it. `now` is the time, in milliseconds since the epoch.
 *
 * @throws {Error} If the files cannot be read or written.
 */
export function openVerified(
  path: string,
  now: number,
  checkedFirst: number = CHECKED_FIRST,
): VerifiedDatabase & Findings {
  let mending = finishMending(path);
  const hadLog = mending !== undefined || sizeOf(`${path}-wal`) !== undefined;
  // SQLite cuts off what it cannot read of the log.
  const log = keepLog(path, now);
  const size = (sizeOf(path) ?? 0) + (sizeOf(`${path}-wal`) ?? 0);
  const checkNow = size <= checkedFirst;
  let opened: VerifiedDatabase;
  try {
    opened = openChecked(path, checkNow);
  } catch (error) {
    if (!isCorruption(error) && !isUnreadable(error)) throw error;
    mending = mend(path, error, now);
    opened = openChecked(path, false);
  }
  const { unclean, tables: { meta } } = opened;
  const wasUsed = meta.get("clock") !== undefined;
  const isMissing = unclean && wasUsed && !hadLog;
  return {
    ...opened,
    mending,
    log: log ?? (isMissing ? { type: "missing" } : undefined),
    unchecked: unclean && mending === undefined && !checkNow,
    removedCopies: boundDamagedCopies(path),
  };
}

/** Opens a database, and looks at its structure if it was not closed and `check` says so. */
export function openChecked(path: string, check: boolean): VerifiedDatabase {
  const opened = openDatabase(path);
  const { database, fresh } = opened;
  try {
    const tables = prepareTables(database);
    const unclean = !fresh && tables.meta.get("closing") === undefined;
    if (unclean && check) quickCheck(database);
    return { ...opened, tables, unclean };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Looks at the write-ahead log, and keeps a copy of one that will not be read to its end. */
function keepLog(path: string, now: number): LogFinding | undefined {
  const state = readLogState(`${path}-wal`);
  if (state === undefined) return undefined;
  const { sound, lostCommits, torn } = state;
  // A single commit behind the damage may be the one that a power cut interrupted.
  if (sound && lostCommits < 2) return torn ? { type: "torn" } : undefined;
  const kept = `${path}.damaged-${unusedTime(path, now)}-wal`;
  Deno.copyFileSync(`${path}-wal`, kept);
  return { type: "damaged", commits: lostCommits, kept };
}
