// Whether the files that a database has open still are those under its name: they may be removed or replaced meanwhile.

import { sizeOf } from "../database/file_names.ts";

/** The files of a database that is open: what is written to files that are gone does not survive. */
export class OpenFiles {
  readonly #path: string;
  #database: string | undefined;
  #log: string | undefined;

  /** The files of the database under this name. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Notes that the database under this name was opened just now. */
  noteOpened(): void {
    this.#database = identityOf(this.#path);
    this.#log = undefined;
  }

  /** Which file is gone from its place, or another one has taken it; `undefined` where none is. */
  get gone(): "database" | "log" | undefined {
    if (identityOf(this.#path) !== this.#database) return "database";
    const log = identityOf(`${this.#path}-wal`);
    // It is made with the first access.
    this.#log ??= log;
    return log === this.#log ? undefined : "log";
  }

  /**
   * Requires that they are there.
   *
   * @throws {MissingFile} If they are not.
   */
  require(): void {
    const { gone } = this;
    if (gone === undefined) return;
    const path = gone === "log" ? `${this.#path}-wal` : this.#path;
    const what = sizeOf(path) === undefined ? "removed" : "replaced";
    throw new MissingFile(`${path} was ${what} while it was in use`);
  }
}

/** A file of the store is not under its name any more. */
export class MissingFile extends Error {}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    const { NotADirectory, NotFound } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
