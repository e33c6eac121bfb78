// Whether what is in SQLite's log is on the disk for certain, and what is done where it is not.

import type { DatabaseSync } from "node:sqlite";
import { checkpoint } from "../database/database.ts";
import { sizeOf } from "../database/file_names.ts";
import { inTransaction } from "../database/transaction.ts";
import { rewriteLog } from "../database/write_ahead_log.ts";

/**
 * Keeps commits from coming behind a gap in the log. After a write or an fsync that failed, some of it may be in the
 * system's memory alone, and no later fsync writes that: it is written again, and goes into the database, before
 * anything else is committed.
 */
export class LogDoubt {
  readonly #path: string;
  /** Whether the log may have a gap. */
  #isDoubtful = false;

  /** Trusts the log of the database in this file. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Notes that what is in the log may not be on the disk: the database was opened again, or a checkpoint failed. */
  noteDoubt(): void {
    this.#isDoubtful = true;
  }

  /**
   * Has on the disk what another process left in the log. Its fsync may have failed, and the process may have ended then,
   * while the system has what it wrote.
   */
  settleFound(): void {
    if (sizeOf(`${this.#path}-wal`)) rewriteLog(this.#path);
  }

  /** Notes that another database is used, whose log is new. */
  forget(): void {
    this.#isDoubtful = false;
  }

  /** Has all that is in the log on the disk, where that is in doubt: first in the log itself, then in the database. */
  settle(database: DatabaseSync): void {
    if (!this.#isDoubtful) return;
    rewriteLog(this.#path);
    checkpoint(database);
    this.#isDoubtful = false;
  }

  /** Does all of it or nothing, behind a log that is settled. */
  inTransaction(database: DatabaseSync, work: () => void): void {
    this.settle(database);
    try {
      inTransaction(database, work);
    } catch (error) {
      this.#isDoubtful = true;
      throw error;
    }
  }
}
