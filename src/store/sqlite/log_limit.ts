// How large the write-ahead log may become before it goes into the database.

import type { DatabaseSync } from "node:sqlite";
import { CHECKPOINT_PAGES } from "../database/database.ts";

/** Bytes of a page, of the database and its log. */
const PAGE = 4096;

/** Pages in the log after which it goes into the database while room is short: 1 MiB. */
const THRIFTY_PAGES = 256;

/** Limits the log of a database. */
export class LogLimit {
  /** Pages in the log after which it goes into the database while there is room. */
  #pages = CHECKPOINT_PAGES;

  /** Has the log go into the database before it is larger than this, in bytes, or than usual. */
  set(database: DatabaseSync, bytes: number): void {
    const pages = Math.max(1, Math.floor(bytes / PAGE));
    this.#pages = Math.min(pages, CHECKPOINT_PAGES);
    this.beThrifty(database, false);
  }

  /** Whether to do with little room beside the database. */
  beThrifty(database: DatabaseSync, thrifty: boolean): void {
    const pages = thrifty ? Math.min(this.#pages, THRIFTY_PAGES) : this.#pages;
    database.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
  }
}
