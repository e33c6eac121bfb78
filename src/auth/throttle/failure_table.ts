/** When failures lead to a ban, and how long one lasts. */
export interface BanRules {
  /** Failures that lead to a ban. */
  readonly failures: number;
  /** Milliseconds of the first ban; each one after it is twice as long. */
  readonly firstBan: number;
  /** Milliseconds of the longest ban. */
  readonly longestBan: number;
}

/** What came of a failure. */
export interface FailureResult {
  /** Failures since the last ban, this one included. */
  readonly failures: number;
  /** Milliseconds of the ban that it led to, 0 if to none. */
  readonly ban: number;
  /** Whether there was a ban before, not long ago. */
  readonly again: boolean;
}

interface Entry {
  /** Whose failures they are, for {@linkcode FailureTable.forget}. */
  readonly user: string;
  failures: number;
  /** When the last one was. */
  last: number;
  /** Until when nothing is let through. */
  until: number;
  /** Bans so far. */
  bans: number;
}

/** Milliseconds after which failures that led to no ban are forgotten. */
const FAILURES_LAST = 10 * 60_000;
/** Milliseconds after the end of a ban in which nothing may happen for the next one to be a first one again. */
const BANS_LAST = 60 * 60_000;
/** Keys that are remembered. */
const SIZE = 4096;

/**
 * Counts failures under keys, and says who is banned. Time comes in as an argument, in milliseconds of any steady clock.
 * Bounded: those whose last failure is longest ago are forgotten first.
 */
export class FailureTable {
  readonly #rules: BanRules;
  /** In the order of their last failures. */
  readonly #entries = new Map<string, Entry>();

  /** Knows of no failures. */
  constructor(rules: BanRules) {
    this.#rules = rules;
  }

  /** Milliseconds for which this key is still banned, 0 if it is not. */
  bannedFor(key: string, now: number): number {
    return Math.max(0, (this.#entries.get(key)?.until ?? 0) - now);
  }

  /** Counts a failure. */
  fail(key: string, user: string, now: number): FailureResult {
    const entry = this.#entries.get(key) ??
      { user, failures: 0, last: now, until: 0, bans: 0 };
    this.#entries.delete(key);
    if (now - entry.last > FAILURES_LAST) entry.failures = 0;
    if (now - Math.max(entry.last, entry.until) > BANS_LAST) entry.bans = 0;
    entry.last = now;
    entry.failures += 1;
    this.#entries.set(key, entry);
    this.#shrink(now);
    const { failures } = entry;
    const again = entry.bans > 0;
    if (failures < this.#rules.failures) return { failures, ban: 0, again };
    const { firstBan, longestBan } = this.#rules;
    const ban = Math.min(longestBan, firstBan * 2 ** Math.min(entry.bans, 30));
    entry.until = now + ban;
    entry.bans += 1;
    entry.failures = 0;
    return { failures, ban, again };
  }

  /** Takes failures back that were those of somebody who knew the password after all. */
  takeBack(key: string, failures: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.failures = Math.max(0, entry.failures - failures);
    }
  }

  /** Forgets a key, and returns how many failures it had since its last ban. */
  reset(key: string): number {
    const failures = this.#entries.get(key)?.failures ?? 0;
    this.#entries.delete(key);
    return failures;
  }

  /** Forgets all that these users did. */
  forget(users: ReadonlySet<string>): void {
    for (const [key, { user }] of this.#entries) {
      if (users.has(user)) this.#entries.delete(key);
    }
  }

  /** Keys remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /** Makes room, for bans that are in force last of all. */
  #shrink(now: number): void {
    if (this.#entries.size <= SIZE) return;
    let oldest: string | undefined;
    for (const [key, { until }] of this.#entries) {
      oldest ??= key;
      if (until > now) continue;
      oldest = key;
      break;
    }
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
