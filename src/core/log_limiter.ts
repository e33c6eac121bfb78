import type { Log, LogFields } from "./log.ts";

/** Under which name clients are counted together while too many are remembered one by one. */
const OTHERS = "(more)";

interface Entry {
  /** The client, as it is named in the line. */
  client: string;
  /** Milliseconds on the caller's clock until which nothing is written for this client. */
  until: number;
  /** Events since the last line. */
  count: number;
  fields: LogFields;
}

/** How {@linkcode LogLimiter} limits. */
export interface LogLimiterOptions {
  /** Milliseconds between two lines for one client. Default 60,000. */
  readonly period?: number;
  /** Clients remembered one by one; those above share one line. Default 1,000. */
  readonly clients?: number;
  /** The name of the field that says which client it was, or whatever is told apart. Default `client`. */
  readonly subject?: string;
  /** How loud it is told. Default `warn`. */
  readonly level?: "info" | "warn";
}

/**
 * Tells of what one client may cause a thousand times a second, such as drops: the first time at once,
 * then at most once a period for each client, with the number of events since. One limiter for each kind
 * of event; its memory is bounded. Time comes in as an argument, in milliseconds of any steady clock.
 */
export class LogLimiter {
  readonly #log: Log;
  readonly #message: string;
  readonly #period: number;
  readonly #clients: number;
  readonly #subject: string;
  readonly #level: "info" | "warn";
  /** In the order of `until`: an entry that is written anew moves to the end. */
  readonly #entries = new Map<string, Entry>();

  /** Warns with `message` on `log`. */
  constructor(log: Log, message: string, options: LogLimiterOptions = {}) {
    this.#log = log;
    this.#message = message;
    this.#period = options.period ?? 60_000;
    this.#clients = options.clients ?? 1_000;
    this.#subject = options.subject ?? "client";
    this.#level = options.level ?? "warn";
  }

  /**
   * Counts events of a client, and writes a line if its last one is long enough ago. With a `key`, those of one key are
   * counted together, in place of those of one client.
   */
  note(
    client: string,
    now: number,
    count = 1,
    fields: LogFields = {},
    key = client,
  ): void {
    let entry = this.#entries.get(key);
    if (entry === undefined && this.#entries.size >= this.#clients) {
      this.sweep(now);
      if (this.#entries.size >= this.#clients) {
        key = client = OTHERS;
        fields = {};
        entry = this.#entries.get(OTHERS);
      }
    }
    if (entry === undefined) {
      entry = { client, until: now, count: 0, fields };
      this.#entries.set(key, entry);
    }
    entry.count += count;
    entry.fields = fields;
    if (now >= entry.until) this.#write(key, entry, now);
  }

  /**
   * Writes the lines that are due, so that the end of a burst is told too, and forgets clients that were
   * quiet for a period. To be called about once a period.
   */
  sweep(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now < entry.until) return;
      if (entry.count === 0) this.#entries.delete(key);
      else this.#write(key, entry, now);
    }
  }

  /** The number of clients remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  #write(key: string, entry: Entry, now: number): void {
    this.#log[this.#level](this.#message, {
      [this.#subject]: entry.client,
      ...entry.fields,
      count: entry.count,
    });
    entry.count = 0;
    entry.until = now + this.#period;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }
}
