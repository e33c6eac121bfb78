import type { Clock } from "../../core/clock.ts";
import type { Limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";

/** Milliseconds that a take-over counts. */
const WINDOW = 10_000;
/** Milliseconds that the first newcomer waits; the next ones twice as long, up to {@linkcode LONGEST_WAIT}. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8_000;
/** Milliseconds without a take-over after which a contest is over. */
const QUIET = 30_000;
/** Milliseconds between two lines about the same client identifier. */
const LINE_PERIOD = 60_000;
/** Client identifiers that are remembered. */
const MOST = 10_000;

/** What is remembered of one client identifier. */
interface Contest {
  /** When it was taken over, the last ones. */
  times: number[];
  /** What the last newcomer waited. */
  wait: number;
  /** When the last line was written. */
  toldAt: number;
}

/** What a {@linkcode TakeoverRate} works with. */
export interface TakeoverRateOptions {
  /** Where it is told of two devices with one client identifier. */
  readonly log: Log;
  /** The time to pace with. */
  readonly clock: Clock;
  /** How often one client identifier may be taken over before that is taken for two devices' fight. */
  readonly limits: Pick<Limits, "takeovers">;
}

/**
 * Notices when two devices with one client identifier throw each other out again and again, and says how long the
 * newcomer is to wait. A device that comes back after its connection was lost takes over from itself once, and waits
 * for nothing.
 */
export class TakeoverRate {
  readonly #options: TakeoverRateOptions;
  readonly #contests = new Map<string, Contest>();

  /** Remembers nothing yet. */
  constructor(options: TakeoverRateOptions) {
    this.#options = options;
  }

  /**
   * Notes that a connection from `newcomer` takes over from the one from `present`; returns how many milliseconds it is
   * to wait before it does.
   */
  takeover(clientId: string, present: string, newcomer: string): number {
    const { clock, limits } = this.#options;
    const now = clock.monotonic();
    const contest = this.#contest(clientId);
    const goesOn = contest.wait > 0 && now - contest.times.at(-1)! < QUIET;
    contest.times = contest.times.filter((time) => now - time < WINDOW);
    contest.times.push(now);
    if (!goesOn && contest.times.length < limits.takeovers) {
      contest.wait = 0;
      return 0;
    }
    contest.wait = Math.min(
      LONGEST_WAIT,
      contest.wait === 0 ? FIRST_WAIT : contest.wait * 2,
    );
    if (now - contest.toldAt >= LINE_PERIOD) {
      contest.toldAt = now;
      this.#options.log.warn(
        "Two devices with one client identifier throw each other out: give them different ones",
        { client: clientId, address: present, other: newcomer },
      );
    }
    return contest.wait;
  }

  #contest(clientId: string): Contest {
    const known = this.#contests.get(clientId);
    if (known !== undefined) {
      // The last ones that came are kept.
      this.#contests.delete(clientId);
      this.#contests.set(clientId, known);
      return known;
    }
    if (this.#contests.size >= MOST) {
      this.#contests.delete(this.#contests.keys().next().value!);
    }
    const contest = { times: [], wait: 0, toldAt: -Infinity };
    this.#contests.set(clientId, contest);
    return contest;
  }
}
