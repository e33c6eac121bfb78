import { Level } from "./level.ts";
import { childAt, type PathNode, PathTree } from "./path_tree.ts";
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
const ANY = new Level().set("+", 0);
const REST = new Level().set("#", 0);

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
  readonly #level = new Level();
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

  /** Notes that who gets what has changed otherwise: whoever stands here may receive other topics than before. */
  routesChanged(): void {
    this.#generation++;
  }

  /** Whether there is any filter whose first level is this one. */
  hasLevel(first: string): boolean {
    const { root } = this.#tree;
    return childAt(root, this.#level.set(first, 0), 0) !== undefined;
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
    const level = this.#level.set(topic, 0);
    const root = this.#tree.root;
    this.#descend(root, 0, level, out);
    if (topic.charCodeAt(0) !== DOLLAR) {
      this.#descend(root, 0, ANY, out);
      this.#pushChild(root, REST, 0, out);
    }
    this.#swap();
    while (level.end < topic.length && this.#here.count > 0) {
      this.#step(level.set(topic, level.end + 1), out);
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
  #step(level: Level, out: T[]): void {
    const { nodes, offsets, count } = this.#here;
    for (let i = 0; i < count; i++) {
      const node = nodes[i] as PathNode<ValueSet<T>>;
      const at = offsets[i] as number;
      if (at <= node.path.length) {
        if (node.path.charCodeAt(at) === PLUS) this.#enter(node, at + 2, out);
        else if (level.isAt(node.path, at)) {
          this.#enter(node, at + level.length + 1, out);
        }
      } else if (node.children !== undefined) {
        this.#descend(node, at, level, out);
        this.#descend(node, at, ANY, out);
      }
    }
    this.#swap();
  }

  /** Goes on from the end of a node's path to the child with that level. */
  #descend(
    node: PathNode<ValueSet<T>>,
    at: number,
    level: Level,
    out: T[],
  ): void {
    const child = childAt(node, level, at);
    if (child !== undefined) this.#enter(child, at + level.length + 1, out);
  }

  /** Adds a position to the next ones; a `#` that follows there matches whatever comes. */
  #enter(node: PathNode<ValueSet<T>>, at: number, out: T[]): void {
    if (at > node.path.length) {
      if (node.children !== undefined) this.#pushChild(node, REST, at, out);
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
    level: Level,
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
