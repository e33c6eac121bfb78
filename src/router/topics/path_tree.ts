import { Level, levelEnd } from "./level.ts";

const SLASH = 0x2f;

/**
 * A node of a {@linkcode PathTree}. It stands for one path as long as it lives, and may do so on
 * after the tree has let go of it: whoever walks the tree while it changes relies on that.
 */
export class PathNode<E> {
  /** All levels from the root to here, joined by slashes. */
  readonly path: string;
  /** What is stored under the path; a node without is where paths part. */
  entry: E | undefined = undefined;
  /** The nodes below: none, the only one, or one for each next level, under the level's hash or soon after. */
  children: PathNode<E> | Map<number, PathNode<E>> | undefined = undefined;

  /** A node without entry and children. */
  constructor(path: string) {
    this.path = path;
  }
}

/**
 * Paths of levels with something stored under each, as a tree in which a run of levels without a
 * fork is one node: there are fewer than two nodes per stored path, however many levels it has.
 * The root stands for no level at all. Offsets point at the beginning of a level in a path.
 */
export class PathTree<E> {
  /** The node above all; its own path is not looked at. */
  readonly root: PathNode<E> = new PathNode<E>("");

  /** The node that stands for `path`, whether something is stored in it or not. */
  find(path: string): PathNode<E> | undefined {
    let node: PathNode<E> = this.root;
    const level = new Level();
    for (let at = 0; at <= path.length; at = node.path.length + 1) {
      const child = childAt(node, level.set(path, at), at);
      if (
        child === undefined ||
        commonLevels(child.path, path, at) !== child.path.length
      ) return undefined;
      node = child;
    }
    return node;
  }

  /** The node that stands for `path`, made where it is missing; an entry has to be put into it. */
  ensure(path: string): PathNode<E> {
    let node: PathNode<E> = this.root;
    const level = new Level();
    for (let at = 0; at <= path.length;) {
      const child = childAt(node, level.set(path, at), at);
      if (child === undefined) {
        const leaf = new PathNode<E>(path);
        put(node, level, leaf, at);
        return leaf;
      }
      const common = commonLevels(child.path, path, at);
      if (common === child.path.length) {
        node = child;
      } else {
        const fork = new PathNode<E>(
          common === path.length ? path : detached(path.substring(0, common)),
        );
        fork.children = child;
        put(node, level, fork, at);
        node = fork;
      }
      at = common + 1;
    }
    return node;
  }

  /** Takes the node that stands for `path` out if it has no entry any more, and so a fork that is none without it. */
  prune(path: string): void {
    let above: PathNode<E> = this.root;
    let parent: PathNode<E> = this.root;
    let node: PathNode<E> = this.root;
    let aboveAt = 0;
    let parentAt = 0;
    const level = new Level();
    for (let at = 0; at <= path.length;) {
      const child = childAt(node, level.set(path, at), at);
      if (child === undefined) return;
      above = parent;
      aboveAt = parentAt;
      parent = node;
      parentAt = at;
      node = child;
      at = node.path.length + 1;
    }
    if (node.path !== path || !bypass(parent, node, parentAt)) return;
    if (parent !== this.root) bypass(above, parent, aboveAt);
  }
}

/** Keeps the place of a removed child where one whose level has the same hash follows. No level is equal to its path. */
const REMOVED = Object.freeze(new PathNode<never>("\0"));

/** The child of `node` whose path goes on at offset `at` with `level`. */
export function childAt<E>(
  node: PathNode<E>,
  level: Level,
  at: number,
): PathNode<E> | undefined {
  const children = node.children;
  if (children === undefined) return undefined;
  if (!(children instanceof Map)) {
    return level.isAt(children.path, at) ? children : undefined;
  }
  let key = level.hash;
  let child = children.get(key);
  while (child !== undefined && !level.isAt(child.path, at)) {
    child = children.get(++key);
  }
  return child;
}

/** Where in a map the child that goes on with `level` is, or is to be put. */
function keyOf<E>(
  children: Map<number, PathNode<E>>,
  level: Level,
  at: number,
): number {
  let key = level.hash;
  for (;; key++) {
    const child = children.get(key);
    if (child === undefined || level.isAt(child.path, at)) return key;
  }
}

/** Where the last of the levels ends that both paths share. All levels before `at` and the one there are known to be. */
function commonLevels(one: string, other: string, at: number): number {
  const length = Math.min(one.length, other.length);
  let i = levelEnd(other, at);
  while (i < length && one.charCodeAt(i) === other.charCodeAt(i)) i++;
  const boundary = (i === one.length || one.charCodeAt(i) === SLASH) &&
    (i === other.length || other.charCodeAt(i) === SLASH);
  return boundary ? i : other.lastIndexOf("/", i - 1);
}

/** Puts `child` under `node`, in the place of the one with the same next level. */
function put<E>(
  node: PathNode<E>,
  level: Level,
  child: PathNode<E>,
  at: number,
): void {
  const children = node.children;
  if (children instanceof Map) {
    children.set(keyOf(children, level, at), child);
  } else if (children === undefined || level.isAt(children.path, at)) {
    node.children = child;
  } else {
    const map = new Map([[new Level().set(children.path, at).hash, children]]);
    map.set(keyOf(map, level, at), child);
    node.children = map;
  }
}

/**
 * Takes `node` out from under `parent` where it has neither an entry nor a fork, and tells whether
 * it did. The node keeps its own children, and a map given up keeps the last child, for those who
 * walk there at the moment.
 */
function bypass<E>(
  parent: PathNode<E>,
  node: PathNode<E>,
  at: number,
): boolean {
  if (node.entry !== undefined || node.children instanceof Map) return false;
  const siblings = parent.children;
  if (!(siblings instanceof Map)) {
    parent.children = node.children;
    return true;
  }
  const key = keyOf(siblings, new Level().set(node.path, at), at);
  if (node.children !== undefined) siblings.set(key, node.children);
  else if (siblings.has(key + 1)) siblings.set(key, REMOVED);
  else siblings.delete(key);
  if (siblings.size === 1) {
    for (const last of siblings.values()) parent.children = last;
  }
  return true;
}

/** A copy that does not keep the whole string alive of which it was a part. */
function detached(part: string): string {
  return (" " + part).substring(1);
}
