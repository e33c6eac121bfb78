/** Stand-in for `@std/log/rotating-file-handler`, for machines that cannot reach JSR. */

import { FileHandler, type FileHandlerOptions } from "./file_handler.ts";
import type { LevelName } from "./levels.ts";

/** Options of a {@linkcode RotatingFileHandler}. */
export interface RotatingFileHandlerOptions extends FileHandlerOptions {
  /** Bytes of the file before it makes room for another one. */
  maxBytes: number;
  /** Files beside it that are kept. */
  maxBackupCount: number;
}

/** Writes lines to a file, which becomes `FILE.1` when it is large, that one `FILE.2`, and so on. */
export class RotatingFileHandler extends FileHandler {
  readonly #maxBytes: number;
  readonly #maxBackupCount: number;
  #size = 0;

  /** Opens nothing before `setup`. */
  constructor(levelName: LevelName, options: RotatingFileHandlerOptions) {
    super(levelName, options);
    this.#maxBytes = options.maxBytes;
    this.#maxBackupCount = options.maxBackupCount;
  }

  /** Opens the file, and removes or refuses former ones as its mode says. */
  override setup(): void {
    for (const name of ["maxBytes", "maxBackupCount"] as const) {
      const value = name === "maxBytes" ? this.#maxBytes : this.#maxBackupCount;
      if (value >= 1) continue;
      this.destroy();
      throw new Error(`"${name}" must be >= 1: received ${value}`);
    }
    super.setup();
    const { name, mode } = this.target;
    if (mode === "a") {
      this.#size = Deno.statSync(name).size;
      return;
    }
    for (let at = 1; at <= this.#maxBackupCount; at++) {
      const backup = `${name}.${at}`;
      if (!exists(backup)) continue;
      if (mode === "w") Deno.removeSync(backup);
      else {
        this.destroy();
        throw new Deno.errors.AlreadyExists(
          `Backup log file ${backup} already exists`,
        );
      }
    }
  }

  /** Gathers one line, in a new file where the present one has no room for it. */
  override log(msg: string): void {
    const length = new TextEncoder().encode(msg).length + 1;
    if (this.#size + length > this.#maxBytes) {
      this.rotateLogFiles();
      this.#size = 0;
    }
    super.log(msg);
    this.#size += length;
  }

  /** Moves each file on by one, and begins a new one. */
  rotateLogFiles(): void {
    this.flush();
    this.target.file!.close();
    const { name } = this.target;
    for (let at = this.#maxBackupCount - 1; at >= 0; at--) {
      const source = at === 0 ? name : `${name}.${at}`;
      if (exists(source)) Deno.renameSync(source, `${name}.${at + 1}`);
    }
    this.target.file = this.openFile();
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
