const SLASH = 0x2f;

/** Odd, and another one in each process, so that nobody can think out levels that all have the same hash. */
const MULTIPLIER = Math.floor(Math.random() * 2 ** 32) | 1;

/**
 * One level of a path, looked at in place: making a string of it, and looking that up in a `Map`,
 * would take ten times as long. An instance is to be used again and again.
 */
export class Level {
  #path = "";
  #start = 0;
  #end = 0;
  #hash = -1;

  /** Goes to the level of `path` that begins at offset `start`. */
  set(path: string, start: number): this {
    this.#path = path;
    this.#start = start;
    this.#end = levelEnd(path, start);
    this.#hash = -1;
    return this;
  }

  /** Where the level ends in its path. */
  get end(): number {
    return this.#end;
  }

  /** How many characters the level has. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** A number from 0 up to 2^30 that equal levels have in common, in this process. */
  get hash(): number {
    if (this.#hash >= 0) return this.#hash;
    let hash = this.#end - this.#start;
    for (let i = this.#start; i < this.#end; i++) {
      hash = Math.imul(hash ^ this.#path.charCodeAt(i), MULTIPLIER);
      hash ^= hash >>> 15;
    }
    this.#hash = hash >>> 2;
    return this.#hash;
  }

  /** Whether another path has the same level at offset `at`. */
  isAt(path: string, at: number): boolean {
    const own = this.#path;
    const end = at + this.#end - this.#start;
    if (
      end > path.length || (end < path.length && path.charCodeAt(end) !== SLASH)
    ) return false;
    for (let i = this.#start; at < end; i++, at++) {
      if (own.charCodeAt(i) !== path.charCodeAt(at)) return false;
    }
    return true;
  }
}

/** The offset at which the level that begins at `start` ends. */
export function levelEnd(path: string, start: number): number {
  let end = start;
  while (end < path.length && path.charCodeAt(end) !== SLASH) end++;
  return end;
}
