// The files of a database: the database itself, its write-ahead log (`-wal`) and the index of that (`-shm`).

/** Behind the name of a database: what its files are called. */
export const DATABASE_PARTS = ["", "-wal", "-shm"] as const;

/** The size of a file in bytes; `undefined` where there is none. */
export function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Removes the files of a database, as far as there are any. Only for those that hold nothing of worth. */
export function removeDatabase(path: string): void {
  for (const part of [...DATABASE_PARTS, "-journal"]) {
    try {
      Deno.removeSync(path + part);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Has a file's content on the disk. */
export function syncFile(path: string): void {
  using file = Deno.openSync(path, { read: true, write: true });
  file.syncSync();
}

/** Has the names of the files beside this one on the disk. */
export function syncFolderOf(path: string): void {
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(folderOf(path));
  folder.syncSync();
}

/** The folder in which a file lies. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The name of a file in its folder. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A time as it stands in the name of a file, such as `20261125T094501Z`. */
export function fileTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+/, "")
    .replaceAll(/[-:]/g, "");
}

/**
 * Gives a database, whose file is on the disk as a whole, the name of another one, which must be settled: nothing of
 * worth may be in its log. Whatever a power cut leaves, there is the one or the other with no log but its own: that of
 * the former is gone for certain before the name changes, since SQLite would take it for the new one's.
 */
export function takePlace(from: string, path: string): void {
  for (const part of DATABASE_PARTS) {
    if (part === "") continue;
    try {
      Deno.removeSync(path + part);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  syncFolderOf(path);
  Deno.renameSync(from, path);
  syncFolderOf(path);
}
