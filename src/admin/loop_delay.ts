import { Histogram } from "../core/histogram.ts";

/** Milliseconds between two looks. */
const INTERVAL = 500;

/** Measures by how much timers come late: for so long nobody was served. Runs only while somebody looks at figures. */
export class LoopDelay implements Disposable {
  /** How late they were. */
  readonly delays: Histogram = new Histogram();
  readonly #timer: ReturnType<typeof setInterval>;

  /** Looks from now on. */
  constructor() {
    let due = performance.now() + INTERVAL;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.delays.record(Math.max(0, now - due));
      due = now + INTERVAL;
    }, INTERVAL);
  }

  /** Looks no more. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
