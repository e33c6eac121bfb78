/** Stand-in for `@std/log/console-handler`, for machines that cannot reach JSR. */

import { BaseHandler, type BaseHandlerOptions } from "./base_handler.ts";
import { type LevelName, LogLevels } from "./levels.ts";
import type { LogRecord } from "./logger.ts";

/** Options of the console handler. */
export interface ConsoleHandlerOptions extends BaseHandlerOptions {
  /** Whether the level shows in the line's colour (true unless told otherwise). */
  useColors?: boolean;
}

/** For each level that has a colour, the sequences around the line. */
const COLORS: {
  readonly [level: number]: readonly [before: string, after: string];
} = {
  [LogLevels.INFO]: ["\x1b[34m", "\x1b[39m"],
  [LogLevels.WARN]: ["\x1b[33m", "\x1b[39m"],
  [LogLevels.ERROR]: ["\x1b[31m", "\x1b[39m"],
  [LogLevels.CRITICAL]: ["\x1b[1m\x1b[31m", "\x1b[39m\x1b[22m"],
};

function colored(line: string, level: number): string {
  const [before, after] = Deno.noColor ? ["", ""] : COLORS[level] ?? ["", ""];
  return before + line + after;
}

/** Writes lines with `console.log`. */
export class ConsoleHandler extends BaseHandler {
  readonly #useColors: boolean;

  /** Takes the lowest level that is written. */
  constructor(levelName: LevelName, options: ConsoleHandlerOptions = {}) {
    super(levelName, options);
    this.#useColors = options.useColors ?? true;
  }

  /** Makes the line, coloured if that is wished. */
  override format(logRecord: LogRecord): string {
    const line = super.format(logRecord);
    return this.#useColors ? colored(line, logRecord.level) : line;
  }

  /** Writes one line. */
  log(msg: string): void {
    // deno-lint-ignore no-console
    console.log(msg);
  }
}
