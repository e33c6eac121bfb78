import type { Timer, Timers } from "../../core/timer_wheel.ts";

/** Answers that may wait at the same time: beyond that they go at once, so that nobody can fill the memory with them. */
const MOST = 256;

/** Lets answers wait. */
export class LateAnswers {
  readonly #timers: Timers;
  readonly #waiting = new Map<() => void, Timer>();

  /** Has them wait with these timers. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Resolves after so many milliseconds, and at once where too many wait already or there is nothing to wait for. */
  wait(ms: number): Promise<void> {
    if (ms <= 0 || this.#waiting.size >= MOST) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#timers.schedule(ms, () => {
        this.#waiting.delete(resolve);
        resolve();
      });
      this.#waiting.set(resolve, timer);
    });
  }

  /** Lets all go at once. */
  close(): void {
    for (const [resolve, timer] of this.#waiting) {
      timer.cancel();
      resolve();
    }
    this.#waiting.clear();
  }
}
