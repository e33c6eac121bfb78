import type { Durability } from "../../store/durability.ts";
import { matches } from "./filter.ts";

/** The durability of the topics that a filter matches. */
export interface DurabilityRule {
  /** A valid topic filter. */
  readonly filter: string;
  /** What holds for its topics. */
  readonly durability: Durability;
}

/**
 * How durable what is published to a topic is: as its most specific filter says, and where none matches, as all else.
 * Filters are compared level by level: at the first one that differs a name beats `+`, and `+` beats `#`.
 */
export class DurabilityRules {
  /** What holds for topics that no filter matches, and for sessions with all that is not a message. */
  readonly overall: Durability;
  /** The rules, the most specific ones first. */
  readonly rules: readonly DurabilityRule[];

  /** Takes one rule for each filter at most, in any order. */
  constructor(
    overall: Durability = "commit",
    rules: readonly DurabilityRule[] = [],
  ) {
    this.overall = overall;
    this.rules = rules.toSorted((a, b) => compare(a.filter, b.filter));
  }

  /** What holds for a topic. */
  of(topic: string): Durability {
    for (const { filter, durability } of this.rules) {
      if (matches(filter, topic)) return durability;
    }
    return this.overall;
  }
}

/** Below 0 where `a` is the more specific one of two filters that match the same topic. */
function compare(a: string, b: string): number {
  const [levelsA, levelsB] = [a.split("/"), b.split("/")];
  for (let at = 0; at < Math.max(levelsA.length, levelsB.length); at++) {
    const difference = rank(levelsA[at]) - rank(levelsB[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A filter that has ended says as much as one with a name. */
function rank(level: string | undefined): number {
  return level === "#" ? 2 : level === "+" ? 1 : 0;
}
