import {
  childAt,
  hasLevelAt,
  levelEnd,
  type PathNode,
  PathTree,
} from "./path_tree.ts";
import {
  pushValues,
  removeValue,
  valueCount,
  type ValueSet,
  withValue,
} from "./value_set.ts";

const PLUS = 0x2b;
const HASH = 0x23;
const DOLLAR = 0x24;
const KEEP_FRONTIER = 1024;

/** The nodes that fit the topic up to some level, and how far each one's path was followed. */
interface Frontier<T> {
  nodes: PathNode<ValueSet<T>>[];
  /** Where the next level begins in the node's path; one past its end where none is left. */
  offsets: number[];
  count: number;
}

/**
 * Topic filters, each with the values that stand under it, and quick to tell all that match a topic.
 *
 * A match goes through the topic once, level by level, with the set of all tree positions that fit
 * so far. That set is never larger than the number of filters whose beginning fits, and the walk
 * ends with the set, however many levels the topic has. Filters and topics must be valid ones.
 */
export class SubscriptionTree<T> {
  readonly #tree = new PathTree<ValueSet<T>>();
  #generation = 0;
  #size = 0;
  #here: Frontier<T> = { nodes: [], offsets: [], count: 0 };
  #next: Frontier<T> = { nodes: [], offsets: [], count: 0 };

  /** Changes whenever the result of a match could: for caches of matches. */
  get generation(): number {
    return this.#generation;
  }

  /** How many pairs of a filter and a value there are. */
  get size(): number {
    return this.#size;
  }

  /** Puts `value` under `filter`. A value may stand under many filters; under the same one it does once. */
  insert(filter: string, value: T): void {
    const node = this.#tree.ensure(filter);
    const before = node.entry === undefined ? 0 : valueCount(node.entry);
    node.entry = withValue(node.entry, value);
    if (valueCount(node.entry) === before) return;
    this.#size++;
    this.#generation++;
  }

  /** Takes `value` away from under `filter`, and tells whether it was there. */
  remove(filter: string, value: T): boolean {
    const node = this.#tree.find(filter);
    if (node?.entry === undefined || !removeValue(node.entry, value)) {
      return false;
    }
    this.#size--;
    this.#generation++;
    if (valueCount(node.entry) === 0) {
      node.entry = undefined;
      this.#tree.prune(filter);
    }
    return true;
  }

  /**
   * Adds to `out` the values under all filters that match `topic`, in no order, once for each such
   * filter. Filters that begin with a wildcard do not see topics that begin with `$` [MQTT-4.7.2-1].
   */
  match(topic: string, out: T[]): void {
    const hidden = topic.charCodeAt(0) === DOLLAR;
    let start = levelEnd(topic, 0) + 1;
    this.#here.count = 0;
    this.#descend(
      this.#tree.root,
      0,
      topic.substring(0, start - 1),
      !hidden,
      out,
    );
    if (!hidden) this.#pushChild(this.#tree.root, "#", 0, out);
    this.#swap();
    while (start <= topic.length && this.#here.count > 0) {
      const end = levelEnd(topic, start);
      this.#step(topic.substring(start, end), out);
      start = end + 1;
    }
    const { nodes, offsets, count } = this.#here;
    for (let i = 0; i < count; i++) {
      const node = nodes[i] as PathNode<ValueSet<T>>;
      if (node.entry !== undefined && offsets[i] === node.path.length + 1) {
        pushValues(node.entry, out);
      }
    }
    if (nodes.length > KEEP_FRONTIER) {
      this.#here = { nodes: [], offsets: [], count: 0 };
    }
  }

  /** Follows all positions of `#here` by one level of the topic. */
  #step(level: string, out: T[]): void {
    const { nodes, offsets, count } = this.#here;
    for (let i = 0; i < count; i++) {
      const node = nodes[i] as PathNode<ValueSet<T>>;
      const at = offsets[i] as number;
      const path = node.path;
      if (at > path.length) {
        if (node.children !== undefined) {
          this.#descend(node, at, level, true, out);
        }
      } else if (path.charCodeAt(at) === PLUS) {
        this.#enter(node, at + 2, out);
      } else if (hasLevelAt(path, level, at)) {
        this.#enter(node, at + level.length + 1, out);
      }
    }
    this.#swap();
  }

  /** Goes on from the end of a node's path to the children that fit the level. */
  #descend(
    node: PathNode<ValueSet<T>>,
    at: number,
    level: string,
    wildcards: boolean,
    out: T[],
  ): void {
    const same = childAt(node, level, at);
    if (same !== undefined) this.#enter(same, at + level.length + 1, out);
    if (!wildcards) return;
    const plus = childAt(node, "+", at);
    if (plus !== undefined) this.#enter(plus, at + 2, out);
  }

  /** Adds a position to the next ones; a `#` that follows there matches whatever comes. */
  #enter(node: PathNode<ValueSet<T>>, at: number, out: T[]): void {
    if (at > node.path.length) {
      if (node.children !== undefined) this.#pushChild(node, "#", at, out);
    } else if (node.path.charCodeAt(at) === HASH) {
      if (node.entry !== undefined) pushValues(node.entry, out);
      return;
    }
    const next = this.#next;
    next.nodes[next.count] = node;
    next.offsets[next.count++] = at;
  }

  #pushChild(
    node: PathNode<ValueSet<T>>,
    level: string,
    at: number,
    out: T[],
  ): void {
    const entry = childAt(node, level, at)?.entry;
    if (entry !== undefined) pushValues(entry, out);
  }

  #swap(): void {
    const here = this.#next;
    this.#next = this.#here;
    this.#next.count = 0;
    this.#here = here;
  }
}
