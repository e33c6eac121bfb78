import type { DatabaseSync } from "node:sqlite";
import { describeError, StartError } from "../../core/errors.ts";
import { FolderLock } from "../database/folder_lock.ts";
import { MetaTable } from "../tables/meta.ts";
import type { MeterRecord } from "../meter.ts";
import { sizeOf } from "../database/file_names.ts";
import {
  isDatabaseError,
  openForReading,
  storeFiles,
} from "../database/open_for_reading.ts";
import { schemaVersion } from "../database/transaction.ts";
import { prepareRows } from "../database/row_pages.ts";
import { isSharedGroup } from "../store.ts";

/** What a store holds, in counts and sizes. */
export interface StoreSummary {
  /** The folder. */
  readonly folder: string;
  /** The version of its tables. */
  readonly schema: number;
  /** Bytes of the database's file. */
  readonly databaseBytes: number;
  /** Bytes of the write-ahead log. */
  readonly logBytes: number;
  /** Bytes in the database's file that `compact` gives back. */
  readonly unusedBytes: number;
  /** The process id of the broker that runs on it; `undefined` where none does. */
  readonly pid: number | undefined;
  /** How the last broker ended; `undefined` while one runs. */
  readonly lastEnd: "clean" | "unclean" | undefined;
  /** When something was written last, by the machine's clock, in milliseconds since the epoch. */
  readonly lastWrite: number | undefined;
  /** Rows by kind. */
  readonly counts: Readonly<Record<StoredKind, number>>;
  /** All sessions and shared groups, those with the largest backlog first, among equals those offline longest. */
  readonly owners: readonly OwnerSummary[];
  /** What was written to the disk, up to `lastWrite`; `undefined` where that was not counted. */
  readonly meter: MeterRecord | undefined;
}

/** Somebody to whom messages are owed. */
export interface OwnerSummary {
  /** A client identifier, or a shared group as `$share/group/filter`. */
  readonly name: string;
  /** Messages that are owed. */
  readonly messages: number;
  /** Bytes of these messages. */
  readonly bytes: number;
  /** When its connection ended, by the machine's clock; `undefined` for a shared group, or where it did not end. */
  readonly offlineSince: number | undefined;
}

/** Of what a summary counts the rows, and in which tables they are. */
export const KINDS = {
  sessions: "session",
  subscriptions: "subscription",
  // Without those whose owner is gone: they are being removed.
  deliveries: "delivery WHERE owner NOT IN (SELECT owner FROM purge)",
  sharedMessages: "message",
  inflight: "inflight",
  received: "received",
  retained: "retained",
  wills: "will",
  damaged: "damaged",
} as const;

/** One of the kinds of rows that are counted. */
export type StoredKind = keyof typeof KINDS;

/**
 * Looks at the store in a folder, which a broker may be running on. Calls `step` now and then, with how many
 * deliveries it has counted, of how many.
 *
 * @throws {StartError} If there is none, or it cannot be read.
 */
export async function summarize(
  folder: string,
  step: (done: number, all: number) => void,
): Promise<StoreSummary> {
  using database = openForReading(folder);
  const pid = await FolderLock.holder(folder);
  try {
    return summary(database, { folder, pid, step });
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    throw new StartError(
      `Cannot read the store in ${folder}: ${describeError(error)}`,
    );
  }
}

function summary(
  database: DatabaseSync,
  { folder, pid, step }: {
    folder: string;
    pid: number | undefined;
    step: (done: number, all: number) => void;
  },
): StoreSummary {
  const files = storeFiles(folder);
  const meta = new MetaTable(database);
  const clock = meta.get("clock");
  const clean = meta.get("closing") !== undefined;
  return {
    folder,
    schema: schemaVersion(database),
    databaseBytes: sizeOf(files.database) ?? 0,
    logBytes: sizeOf(files.log) ?? 0,
    unusedBytes: pragma(database, "freelist_count") *
      pragma(database, "page_size"),
    pid,
    lastEnd: pid !== undefined ? undefined : clean ? "clean" : "unclean",
    lastWrite: clock?.wall,
    counts: countKinds(database),
    owners: owners(database, clock && clock.wall - clock.service, step),
    meter: meta.get("meter"),
  };
}

/** How many rows of each kind there are. */
export function countKinds(
  database: DatabaseSync,
): Record<StoredKind, number> {
  const counts = Object.entries(KINDS).map(([kind, table]) => [
    kind,
    numberOf(database, `SELECT count(*) AS n FROM ${table}`),
  ]);
  return Object.fromEntries(counts) as Record<StoredKind, number>;
}

/** `ahead`: by how much the machine's clock is ahead of the broker's. */
function owners(
  database: DatabaseSync,
  ahead: number | undefined,
  step: (done: number, all: number) => void,
): OwnerSummary[] {
  const count = numberOf(database, `SELECT count(*) AS n FROM delivery`);
  let counted = 0;
  const owed = prepareRows(
    database,
    "SELECT count(*), sum(size) FROM delivery WHERE owner = ?",
  );
  const all: OwnerSummary[] = [];
  const rows = prepareRows(
    database,
    `SELECT id, name, session.owner, ended_at FROM owner
     LEFT JOIN session ON session.owner = id`,
  );
  for (const [id, text, session, endedAt] of rows.iterate()) {
    const name = String(text);
    if (session === null && !isSharedGroup(name)) continue;
    const [messages, bytes] = owed.all(Number(id))[0]!.map(Number) as [
      number,
      number,
    ];
    const offlineSince = endedAt === null || ahead === undefined
      ? undefined
      : Number(endedAt) + ahead;
    all.push({ name, messages, bytes, offlineSince });
    step(counted += messages, count);
  }
  return all.sort((a, b) =>
    b.messages - a.messages || b.bytes - a.bytes ||
    (a.offlineSince ?? Infinity) - (b.offlineSince ?? Infinity) || 0
  );
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()![name]);
}

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()!.n ?? 0);
}
