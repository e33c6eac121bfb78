import { RotatingFileHandler } from "@std/log/rotating-file-handler";
import { describeError, StartError } from "../../core/errors.ts";

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
  /** Milliseconds of a clock that never goes back; left out, the machine's. */
  readonly now?: () => number;
}

/** A handler that ends well also where it has closed its file already, and failed while it moved files on. */
class Handler extends RotatingFileHandler {
  override destroy(): void {
    try {
      super.destroy();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

/** Writes log lines to a file that never grows too large. */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #now: () => number;
  #handler: Handler | undefined;
  #lost = 0;
  #failedAt = -Infinity;

  /**
   * Opens it.
   *
   * @throws {StartError} If it cannot be opened.
   */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
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
    if (this.#handler === undefined && !this.#isTimeToTry) this.#lost++;
    else this.#attempt((handler) => handler.log(line));
  }

  /** Opens the file anew: somebody may have moved it. */
  reopen(): void {
    this.#handler?.destroy();
    this.#handler = undefined;
    this.#attempt(() => {});
  }

  /** Closes it. */
  close(): void {
    this.#handler?.destroy();
    this.#handler = undefined;
  }

  get #isTimeToTry(): boolean {
    return this.#now() - this.#failedAt >= RETRY_TIME;
  }

  #open(): Handler {
    const { path, size, files } = this.#options;
    const handler = new Handler("DEBUG", {
      filename: path,
      maxBytes: size,
      maxBackupCount: files,
      // What it gathered and cannot write would keep it from closing its file.
      bufferSize: 0,
    });
    handler.setup();
    return handler;
  }

  /** Does something with the file, which is opened where it is not. */
  #attempt(work: (handler: Handler) => void): void {
    try {
      this.#handler ??= this.#open();
      work(this.#handler);
    } catch (error) {
      this.#handler?.destroy();
      this.#handler = undefined;
      this.#failedAt = this.#now();
      this.#lost++;
      if (this.#lost === 1) this.#options.onFault(describeError(error));
      return;
    }
    const lost = this.#lost;
    if (lost === 0) return;
    this.#lost = 0;
    this.#options.onLost(lost);
  }
}
