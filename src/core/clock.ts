/** Where time comes from. Everything that needs the time is given a {@linkcode Clock}, so that tests can own it. */
export interface Clock {
  /** The wall clock's time, in milliseconds since the epoch. It may jump. */
  now(): number;
  /** Milliseconds since some fixed moment. It never goes back. */
  monotonic(): number;
  /** Sets the time that {@linkcode Clock.now} goes on from, where the clock can be set. */
  set?(now: number): void;
  /**
   * Calls `callback` once after `delayMs` milliseconds, and returns what calls that off.
   * Where a clock leaves it out, `setTimeout` does it.
   */
  wake?(callback: () => void, delayMs: number): () => void;
}

/**
 * A clock that starts at the machine's time and then goes on steadily, whatever is done to the machine's: a gateway
 * often boots without knowing the time, and nothing may expire because it is told.
 */
export class SteadyClock implements Clock {
  #epoch = Date.now() - performance.now();

  /** Milliseconds since the epoch, as far as this clock knows. */
  now(): number {
    return this.#epoch + performance.now();
  }

  /** Milliseconds since some fixed moment. */
  monotonic(): number {
    return performance.now();
  }

  /** Sets the time to this one, in milliseconds since the epoch. */
  set(now: number): void {
    this.#epoch = now - performance.now();
  }
}

interface Sleeper {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock for tests: it stands still until {@linkcode ManualClock.advance} moves it. */
export class ManualClock implements Clock {
  #elapsed = 0;
  readonly #epoch: number;
  readonly #sleepers = new Set<Sleeper>();

  /** `epoch` is the wall time to begin with, in milliseconds. */
  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch;
  }

  /** The wall time: the one it began with and what was advanced since. */
  now(): number {
    return this.#epoch + this.#elapsed;
  }

  /** The sum of all that was advanced, in milliseconds. */
  monotonic(): number {
    return this.#elapsed;
  }

  /** Calls `callback` from within the {@linkcode ManualClock.advance} that reaches its time. */
  wake(callback: () => void, delayMs: number): () => void {
    const sleeper = { at: this.#elapsed + Math.max(0, delayMs), callback };
    this.#sleepers.add(sleeper);
    return () => this.#sleepers.delete(sleeper);
  }

  /** Moves time on by `ms` milliseconds and, in their order, calls all who asked to be woken by then. */
  advance(ms: number): void {
    const target = this.#elapsed + ms;
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.at > target) break;
      this.#sleepers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.callback();
    }
    this.#elapsed = Math.max(this.#elapsed, target);
  }

  #earliest(): Sleeper | undefined {
    let earliest: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (earliest === undefined || sleeper.at < earliest.at) {
        earliest = sleeper;
      }
    }
    return earliest;
  }
}
