import { sizeOf } from "../database/file_names.ts";

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
  readonly #share: number;
  #statfs:
    | ((folder: string) => { bavail: number; bsize: number })
    | undefined;

  /**
   * A ballast of so many bytes in this folder, 0 for none; with `share` fewer where they would be more than this
   * share of what is free. Touches nothing yet.
   */
  constructor(folder: string, bytes: number, share = 1) {
    this.#folder = folder;
    this.#path = `${folder}/ballast`;
    this.#bytes = bytes;
    this.#share = share;
  }

  /** Whether it is there, whole. */
  get present(): boolean {
    const size = this.#size;
    if (size === undefined) return this.#bytes === 0;
    return size === this.#bytes ||
      (this.#share < 1 && size > 0 && size < this.#bytes);
  }

  /** Bytes beyond which the log must not grow, so that the room of a ballast that is small for want of room is enough. */
  get logBytes(): number {
    const size = this.#size ?? 0;
    return this.#share < 1 && size > 0 && size < this.#bytes ? size : Infinity;
  }

  /** Loads what it takes to know how much is free, where {@linkcode Ballast.make} needs to know. */
  async prepare(): Promise<void> {
    if (this.#share < 1 && this.#bytes > 0 && !this.present) {
      await this.#loadStatfs();
    }
  }

  /** Makes it where it is missing; says whether it is there now. Leaves nothing where there is no room for it. */
  make(): boolean {
    if (this.present) return true;
    if (this.#bytes === 0) return this.#remove();
    if (this.#share < 1 && this.#statfs === undefined) {
      this.#loadStatfs();
      return false;
    }
    const free = this.#freeBytes();
    const bytes = this.#share < 1 ? this.#shareOf(free) : this.#bytes;
    const wanted = Math.ceil(bytes * MARGIN);
    // Only to save the attempt: what is really there shows when it is written.
    if (bytes === 0 || free < wanted) return false;
    try {
      this.#write(bytes, wanted);
      return true;
    } catch {
      this.#remove();
      this.#loadStatfs();
      return false;
    }
  }

  /** Gives its room away; says whether there was any. */
  giveUp(): boolean {
    if (!this.#remove() || this.#bytes === 0) return false;
    // How much is free is asked before it is made again.
    this.#loadStatfs();
    return true;
  }

  #write(bytes: number, wanted: number): void {
    const options = { write: true, create: true, truncate: true, mode: 0o600 };
    using file = Deno.openSync(this.#path, options);
    const chunk = new Uint8Array(CHUNK);
    for (let written = 0; written < wanted;) {
      crypto.getRandomValues(chunk);
      written += file.writeSync(chunk.subarray(0, wanted - written));
    }
    file.truncateSync(bytes);
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

  /** It takes 9 MiB of memory, so it is loaded only where it is needed. */
  async #loadStatfs(): Promise<void> {
    if (this.#statfs === undefined) {
      ({ statfsSync: this.#statfs } = await import("node:fs"));
    }
  }

  /** Bytes that it may have. What the store takes counts as free, or else it would be smaller each time it is made. */
  #shareOf(free: number): number {
    let whole = free;
    try {
      for (const { name } of Deno.readDirSync(this.#folder)) {
        whole += sizeOf(`${this.#folder}/${name}`) ?? 0;
      }
    } catch {
      // A folder that cannot be read takes no ballast either.
    }
    return Math.min(this.#bytes, Math.floor(whole * this.#share));
  }

  get #size(): number | undefined {
    try {
      return Deno.statSync(this.#path).size;
    } catch {
      return undefined;
    }
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
