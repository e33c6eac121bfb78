/** Calls back once when nothing has happened for some time. */
export class Idle {
  readonly #milliseconds: number;
  readonly #callback: () => void;
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Waits for so many milliseconds in which nothing happens, once something has. */
  constructor(milliseconds: number, callback: () => void) {
    this.#milliseconds = milliseconds;
    this.#callback = callback;
  }

  /** Notes that something has happened. */
  touch(): void {
    this.#last = performance.now();
    if (this.#timer === undefined) this.#wait(this.#milliseconds);
  }

  /** Waits no longer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const left = this.#last + this.#milliseconds - performance.now();
      if (left > 0) this.#wait(left);
      else this.#callback();
    }, milliseconds);
  }
}
