import { RotatingFileHandler } from "@std/log/rotating-file-handler";
import { describeError, StartError } from "../core/errors.ts";

/** Milliseconds after which a line is in the file at the latest. */
const FLUSH_TIME = 1000;
/** Milliseconds after which a file that could not be written is tried again. */
const RETRY_TIME = 10_000;

/** How a {@linkcode LogFile} is kept. */
export interface LogFileOptions {
  /** The file. */
  readonly path: string;
  /** Bytes after which it becomes `FILE.1`, and a new one begins. */
  readonly size: number;
  /** Files that are kept beside it. */
  readonly files: number;
  /** Told, once, why it cannot be written; the lines since then are lost until it can. */
  readonly onFault: (reason: string) => void;
  /** Told how many lines were lost, once it can be written again. */
  readonly onLost: (lines: number) => void;
}

/** Writes log lines to a file that never grows too large. */
export class LogFile {
  readonly #options: LogFileOptions;
  #handler: RotatingFileHandler | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lost = 0;
  #failedAt = -Infinity;

  /**
   * Opens it.
   *
   * @throws {StartError} If it cannot be opened.
   */
  constructor(options: LogFileOptions) {
    this.#options = options;
    try {
      this.#handler = this.#open();
    } catch (error) {
      throw new StartError(
        `Cannot write the log to ${options.path}: ${describeError(error)}`,
      );
    }
  }

  /** Takes one line, without its line feed. */
  write(line: string): void {
    if (this.#handler === undefined && !this.#tryAgain()) {
      this.#lost++;
      return;
    }
    this.#attempt((handler) => handler.log(line));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#attempt((handler) => handler.flush());
    }, FLUSH_TIME);
  }

  /** Opens the file anew: somebody may have moved it. */
  reopen(): void {
    this.#attempt((handler) => {
      handler.destroy();
      this.#handler = this.#open();
    });
  }

  /** Writes what waits, and closes it. */
  close(): void {
    clearTimeout(this.#timer);
    this.#attempt((handler) => handler.destroy());
    this.#handler = undefined;
  }

  #open(): RotatingFileHandler {
    const { path, size, files } = this.#options;
    const handler = new RotatingFileHandler("DEBUG", {
      filename: path,
      maxBytes: size,
      maxBackupCount: files,
    });
    handler.setup();
    return handler;
  }

  #attempt(work: (handler: RotatingFileHandler) => void): void {
    if (this.#handler === undefined) return;
    try {
      work(this.#handler);
    } catch (error) {
      this.#handler = undefined;
      this.#failedAt = performance.now();
      this.#lost++;
      this.#options.onFault(describeError(error));
    }
  }

  #tryAgain(): boolean {
    if (performance.now() - this.#failedAt < RETRY_TIME) return false;
    try {
      this.#handler = this.#open();
    } catch {
      this.#failedAt = performance.now();
      return false;
    }
    const lost = this.#lost;
    this.#lost = 0;
    this.#options.onLost(lost);
    return true;
  }
}
