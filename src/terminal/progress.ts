import { printError } from "./output.ts";

/** What a {@linkcode Progress} needs. */
export interface ProgressOptions {
  /** What is done, to stand in front of the figures: "Exporting". */
  readonly title: string;
  /** Whether a line may be written over by the next one. */
  readonly isTerminal?: boolean;
  /** Writes, to standard error. */
  readonly print?: (text: string) => void;
  /** Milliseconds that have passed since some moment. */
  readonly now?: () => number;
}

/** Milliseconds between two lines, and before the first. */
const EVERY = 1000;

/** Says on standard error how far something has come: once a second, and nothing where it takes less than one. */
export class Progress {
  readonly #title: string;
  readonly #isTerminal: boolean;
  readonly #print: (text: string) => void;
  readonly #now: () => number;
  #due: number;
  #shown = false;

  /** Begins. */
  constructor(options: ProgressOptions) {
    this.#title = options.title;
    this.#isTerminal = options.isTerminal ?? Deno.stderr.isTerminal();
    this.#print = options.print ?? printError;
    this.#now = options.now ?? (() => performance.now());
    this.#due = this.#now() + EVERY;
  }

  /** It has come so far; may be called for each of many small steps. */
  step(done: number, all: number, unit: string): void {
    const now = this.#now();
    if (now < this.#due) return;
    this.#due = now + EVERY;
    const percent = all === 0 ? 100 : Math.floor(100 * done / all);
    const count = `${format(done)} of ${format(all)} ${unit}`;
    this.#show(`${this.#title}: ${count} (${percent} %)`);
  }

  /** Clears up behind itself, so that something else can be written. */
  end(): void {
    if (this.#shown && this.#isTerminal) this.#print("\r\x1b[K");
    this.#shown = false;
  }

  #show(line: string): void {
    this.#print(this.#isTerminal ? `\r${line}\x1b[K` : `${line}\n`);
    this.#shown = true;
  }
}

function format(count: number): string {
  return count.toLocaleString("en");
}
