/** Decisions that a seed brings again, each part of a test with its own, however the parts interleave. */
export class Random {
  readonly #seed: string;
  #state: number;

  /** Begins the decisions of this seed. */
  constructor(seed: string) {
    this.#seed = seed;
    this.#state = 0x811C9DC5;
    for (const byte of new TextEncoder().encode(seed)) {
      this.#state = Math.imul(this.#state ^ byte, 0x01000193);
    }
  }

  /** The decisions of a part. */
  of(part: string): Random {
    return new Random(`${this.#seed}/${part}`);
  }

  /** A number from 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to `end`, without it. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Whether one case out of so many comes. */
  oneIn(cases: number): boolean {
    return this.below(cases) === 0;
  }

  /** One of these. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}
