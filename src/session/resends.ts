/** What was under way when a client's last connection ended, and is to be sent again, oldest first [MQTT-4.4.0-1]. */
export class Resends {
  #identifiers: readonly number[] = [];
  #next = 0;

  /** Whether nothing is left. */
  get empty(): boolean {
    return this.#next === this.#identifiers.length;
  }

  /** Begins with these packet identifiers. */
  begin(identifiers: readonly number[]): void {
    this.#identifiers = identifiers;
    this.#next = 0;
  }

  /** The next packet identifier, left where it is; `undefined` where none is left. */
  peek(): number | undefined {
    return this.#identifiers[this.#next];
  }

  /** Goes on behind it. */
  advance(): void {
    this.#next++;
    if (this.empty) this.begin([]);
  }
}
