/** The packet identifiers of what a client sends and waits to be answered. */
export class PacketIds {
  readonly #used = new Set<number>();
  #last = 0;

  /** One that is free, from 1 to 65535. */
  take(): number {
    if (this.#used.size === 65_535) {
      throw new RangeError("Cannot send: all packet identifiers are in use");
    }
    do this.#last = this.#last % 65_535 + 1; while (this.#used.has(this.#last));
    this.#used.add(this.#last);
    return this.#last;
  }

  /** It is free again. */
  release(packetId: number): void {
    this.#used.delete(packetId);
  }
}
