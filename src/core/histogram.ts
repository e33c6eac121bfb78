/** Upper bounds of buckets for what takes from a tenth of a millisecond to seconds, in seconds. */
export const DURATION_BOUNDS: readonly number[] = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
];

/** What a {@linkcode Histogram} holds at one moment. */
export interface HistogramSnapshot {
  /** How many values fell into each bucket, one more than there are bounds; not summed up. */
  readonly counts: readonly number[];
  /** The sum of all values, in seconds. */
  readonly sum: number;
}

/** Counts how often something took how long, in buckets. Recording costs some nanoseconds and no memory. */
export class Histogram {
  /** The upper bounds of its buckets, rising, in seconds; one more bucket takes what is above the last. */
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** An empty one. */
  constructor(bounds: readonly number[] = DURATION_BOUNDS) {
    this.bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** Counts one value, in milliseconds. */
  record(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += seconds;
  }

  /** What it holds now. */
  snapshot(): HistogramSnapshot {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}

/** Below which value, in seconds, so great a part of all values are, as far as the buckets tell; `undefined` of none. */
export function quantile(
  bounds: readonly number[],
  { counts }: HistogramSnapshot,
  part: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [at, count] of counts.entries()) {
    seen += count;
    if (seen >= total * part) return bounds[at] ?? Infinity;
  }
  return Infinity;
}
