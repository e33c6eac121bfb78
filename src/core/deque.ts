const SMALLEST = 4;
const SHRINK_ABOVE = 64;

/**
 * A queue with two ends on a ring that grows with its content and shrinks after it.
 * An empty one that was never used holds no memory. All but iteration and growth is O(1).
 */
export class Deque<T> implements Iterable<T> {
  #ring: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  /** How many items it holds. */
  get length(): number {
    return this.#length;
  }

  /** Adds an item at the end. */
  pushBack(item: T): void {
    if (this.#length === this.#ring.length) {
      this.#resize(Math.max(SMALLEST, this.#length * 2));
    }
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  /** Puts an item before all others. */
  pushFront(item: T): void {
    if (this.#length === this.#ring.length) {
      this.#resize(Math.max(SMALLEST, this.#length * 2));
    }
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = item;
    this.#length++;
  }

  /** Takes the first item out; `undefined` where there is none. */
  popFront(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    const capacity = this.#ring.length;
    if (capacity > SHRINK_ABOVE && this.#length < capacity / 8) {
      this.#resize(capacity / 4);
    }
    return item;
  }

  /** The first item, left where it is; `undefined` where there is none. */
  peekFront(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  /** The last item, left where it is; `undefined` where there is none. */
  peekBack(): T | undefined {
    return this.#length === 0
      ? undefined
      : this.#ring[(this.#head + this.#length - 1) & (this.#ring.length - 1)];
  }

  /** Drops all items and the memory they stood in. */
  clear(): void {
    this.#ring = [];
    this.#head = 0;
    this.#length = 0;
  }

  /** The items from first to last. The queue must not be changed meanwhile. */
  *[Symbol.iterator](): IterableIterator<T> {
    const mask = this.#ring.length - 1;
    for (let i = 0; i < this.#length; i++) {
      yield this.#ring[(this.#head + i) & mask] as T;
    }
  }

  /** `capacity` is a power of two, so that a mask does the wrapping. */
  #resize(capacity: number): void {
    const ring = new Array<T | undefined>(capacity);
    const mask = this.#ring.length - 1;
    for (let i = 0; i < this.#length; i++) {
      ring[i] = this.#ring[(this.#head + i) & mask];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}
