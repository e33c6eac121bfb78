/** Free buffers kept for reuse, in all: making a large one anew costs more than copying it. */
const KEPT = 16;

const free: SharedBuffer[] = [];

/**
 * A large buffer that several hold at the same time: the connection that read into it, and the Outboxes of all who
 * are sent a part of it as it is. When the last one lets go it is used again.
 */
export class SharedBuffer {
  /** Its memory; nobody writes to it while more than one holds it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #holders = 1;

  private constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  /** A buffer of this length with one holder. What is in it is of no meaning. */
  static take(length: number): SharedBuffer {
    for (let at = free.length - 1; at >= 0; at--) {
      const buffer = free[at]!;
      if (buffer.bytes.length !== length) continue;
      free.splice(at, 1);
      buffer.#holders = 1;
      return buffer;
    }
    return new SharedBuffer(length);
  }

  /** Whether somebody else holds it too. */
  get shared(): boolean {
    return this.#holders > 1;
  }

  /** Adds a holder. */
  hold(): void {
    this.#holders++;
  }

  /** Takes a holder away. */
  release(): void {
    if (--this.#holders > 0) return;
    if (free.length >= KEPT) free.shift();
    free.push(this);
  }
}
