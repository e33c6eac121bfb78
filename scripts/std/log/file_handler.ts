/** Stand-in for `@std/log/file-handler`, for machines that cannot reach JSR. */

import { BaseHandler, type BaseHandlerOptions } from "./base_handler.ts";
import { type LevelName, LogLevels } from "./levels.ts";
import type { LogRecord } from "./logger.ts";

/** What becomes of a file that is there: `a` goes on behind its end, `w` empties it, `x` refuses. */
export type LogMode = "a" | "w" | "x";

/** Options of a {@linkcode FileHandler}. */
export interface FileHandlerOptions extends BaseHandlerOptions {
  /** The file to write. */
  filename: string;
  /** What becomes of a file that is there; `a` unless told otherwise. */
  mode?: LogMode;
  /** Bytes that are gathered before they are written; 4096 unless told otherwise. */
  bufferSize?: number;
}

/** Writes lines to a file, many at a time. */
export class FileHandler extends BaseHandler {
  /** The file's name, how it is opened, and itself once it is. */
  protected readonly target: {
    readonly name: string;
    readonly mode: LogMode;
    file: Deno.FsFile | undefined;
  };
  readonly #buffer: Uint8Array;
  readonly #encoder = new TextEncoder();
  readonly #onUnload = () => this.destroy();
  #length = 0;

  /** Opens nothing before {@linkcode FileHandler.setup}. */
  constructor(levelName: LevelName, options: FileHandlerOptions) {
    super(levelName, options);
    const { filename: name, mode = "a", bufferSize = 4096 } = options;
    this.target = { name, mode, file: undefined };
    this.#buffer = new Uint8Array(bufferSize);
  }

  /** Opens the file. */
  override setup(): void {
    this.target.file = this.openFile();
    this.#length = 0;
    addEventListener("unload", this.#onUnload);
  }

  /** Writes a record, and what was gathered if it is critical. */
  override handle(logRecord: LogRecord): void {
    super.handle(logRecord);
    if (logRecord.level > LogLevels.ERROR) this.flush();
  }

  /** Gathers one line, or writes it where it is too long. */
  log(msg: string): void {
    const bytes = this.#encoder.encode(`${msg}\n`);
    if (bytes.length > this.#buffer.length - this.#length) this.flush();
    if (bytes.length > this.#buffer.length) this.#write(bytes);
    else {
      this.#buffer.set(bytes, this.#length);
      this.#length += bytes.length;
    }
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#length === 0 || this.target.file === undefined) return;
    this.#write(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  /** Writes what was gathered, and closes the file. */
  override destroy(): void {
    this.flush();
    this.target.file?.close();
    this.target.file = undefined;
    removeEventListener("unload", this.#onUnload);
  }

  /** Opens the file as its mode says. */
  protected openFile(): Deno.FsFile {
    const { name, mode } = this.target;
    return Deno.openSync(name, {
      createNew: mode === "x",
      create: mode !== "x",
      append: mode === "a",
      truncate: mode !== "a",
      write: true,
    });
  }

  #write(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(this.target.file!.writeSync(rest));
    }
  }
}
