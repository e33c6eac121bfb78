import { UnusableFolder } from "../database/folder_lock.ts";
import type { DiskTrouble } from "../disk_room.ts";
import { MissingFile } from "./open_files.ts";

/** SQLite's primary result codes that a disk heals from, once it has room or answers again. */
const TROUBLES = new Map<number, DiskTrouble>([
  [5, "io"], // SQLITE_BUSY
  [8, "io"], // SQLITE_READONLY: a file system that met an error is often made read-only
  [10, "io"], // SQLITE_IOERR
  [13, "full"], // SQLITE_FULL
  [14, "io"], // SQLITE_CANTOPEN
]);

/** SQLITE_IOERR_SHMSIZE: the file beside the database cannot grow. */
const SHARED_MEMORY_SIZE = 4874;

/** The system's errors of a full disk: ENOSPC and, on Linux, EDQUOT. */
const FULL: ReadonlySet<number> = new Set([28, 122]);

/** What SQLite says where the error comes without its result code. */
const MESSAGES: readonly (readonly [string, DiskTrouble])[] = [
  ["database or disk is full", "full"],
  ["disk I/O error", "io"],
  ["attempt to write a readonly database", "io"],
  ["unable to open database file", "io"],
  ["database is locked", "io"],
  // It could not be opened anew.
  ["database is not open", "io"],
];

/** The disk's trouble behind an error; `undefined` where it is something else, which no waiting heals. */
export function troubleOf(error: unknown): DiskTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof UnusableFolder) return troubleOf(error.cause) ?? "io";
  if (error instanceof MissingFile) return "io";
  const { errcode, code } = error as { errcode?: number; code?: string };
  if (errcode === SHARED_MEMORY_SIZE) return "full";
  if (errcode !== undefined) return TROUBLES.get(errcode & 0xFF);
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) {
    return code === "ENOSPC" || code === "EDQUOT" ? "full" : "io";
  }
  // Deno gives no code for some of the system's errors.
  const [, number] = /\(os error (\d+)\)$/.exec(error.message) ?? [];
  if (number !== undefined) return FULL.has(Number(number)) ? "full" : "io";
  return MESSAGES.find(([text]) => error.message.startsWith(text))?.[1];
}
