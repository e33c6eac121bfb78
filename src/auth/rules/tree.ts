import { getOrMake } from "../../core/get_or_make.ts";
import type { Rule } from "./file.ts";

/** What one client puts in the place of `%c` and `%u`; `undefined` where that cannot be. */
export interface Names {
  /** For `%c`: the client identifier. */
  readonly client: string | undefined;
  /** For `%u`: the user's name. */
  readonly user: string | undefined;
}

/** A level of a filter that is a placeholder, and whose it is. */
export const PLACEHOLDERS: ReadonlyMap<string, keyof Names> = new Map([
  ["%c", "client"],
  ["%u", "user"],
]);

/** A level in a topic that stands in no rule: no file of rules can hold this character. */
const NEW_LEVEL = "\0";

/** One level of the filters of rules. */
interface Node {
  /** Rules whose filter ends here. */
  readonly ends: Rule[];
  /** Rules whose filter goes on here with `#`, which takes this level's parent too. */
  readonly rests: Rule[];
  readonly children: Map<string, Node>;
  /** Children that are `+`, `%c` and `%u`. */
  plus?: Node;
  client?: Node;
  user?: Node;
}

/** A place in the search for topics that a filter and a rule both match. */
interface Place {
  readonly node: Node;
  /** The levels of a topic that lead there, or to where the first of them differs. */
  readonly topic: readonly string[];
}

/** Rules by the levels of their filters: a topic is held against those alone that begin as it does. */
export class RuleTree {
  readonly #root = newNode();
  #depth = 0;

  /** The greatest number of levels that a filter in it has, without `#`. */
  get depth(): number {
    return this.#depth;
  }

  /** Takes a rule. In patterns, and only there, `%c` and `%u` are placeholders. */
  add(rule: Rule): void {
    const levels = rule.filter.split("/");
    const isOpen = levels.at(-1) === "#";
    if (isOpen) levels.pop();
    this.#depth = Math.max(this.#depth, levels.length);
    let node = this.#root;
    for (const level of levels) {
      const name = level === "+" ? "plus" : PLACEHOLDERS.get(level);
      node = name === undefined
        ? getOrMake(node.children, level, newNode)
        : node[name] ??= newNode();
    }
    (isOpen ? node.rests : node.ends).push(rule);
  }

  /**
   * Of the rules that match a topic and that `wanted` takes, the one that stands first in the file. A wildcard or a
   * placeholder in the first level does not match a topic that begins with `$` [MQTT-4.7.2-1].
   */
  match(
    topic: readonly string[],
    names: Names,
    wanted: (rule: Rule) => boolean,
  ): Rule | undefined {
    let best: Rule | undefined;
    const consider = (rules: readonly Rule[]) => {
      for (const rule of rules) {
        if (wanted(rule) && (best === undefined || rule.line < best.line)) {
          best = rule;
        }
      }
    };
    let isOpen = !topic[0]!.startsWith("$");
    let nodes: Node[] = [this.#root];
    for (const level of topic) {
      const next: Node[] = [];
      for (const node of nodes) {
        const child = node.children.get(level);
        if (child !== undefined) next.push(child);
        if (!isOpen) continue;
        consider(node.rests);
        if (node.plus !== undefined) next.push(node.plus);
        if (node.client !== undefined && names.client === level) {
          next.push(node.client);
        }
        if (node.user !== undefined && names.user === level) {
          next.push(node.user);
        }
      }
      nodes = next;
      isOpen = true;
      if (nodes.length === 0) return best;
    }
    for (const node of nodes) {
      consider(node.ends);
      consider(node.rests);
    }
    return best;
  }

  /**
   * Gives, for each rule that `wanted` takes and whose topics overlap with a filter's, topics that both match. Where
   * neither says what a level is, it is one that no rule names: what matches such a topic matches all that are like it.
   * Where both end with `#`, there is one topic of each length up to `longest` levels and at least one.
   */
  *overlaps(
    filter: readonly string[],
    names: Names,
    { wanted, longest }: {
      readonly wanted: (rule: Rule) => boolean;
      readonly longest: number;
    },
  ): Generator<readonly string[]> {
    const isOpen = filter.at(-1) === "#";
    const levels = isOpen ? filter.slice(0, -1) : filter;
    const todo: Place[] = [{ node: this.#root, topic: [] }];
    for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
      const { node, topic } = place;
      const at = topic.length;
      const reachesEnd = at === levels.length || isOpen && at > levels.length;
      const isTopic = at > 0 && !isNoTopic(topic);
      if (isTopic && reachesEnd && node.ends.some(wanted)) yield topic;
      const goesOn = at <= levels.length || isOpen;
      const isReserved = at === 0 && levels[0]?.startsWith("$");
      if (goesOn && !isReserved && node.rests.some(wanted)) {
        const rest = levels.slice(at).map((level) =>
          level === "+" ? NEW_LEVEL : level
        );
        const both = [...topic, ...rest];
        if (both.length === 0 || isOpen && isNoTopic(both)) {
          both.push(NEW_LEVEL);
        }
        if (!isNoTopic(both)) yield [...both];
        while (isOpen && both.length < longest) {
          both.push(NEW_LEVEL);
          yield [...both];
        }
      }
      if (at < levels.length || isOpen) {
        for (const [level, child] of steps(node, names, levels[at] ?? "+")) {
          if (at > 0 || !isReservedStep(level, node, child, levels[0])) {
            todo.push({ node: child, topic: [...topic, level] });
          }
        }
      }
    }
  }
}

/** The children that a level of a filter overlaps with, and the level of a topic that both match. */
function* steps(
  node: Node,
  names: Names,
  level: string,
): Generator<[string, Node]> {
  if (level === "+") {
    yield* node.children;
    if (node.plus !== undefined) yield [NEW_LEVEL, node.plus];
  } else {
    const child = node.children.get(level);
    if (child !== undefined) yield [level, child];
    if (node.plus !== undefined) yield [level, node.plus];
  }
  for (const key of ["client", "user"] as const) {
    const child = node[key];
    const name = names[key];
    if (child === undefined || name === undefined) continue;
    if (level === "+" || level === name) yield [name, child];
  }
}

/** Whether a first level begins with `$` where the filter or the rule has a wildcard or a placeholder for it. */
function isReservedStep(
  level: string,
  parent: Node,
  child: Node,
  wanted: string | undefined,
): boolean {
  return level.startsWith("$") &&
    (wanted !== level || parent.children.get(level) !== child);
}

/** Whether levels are those of the empty string, which "/#" matches in name alone: no topic is empty [MQTT-4.7.3-1]. */
function isNoTopic(levels: readonly string[]): boolean {
  return levels.length === 1 && levels[0] === "";
}

function newNode(): Node {
  return { ends: [], rests: [], children: new Map() };
}
