/** Stand-in for `@std/log/base-handler`, for machines that cannot reach JSR. */

import {
  getLevelByName,
  getLevelName,
  type LevelName,
  type LogLevel,
} from "./levels.ts";
import type { LogRecord } from "./logger.ts";

export type { LevelName, LogLevel, LogRecord };

/** Makes a line of text of a record. */
export type FormatterFunction = (logRecord: LogRecord) => string;

/** Options of a handler. */
export interface BaseHandlerOptions {
  /** Makes the line; level and message unless told otherwise. */
  formatter?: FormatterFunction;
}

function levelAndMessage({ levelName, msg }: LogRecord): string {
  return `${levelName} ${msg}`;
}

/** Writes the records of its level and above somewhere; a subclass says where. */
export abstract class BaseHandler {
  #level: LogLevel;

  /** Makes a line of text of a record. */
  formatter: FormatterFunction;

  /** Takes the lowest level that is written. */
  constructor(levelName: LevelName, options?: BaseHandlerOptions) {
    this.#level = getLevelByName(levelName);
    this.formatter = options?.formatter ?? levelAndMessage;
  }

  /** The lowest level that is written. */
  get level(): LogLevel {
    return this.#level;
  }

  /** Sets the lowest level that is written. */
  set level(level: LogLevel) {
    this.#level = getLevelByName(getLevelName(level));
  }

  /** The name of the lowest level that is written. */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /** Sets the lowest level that is written by its name. */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /** Writes a record, unless its level is too low. */
  handle(logRecord: LogRecord): void {
    if (logRecord.level >= this.#level) this.log(this.format(logRecord));
  }

  /** Makes the line that `handle` writes. */
  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  /** Writes one line. */
  abstract log(msg: string): void;

  /** Is called when a configuration with this handler takes effect. */
  setup(): void {}

  /** Is called when the next configuration takes effect. */
  destroy(): void {}

  /** Does what `destroy` does. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}
