const WORDS = 65_536 / 32;

/**
 * A set of packet identifiers, 1 to 65,535: the QoS 2 messages received whose PUBREL has not come. One bit each,
 * allocated with the first.
 */
export class PacketIdSet implements Iterable<number> {
  #words: Uint32Array | undefined;
  #size = 0;

  /** How many identifiers are in the set. */
  get size(): number {
    return this.#size;
  }

  /** The identifiers in ascending order. */
  *[Symbol.iterator](): Iterator<number> {
    if (this.#size === 0) return;
    for (let id = 1; id <= 65_535; id++) if (this.has(id)) yield id;
  }

  /** Whether the identifier is in the set. */
  has(id: number): boolean {
    return this.#words !== undefined &&
      (this.#words[id >>> 5]! & (1 << (id & 31))) !== 0;
  }

  /** Adds an identifier; says whether it was not there before. */
  add(id: number): boolean {
    if (this.has(id)) return false;
    this.#words ??= new Uint32Array(WORDS);
    this.#words[id >>> 5]! |= 1 << (id & 31);
    this.#size++;
    return true;
  }

  /** Removes an identifier; says whether it was there. */
  delete(id: number): boolean {
    if (!this.has(id)) return false;
    this.#words![id >>> 5]! &= ~(1 << (id & 31));
    this.#size--;
    return true;
  }
}
