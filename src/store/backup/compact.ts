import { describeError, StartError } from "../../core/errors.ts";
import { copyDatabase } from "../database/copy.ts";
import { exchangeDatabase } from "../database/exchange.ts";
import { FolderLock } from "../database/folder_lock.ts";
import { removeDatabase, sizeOf } from "../database/file_names.ts";
import { findStore, openForReading } from "../database/open_for_reading.ts";

/** What {@linkcode compactStore} did. */
export interface Compacted {
  /** Bytes of database and log before. */
  readonly before: number;
  /** Bytes of database and log after. */
  readonly after: number;
}

/**
 * Writes the database in a folder anew, without the pages that it does not use; the one that is there stays until the
 * new one is whole and on the disk. Calls `step` now and then, with how many rows are written, of how many.
 *
 * @throws {StartError} If there is no store, a broker runs on it, or there is not enough room.
 */
export async function compactStore(
  folder: string,
  step: (done: number, all: number) => void,
): Promise<Compacted> {
  const attempt = `Cannot compact the store in ${folder}`;
  const files = findStore(folder, attempt);
  const size = () => (sizeOf(files.database) ?? 0) + (sizeOf(files.log) ?? 0);
  const unfinished = `${files.database}.compact`;
  const lock = FolderLock.take(folder);
  try {
    const before = size();
    removeDatabase(unfinished);
    copy(folder, unfinished, step);
    await exchangeDatabase(unfinished, folder);
    return { before, after: size() };
  } catch (error) {
    removeDatabase(unfinished);
    if (error instanceof StartError) throw error;
    throw new StartError(
      `${attempt}: ${describeError(error)}; the store is as it was`,
    );
  } finally {
    lock.release();
  }
}

function copy(
  folder: string,
  to: string,
  step: (done: number, all: number) => void,
): void {
  using database = openForReading(folder);
  copyDatabase(database, to, step);
}
