/** Slots of a ring that has held little so far. */
const SMALLEST = 16;

/** A first-in, first-out queue in one array, which grows by doubling and shrinks when it has emptied. */
export class Ring<T> {
  #slots: (T | undefined)[] = new Array(SMALLEST);
  #head = 0;
  #length = 0;

  /** Number of elements. */
  get length(): number {
    return this.#length;
  }

  /** Adds an element at the end. */
  push(element: T): void {
    if (this.#length === this.#slots.length) this.#resize(this.#length * 2);
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] =
      element;
    this.#length++;
  }

  /** Takes the element at the front, or undefined of an empty ring. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const element = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    if (this.#length === 0 && this.#slots.length > SMALLEST * 64) {
      this.#slots = new Array(SMALLEST);
      this.#head = 0;
    }
    return element;
  }

  /** Takes one element out, wherever it stands. */
  remove(element: T): void {
    const kept = this.#toArray().filter((other) => other !== element);
    this.#fill(kept, this.#slots.length);
  }

  #toArray(): T[] {
    const mask = this.#slots.length - 1;
    return Array.from(
      { length: this.#length },
      (_, i) => this.#slots[(this.#head + i) & mask] as T,
    );
  }

  #resize(size: number): void {
    this.#fill(this.#toArray(), size);
  }

  #fill(elements: readonly T[], size: number): void {
    this.#slots = new Array(size);
    for (let i = 0; i < elements.length; i++) this.#slots[i] = elements[i];
    this.#head = 0;
    this.#length = elements.length;
  }
}
