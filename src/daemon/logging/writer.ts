import { deadline } from "@std/async/deadline";

/** What a {@linkcode LogWriter} writes to: `Deno.stderr`, or a test. */
export interface LogStream {
  /** Writes some of the bytes and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** How a {@linkcode LogWriter} behaves. */
export interface LogWriterOptions {
  /** Characters that may wait to be written; lines beyond are lost. Default 1 Mi. */
  readonly capacity?: number;
  /** Is told, once the stream takes lines again, how many were lost. */
  readonly onLost?: (lines: number) => void;
}

/**
 * Writes log lines without ever holding up who logs: a terminal stopped with Ctrl-S, or a log collector
 * that hangs, must not stop the broker. Lines that come while one write is under way go out together with
 * the next.
 */
export class LogWriter {
  readonly #stream: LogStream;
  readonly #capacity: number;
  readonly #onLost: (lines: number) => void;
  #waiting = "";
  #lost = 0;
  #writing: Promise<void> | undefined;

  /** Writes to `stream`. */
  constructor(stream: LogStream, options: LogWriterOptions = {}) {
    this.#stream = stream;
    this.#capacity = options.capacity ?? 1024 * 1024;
    this.#onLost = options.onLost ?? (() => {});
  }

  /** Takes one line, without its line feed. */
  write(line: string): void {
    if (this.#waiting.length > this.#capacity) {
      this.#lost += 1;
      return;
    }
    this.#waiting += `${line}\n`;
    this.#writing ??= this.#drain();
  }

  /** Waits until all lines are written, or for `timeout` milliseconds: then the rest is lost. */
  async finish(timeout: number): Promise<void> {
    const writing = this.#writing;
    if (writing === undefined) return;
    try {
      await deadline(writing, timeout);
    } catch {
      // The stream takes nothing: there is no one to tell.
    }
  }

  async #drain(): Promise<void> {
    while (this.#waiting !== "") {
      const text = this.#waiting;
      this.#waiting = "";
      if (await this.#writeAll(text)) this.#tellLost();
      else this.#lost += text.split("\n").length - 1;
    }
    this.#writing = undefined;
  }

  async #writeAll(text: string): Promise<boolean> {
    let bytes = new TextEncoder().encode(text);
    try {
      while (bytes.length > 0) {
        bytes = bytes.subarray(await this.#stream.write(bytes));
      }
      return true;
    } catch {
      // Nobody reads any more; the next line tries again.
      return false;
    }
  }

  #tellLost(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#onLost(lost);
  }
}
