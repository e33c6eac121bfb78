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

/** A folder that this process alone uses, until it ends, however it ends. */
export class FolderLock {
  readonly #file: Deno.FsFile;

  /**
   * Takes the folder, which is made where it is missing, for this user's eyes only.
   *
   * @throws {UnusableFolder} If it cannot be used.
   * @throws {StartError} If another process has it.
   */
  static take(folder: string): FolderLock {
    const path = `${folder}/lock`;
    let file: Deno.FsFile | undefined;
    try {
      Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
      const options = { read: true, write: true, create: true, mode: 0o600 };
      file = Deno.openSync(path, options);
      if (file.tryLockSync(true)) {
        file.truncateSync();
        file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
        return new FolderLock(file);
      }
    } catch (error) {
      file?.close();
      throw new UnusableFolder(folder, error);
    }
    file.close();
    const pid = Deno.readTextFileSync(path).trim();
    throw new StartError(
      `Cannot use the data folder ${folder}: another broker uses it, with process id ${pid}`,
    );
  }

  /** Takes the folder again if the lock's file was removed, so that this process does not have it any more. */
  static takeAgain(folder: string): FolderLock | undefined {
    try {
      const pid = Number(Deno.readTextFileSync(`${folder}/lock`));
      if (pid === Deno.pid) return undefined;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return FolderLock.take(folder);
  }

  /** The process that has the folder, by its id; `undefined` where none has. */
  static async holder(folder: string): Promise<number | undefined> {
    try {
      using file = await Deno.open(`${folder}/lock`);
      // Ends with the file: whoever takes the folder just now may find it taken, and will say so.
      if (await file.tryLock(false)) return undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new UnusableFolder(folder, error);
    }
    return Number(await Deno.readTextFile(`${folder}/lock`));
  }

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Lets others have it. */
  release(): void {
    this.#file.close();
  }
}
