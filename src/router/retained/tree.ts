import { Level } from "../topics/level.ts";
import { childAt, type PathNode, PathTree } from "../topics/path_tree.ts";
import { isFulfilled, matchLevels } from "../topics/filter.ts";

const PLUS = 0x2b;
const HASH = 0x23;
const DOLLAR = 0x24;

/** Characters of a path that count for as much as another node. */
const LONG_PATH = 64;

interface Retained<M> {
  message: M;
  /** The tree's count of sets when this one was made. */
  sequence: number;
}

/** The retained messages: at most one for each topic [MQTT-3.3.1-5]. Topics must be valid ones. */
export class RetainedTree<M> {
  readonly #tree = new PathTree<Retained<M>>();
  #count = 0;
  #sequence = 0;

  /** How many messages there are. */
  get count(): number {
    return this.#count;
  }

  /** Retains `message` and returns the one it replaces. */
  set(topic: string, message: M): M | undefined {
    const node = this.#tree.ensure(topic);
    const replaced = node.entry;
    node.entry = { message, sequence: ++this.#sequence };
    if (replaced === undefined) this.#count++;
    return replaced?.message;
  }

  /** The message retained for exactly this topic. */
  get(topic: string): M | undefined {
    return this.#tree.find(topic)?.entry?.message;
  }

  /** Forgets the message of a topic, and returns it. */
  delete(topic: string): M | undefined {
    const node = this.#tree.find(topic);
    const deleted = node?.entry;
    if (node === undefined || deleted === undefined) return undefined;
    node.entry = undefined;
    this.#tree.prune(topic);
    this.#count--;
    return deleted.message;
  }

  /** All messages, in no particular order; the tree must not change meanwhile. */
  *messages(): Generator<M> {
    const nodes = [this.#tree.root as PathNode<Retained<M>>];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      if (node.entry !== undefined) yield node.entry.message;
      const { children } = node;
      if (children instanceof Map) nodes.push(...children.values());
      else if (children !== undefined) nodes.push(children);
    }
  }

  /**
   * Begins a walk over the messages that match `filter`. The tree may change between its steps: the
   * walk gives everything that is there from now on until the walk comes to it, once, and nothing
   * that is set from now on, which a subscriber has been sent already.
   */
  cursor(filter: string): RetainedCursor<M> {
    return new RetainedCursor(this.#tree.root, filter, this.#sequence);
  }
}

/** A node whose children are being walked. */
interface Frame<M> {
  readonly node: PathNode<Retained<M>>;
  /** Where in the node's children's paths their own levels begin. */
  readonly at: number;
  /** Where in the filter the level begins that the children have to match. */
  readonly rest: number;
  /** The children to walk and how many of them at most; taken when the walk comes to them. */
  children: Iterator<PathNode<Retained<M>>> | undefined;
  left: number;
}

/**
 * A walk over retained messages, from {@linkcode RetainedTree.cursor}. It needs memory only for where
 * it stands.
 *
 * What makes it hold while the tree changes: a node stands for the same path as long as it lives and
 * keeps its children when the tree lets go of it; a Map's iterator goes on where the Map changes.
 */
export class RetainedCursor<M> {
  readonly #filter: string;
  readonly #newest: number;
  readonly #stack: Frame<M>[] = [];
  #finished = false;
  #visited = 0;

  /** For {@linkcode RetainedTree.cursor}. */
  constructor(root: PathNode<unknown>, filter: string, newest: number) {
    this.#filter = filter;
    this.#newest = newest;
    this.#push(root as PathNode<Retained<M>>, 0, 0);
  }

  /** Whether there is nothing more to come. */
  get finished(): boolean {
    return this.#finished;
  }

  /** How many nodes it has looked at, about; one with a long path counts for several. */
  get visited(): number {
    return this.#visited;
  }

  /**
   * The next message. Gives `undefined` at the end, where {@linkcode RetainedCursor.finished} becomes
   * true, and before that where `maximumVisits` nodes were looked at without a find: call it again,
   * after letting others work.
   */
  next(maximumVisits = Infinity): M | undefined {
    const last = this.#visited + maximumVisits;
    while (this.#visited < last) {
      this.#visited++;
      const frame = this.#stack.at(-1);
      if (frame === undefined) {
        this.#finished = true;
        return undefined;
      }
      const child = this.#nextChild(frame);
      if (child === undefined) {
        this.#stack.pop();
        continue;
      }
      const message = this.#visit(child, frame);
      if (message !== undefined) return message.message;
    }
    return undefined;
  }

  #visit(
    node: PathNode<Retained<M>>,
    parent: Frame<M>,
  ): Retained<M> | undefined {
    const filter = this.#filter;
    if (parent.at === 0 && node.path.charCodeAt(0) === DOLLAR) {
      const first = filter.charCodeAt(0);
      if (first === PLUS || first === HASH) return undefined; // [MQTT-4.7.2-1]
    }
    this.#visited += (node.path.length - parent.at) / LONG_PATH | 0;
    const rest = matchLevels(filter, parent.rest, node.path, parent.at);
    if (rest < 0) return undefined;
    if (rest <= filter.length && node.children !== undefined) {
      this.#push(node, node.path.length + 1, rest);
    }
    const entry = node.entry;
    if (entry === undefined || entry.sequence > this.#newest) return undefined;
    return isFulfilled(filter, rest) ? entry : undefined;
  }

  #push(node: PathNode<Retained<M>>, at: number, rest: number): void {
    this.#stack.push({ node, at, rest, children: undefined, left: 0 });
  }

  /** The next child that may match; all later ones are newer than the walk. */
  #nextChild(frame: Frame<M>): PathNode<Retained<M>> | undefined {
    frame.children ??= this.#begin(frame);
    if (frame.left-- <= 0) return undefined;
    return frame.children.next().value;
  }

  #begin(frame: Frame<M>): Iterator<PathNode<Retained<M>>> {
    const { node, at, rest } = frame;
    const code = this.#filter.charCodeAt(rest);
    const children = node.children;
    if ((code === PLUS || code === HASH) && children instanceof Map) {
      frame.left = children.size;
      return children.values();
    }
    const only = children instanceof Map
      ? childAt(node, new Level().set(this.#filter, rest), at)
      : children;
    frame.left = 1;
    return [only].values() as Iterator<PathNode<Retained<M>>>;
  }
}
