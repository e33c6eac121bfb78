import { DatabaseSync } from "node:sqlite";
import { checkpoint } from "./database.ts";
import { fileTime, sizeOf, syncFile, takePlace } from "./file_names.ts";
import { isDatabaseError, storeFiles } from "./open_for_reading.ts";
import { schemaVersion } from "./transaction.ts";

/**
 * Puts a whole database, which is closed, in the place of the one in a folder that nobody uses. Whatever happens
 * meanwhile, there is the one or the other. One that is damaged is set aside.
 */
export async function exchangeDatabase(
  from: string,
  folder: string,
): Promise<void> {
  const { database, log } = storeFiles(folder);
  syncFile(from);
  if (sizeOf(database) !== undefined && !settle(database)) {
    const aside = `${database}.damaged-${fileTime(Date.now())}`;
    await Deno.rename(database, aside);
    // A log that is left would be taken for the new database's.
    if (sizeOf(log) !== undefined) await Deno.rename(log, `${aside}-wal`);
  }
  const { uid, gid } = await Deno.stat(folder);
  const file = await Deno.stat(from);
  if (uid !== file.uid || gid !== file.gid) await Deno.chown(from, uid, gid);
  takePlace(from, database);
}

/** Has all that the log holds go into the database, and the log go. Where the database is damaged both stay. */
function settle(path: string): boolean {
  try {
    // Who may only read leaves the log where it is, whatever is wrong with the database.
    using reading = new DatabaseSync(path, { readOnly: true });
    schemaVersion(reading);
    using database = new DatabaseSync(path);
    checkpoint(database);
    return true;
  } catch (error) {
    if (isDatabaseError(error)) return false;
    throw error;
  }
}
