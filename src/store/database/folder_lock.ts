import { describeError, StartError } from "../../core/errors.ts";

/** A data folder in which nothing can be kept, for want of permission, room or anything else. */
export class UnusableFolder extends StartError {
  /** Says that this folder cannot be used, because of this error. */
  constructor(folder: string, cause: unknown) {
    const reason = describeError(cause);
    super(`Cannot use the data folder ${folder}: ${reason}`, undefined, {
      cause,
    });
    this.name = "UnusableFolder";
  }
}

/**
 * A folder that this process alone uses, until it ends, however it ends. It is the folder that is locked, which nobody can
 * delete and make anew unnoticed, and a file in it, which says whose it is; on a file system that locks no folders, the
 * file alone.
 */
export class FolderLock {
  readonly #folder: Deno.FsFile | undefined;
  readonly #file: Deno.FsFile;

  /**
   * Takes the folder, which is made where it is missing, for this user's eyes only.
   *
   * @throws {UnusableFolder} If it cannot be used.
   * @throws {StartError} If another process has it.
   */
  static take(folder: string): FolderLock {
    let taken: Deno.FsFile | "another's" | undefined;
    let file: Deno.FsFile | undefined;
    try {
      Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
      taken = lockFolder(folder);
      if (taken !== "another's") {
        const options = { read: true, write: true, create: true, mode: 0o600 };
        file = Deno.openSync(lockFile(folder), options);
        if (file.tryLockSync(true)) {
          file.truncateSync();
          file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
          return new FolderLock(taken, file);
        }
      }
    } catch (error) {
      file?.close();
      if (typeof taken === "object") taken.close();
      throw new UnusableFolder(folder, error);
    }
    file?.close();
    if (typeof taken === "object") taken.close();
    const pid = readPid(folder);
    const which = pid === 0 ? "" : `, with process id ${pid}`;
    throw new StartError(
      `Cannot use the data folder ${folder}: another broker uses it${which}`,
    );
  }

  /** Takes the folder again if it was removed, so that this process does not have the one that is there now. */
  static takeAgain(folder: string): FolderLock | undefined {
    const pid = readPid(folder);
    if (pid === Deno.pid) return undefined;
    const taken = lockFolder(folder);
    if (typeof taken === "object") taken.close();
    // Whoever has it has written an id into the file: with the file alone deleted, it is still this process.
    if (taken === "another's" && pid === 0) return undefined;
    return FolderLock.take(folder);
  }

  /** The process that has the folder, by its id, 0 where the file that says so was deleted; `undefined` where none has. */
  static async holder(folder: string): Promise<number | undefined> {
    const taken = lockFolder(folder);
    if (typeof taken === "object") taken.close();
    if (taken === "another's") return readPid(folder);
    try {
      using file = await Deno.open(lockFile(folder));
      // Ends with the file: whoever takes the folder just now may find it taken, and will say so.
      if (await file.tryLock(false)) return undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new UnusableFolder(folder, error);
    }
    return readPid(folder);
  }

  private constructor(folder: Deno.FsFile | undefined, file: Deno.FsFile) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Lets others have it. */
  release(): void {
    this.#file.close();
    this.#folder?.close();
  }
}

function lockFile(folder: string): string {
  return `${folder}/lock`;
}

/** The process that the file names, 0 where there is no file. */
function readPid(folder: string): number {
  try {
    return Number(Deno.readTextFileSync(lockFile(folder)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Locks a folder itself; `undefined` where that cannot be done. */
function lockFolder(folder: string): Deno.FsFile | "another's" | undefined {
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(folder, { read: true });
    if (file.tryLockSync(true)) return file;
    file.close();
    return "another's";
  } catch {
    file?.close();
    return undefined;
  }
}
