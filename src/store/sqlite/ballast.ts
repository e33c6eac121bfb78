/** So much more than the ballast must be free before it is made anew, so that it is not given up again at once. */
const MARGIN = 1.25;

/** Bytes written at a time, as many as can be had at random in one call. */
const CHUNK = 65_536;

/**
 * A file that takes up room, to be given up when the disk is full: SQLite needs room even to remove something. Its
 * bytes are random, so that no file system stores fewer.
 */
export class Ballast {
  readonly #path: string;
  readonly #folder: string;
  readonly #bytes: number;
  #statfs:
    | ((folder: string) => { bavail: number; bsize: number })
    | undefined;

  /** A ballast of so many bytes in this folder, 0 for none. Touches nothing yet. */
  constructor(folder: string, bytes: number) {
    this.#folder = folder;
    this.#path = `${folder}/ballast`;
    this.#bytes = bytes;
  }

  /** Whether it is there, whole. */
  get present(): boolean {
    try {
      return Deno.statSync(this.#path).size === this.#bytes;
    } catch {
      return this.#bytes === 0;
    }
  }

  /** Makes it where it is missing; says whether it is there now. Leaves nothing where there is no room for it. */
  make(): boolean {
    if (this.present) return true;
    if (this.#bytes === 0) return this.#remove();
    const wanted = this.#bytes * MARGIN;
    // Only to save the attempt: what is really there shows when it is written.
    if (this.#freeBytes() < wanted) return false;
    try {
      this.#write(wanted);
      return true;
    } catch {
      this.giveUp();
      this.#askNextTime();
      return false;
    }
  }

  /** Gives its room away; says whether there was any. */
  giveUp(): boolean {
    return this.#remove() && this.#bytes > 0;
  }

  #write(wanted: number): void {
    const options = { write: true, create: true, truncate: true, mode: 0o600 };
    using file = Deno.openSync(this.#path, options);
    const chunk = new Uint8Array(CHUNK);
    for (let written = 0; written < wanted;) {
      crypto.getRandomValues(chunk);
      written += file.writeSync(chunk.subarray(0, wanted - written));
    }
    file.truncateSync(this.#bytes);
    file.syncSync();
  }

  /** Bytes that are free; infinitely many where that cannot be asked. */
  #freeBytes(): number {
    if (this.#statfs === undefined) return Infinity;
    try {
      const { bavail, bsize } = this.#statfs(this.#folder);
      return bavail * bsize;
    } catch {
      return Infinity;
    }
  }

  /** Loads what tells of free bytes, which takes 9 MiB of memory, only once an attempt has failed. */
  #askNextTime(): void {
    import("node:fs").then(({ statfsSync }) => this.#statfs = statfsSync);
  }

  #remove(): boolean {
    try {
      Deno.removeSync(this.#path);
      return true;
    } catch {
      return false;
    }
  }
}
