import type { Rule } from "./file.ts";
import type { Names } from "./tree.ts";
import { RuleTree } from "./tree.ts";

/** Rules for one subject. */
export interface SubjectRules {
  /** Those that forbid. */
  readonly denials: RuleTree;
  /** Those that allow something. */
  readonly grants: RuleTree;
}

/** What is asked of the rules of a topic. */
export type Access = "read" | "write";

/** Rules that are asked together: what one of them forbids, none of the others allows. */
export interface Layer {
  /** Those that forbid. */
  readonly denials: readonly RuleTree[];
  /** Those that allow something. */
  readonly grants: readonly RuleTree[];
}

/** What the rules say of one topic. */
export interface Verdict {
  /** Whether it is allowed. */
  readonly allowed: boolean;
  /** The rule that says so; none where no rule speaks of it. */
  readonly rule?: Rule;
}

const NOBODY_SPEAKS: Verdict = { allowed: false };
const ANY = () => true;
const WANTED = {
  read: (rule: Rule) => rule.access !== "write",
  write: (rule: Rule) => rule.access !== "read",
};

/** A book without rules. */
export function noRules(): SubjectRules {
  return { denials: new RuleTree(), grants: new RuleTree() };
}

/** Puts a rule into a book. */
export function enter(rule: Rule, { denials, grants }: SubjectRules): void {
  (rule.access === "deny" ? denials : grants).add(rule);
}

/**
 * The levels of a topic that rules can tell apart: those that the deepest rule has, and two more that stand for all that
 * follow. So a topic of thousands of levels takes no longer than others.
 */
export function levelsOf(layers: readonly Layer[], topic: string): string[] {
  return topic.split("/", depthOf(layers) + 2);
}

/** The same for a filter, which keeps its `#`. */
function filterLevels(layers: readonly Layer[], filter: string): string[] {
  const levels = levelsOf(layers, filter);
  if (filter.endsWith("#") && levels.at(-1) !== "#") levels.push("#");
  return levels;
}

/** The levels of the deepest rule, without `#`. */
function depthOf(layers: readonly Layer[]): number {
  let depth = 0;
  for (const { denials, grants } of layers) {
    for (const tree of denials) depth = Math.max(depth, tree.depth);
    for (const tree of grants) depth = Math.max(depth, tree.depth);
  }
  return depth;
}

/** Asks layers one by one: the first that has a rule for the topic decides, and in it one that forbids. */
export function judge(
  layers: readonly Layer[],
  names: Names,
  { topic, access }: {
    readonly topic: readonly string[];
    readonly access: Access;
  },
): Verdict {
  for (const { denials, grants } of layers) {
    const denial = firstOf(denials, names, topic, ANY);
    if (denial !== undefined) return { allowed: false, rule: denial };
    const grant = firstOf(grants, names, topic, WANTED[access]);
    if (grant !== undefined) return { allowed: true, rule: grant };
  }
  return NOBODY_SPEAKS;
}

function firstOf(
  trees: readonly RuleTree[],
  names: Names,
  topic: readonly string[],
  wanted: (rule: Rule) => boolean,
): Rule | undefined {
  let best: Rule | undefined;
  for (const tree of trees) {
    const rule = tree.match(topic, names, wanted);
    if (rule !== undefined && (best === undefined || rule.line < best.line)) {
      best = rule;
    }
  }
  return best;
}

/**
 * Asks whether some topic that a filter matches may be read. It is enough to ask for some topics: for each rule that
 * allows and overlaps with the filter, those in which every level that is left open is one that no rule names, since a
 * rule that forbids such a topic forbids all that are like it; of each length up to one more than any rule that forbids
 * can tell apart.
 */
export function judgeFilter(
  layers: readonly Layer[],
  names: Names,
  filter: string,
): Verdict {
  const depths = layers.flatMap(({ denials }) =>
    denials.map(({ depth }) => depth)
  );
  const levels = filterLevels(layers, filter);
  const options = { wanted: WANTED.read, longest: Math.max(0, ...depths) + 1 };
  let denied: Rule | undefined;
  for (const { grants } of layers) {
    for (const tree of grants) {
      for (const topic of tree.overlaps(levels, names, options)) {
        const verdict = judge(layers, names, { topic, access: "read" });
        if (verdict.allowed) return verdict;
        denied ??= verdict.rule;
      }
    }
  }
  // No rule allows any: one that forbids may still be worth naming. Wildcards count as levels that no rule names.
  const asked = { topic: levels, access: "read" } as const;
  denied ??= judge(layers, names, asked).rule;
  return denied === undefined
    ? NOBODY_SPEAKS
    : { allowed: false, rule: denied };
}
