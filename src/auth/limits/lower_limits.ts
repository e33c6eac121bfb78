import type { Limits } from "../../core/limits.ts";
import type { ScopedLimits } from "../../core/scoped_limits.ts";

/** Limits of the broker that a listener or a user may have lower. */
const LOWER = [
  "maximumPacketSize",
  "subscriptionsPerClient",
  "maximumInflight",
  "queuedMessages",
  "queuedBytes",
] as const satisfies readonly (keyof ScopedLimits & keyof Limits)[];

/** The limits, each as low as the lowest of these says; the same object where none is lower. */
export function lowerLimits(limits: Limits, scoped: ScopedLimits): Limits {
  const lower: Partial<Record<keyof Limits, number>> = {};
  for (const key of LOWER) {
    const value = scoped[key];
    if (value !== undefined && value < limits[key]) lower[key] = value;
  }
  return Object.keys(lower).length === 0 ? limits : { ...limits, ...lower };
}
