// How a database is made anew whose files were removed from their folder while they were open.

import type { DatabaseSync } from "node:sqlite";
import type { CarriedOver } from "./carry_over.ts";
import {
  copyReadable,
  finishMending,
  setAside,
  unusedTime,
} from "./mending.ts";
import {
  folderOf,
  removeDatabase,
  sizeOf,
  syncFolderOf,
} from "../database/file_names.ts";

/**
 * Makes the database anew from one that is open, and has `close` close that. Where not all of that can be read and
 * another database has its name now, that one stays.
 */
export function remake(
  path: string,
  source: DatabaseSync,
  close: () => void,
  now: number,
): CarriedOver {
  Deno.mkdirSync(folderOf(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  const carried = copyReadable(source, fresh, now);
  if (carried.gaps > 0 && sizeOf(path) !== undefined) {
    removeDatabase(fresh);
    close();
    return carried;
  }
  const time = unusedTime(path, now);
  Deno.renameSync(fresh, `${path}.mended-${time}`);
  syncFolderOf(path);
  // Before it is closed: closing removes what has the name of its log.
  setAside(path, `${path}.damaged-${time}`);
  close();
  finishMending(path);
  return carried;
}
