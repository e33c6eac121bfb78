import type { Limits } from "../core/limits.ts";

/**
 * What clients may use that come through one listener, or that are one user: what is left out is not limited beyond
 * what holds for all.
 */
export interface ClientLimits {
  /** Connections at the same time; for a user, clients. */
  readonly connections?: number;
  /** Of these from one address; not for users. */
  readonly connectionsPerAddress?: number;
  /** New connections a second: a listener lets those beyond wait, a user's are refused. */
  readonly connectsPerSecond?: number;
  /** Messages published a second: by each client of a listener, by all clients of a user. Those beyond wait. */
  readonly publishesPerSecond?: number;
  /** Bytes sent to the broker a second, in the same way. */
  readonly bytesPerSecond?: number;
  /** Of the broker's limits those that are to be lower: sizes, subscriptions, messages in flight and in queues. */
  readonly limits?: Partial<Limits>;
}

/** The lower one of each limit. */
export function lowerLimits(
  limits: Limits,
  ...others: readonly (Partial<Limits> | undefined)[]
): Limits {
  const lower: Record<keyof Limits, number> = { ...limits };
  for (const other of others) {
    for (const [name, value] of Object.entries(other ?? {})) {
      const key = name as keyof Limits;
      lower[key] = Math.min(lower[key], value);
    }
  }
  return lower;
}
