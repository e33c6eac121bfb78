import type { Clock } from "./clock.ts";
import type { Log, LogFields } from "./log.ts";
import { LogLimiter } from "./log_limiter.ts";
import type { Timer, Timers } from "./timer_wheel.ts";

/** Milliseconds between two lines for one client. */
const PERIOD = 60_000;

/** What a {@linkcode LimitedLog} works with. */
export interface LimitedLogOptions {
  /** Where the lines go. */
  readonly log: Log;
  /** The time to pace with. */
  readonly clock: Clock;
  /** Call when the next line is due. */
  readonly timers: Timers;
  /** What is told apart: the name of a field of the line. Default `client`. */
  readonly subject?: string;
  /** How many subjects are told one by one; those above share one line. Default 1,000, and 100 for addresses. */
  readonly subjects?: number;
  /** How loud it is told. Default `warn`. */
  readonly level?: "info" | "warn";
}

/** A {@linkcode LogLimiter} that sees by itself to the last line of a burst, and sleeps when there is none. */
export class LimitedLog {
  readonly #limiter: LogLimiter;
  readonly #options: LimitedLogOptions;
  #timer: Timer | undefined;

  /** Tells `message`, once for each client, or other subject, and minute. */
  constructor(message: string, options: LimitedLogOptions) {
    const { log, subject = "client", level = "warn" } = options;
    const { subjects: clients = subject === "address" ? 100 : 1000 } = options;
    this.#limiter = new LogLimiter(log, message, {
      period: PERIOD,
      clients,
      subject,
      level,
    });
    this.#options = options;
  }

  /** Counts events of a client, or with one key, and writes a line if the last one is long enough ago. */
  note(client: string, count: number, fields: LogFields, key = client): void {
    const { clock, timers } = this.#options;
    this.#limiter.note(client, clock.monotonic(), count, fields, key);
    if (this.#timer?.active) return;
    this.#timer ??= timers.schedule(PERIOD, () => this.#sweep());
    if (!this.#timer.active) this.#timer.reschedule(PERIOD);
  }

  #sweep(): void {
    this.#limiter.sweep(this.#options.clock.monotonic());
    if (this.#limiter.size > 0) this.#timer?.reschedule(PERIOD);
  }
}
