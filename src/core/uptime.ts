import type { Clock } from "./clock.ts";

/** The machine's own clock, which others set. */
const MACHINE: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Beyond so many milliseconds a clock was set; below, it was only kept right. */
const SET = 10_000;

/** How long something has run, and since when, whatever becomes of the machine's clock meanwhile. */
export class Uptime {
  readonly #clock: Clock;
  readonly #began: number;
  #startedAt: number;

  /** Begins now. */
  constructor(clock: Clock = MACHINE) {
    this.#clock = clock;
    this.#began = clock.monotonic();
    this.#startedAt = clock.now();
  }

  /** For how many milliseconds. */
  get milliseconds(): number {
    return this.#clock.monotonic() - this.#began;
  }

  /** Since when, in milliseconds since the epoch, by the clock as it was set last. */
  get startedAt(): number {
    const startedAt = this.#clock.now() - this.milliseconds;
    if (Math.abs(startedAt - this.#startedAt) > SET) {
      this.#startedAt = startedAt;
    }
    return this.#startedAt;
  }
}
