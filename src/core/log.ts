/**
 * The log as the rest of the code sees it: a message and fields, at four levels. Lines go to a sink that
 * the program chooses (standard error for the broker); nothing here blocks or does input or output.
 */

import { BaseHandler } from "@std/log/base-handler";
import { type LevelName, LogLevels } from "@std/log/levels";
import { Logger } from "@std/log/logger";
import {
  formatJournal,
  formatJson,
  formatText,
  type LogFields,
  type LogLevel,
  type LogLine,
} from "./log_format.ts";

export {
  LOG_LEVELS,
  type LogFields,
  type LogLevel,
  type LogValue,
} from "./log_format.ts";

/**
 * How lines are written: `text` for people, `json` (one object on a line) for machines, `journal` for systemd's, which
 * has a time of its own.
 */
export const LOG_FORMATS = ["text", "json", "journal"] as const;

/** One of {@linkcode LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];

/** Fields, or a function that builds them, called only if the line is written. */
export type LazyLogFields = LogFields | (() => LogFields);

/** Where the code says what happens. A message is a constant sentence; what varies goes into fields. */
export interface Log {
  /** Whether lines of this level are written at all: ask before costly work for a line. */
  enabled(level: LogLevel): boolean;
  /** For who looks for a fault: may be frequent. */
  debug(message: string, fields?: LazyLogFields): void;
  /** What an operator wants to know in normal operation: never once per message. */
  info(message: string, fields?: LazyLogFields): void;
  /** What an operator should look at. */
  warn(message: string, fields?: LazyLogFields): void;
  /** What must not happen. */
  error(message: string, fields?: LazyLogFields): void;
}

/** A log whose level may be changed while it is in use. */
export interface AdjustableLog extends Log {
  /** The lowest level that is written. */
  level: LogLevel;
}

/** How {@linkcode createLog} writes. */
export interface LogOptions {
  /** The lowest level that is written. */
  readonly level: LogLevel;
  /** How lines look. */
  readonly format: LogFormat;
  /** Takes one line without its line feed. Must not throw. */
  readonly write: (line: string) => void;
}

const FORMATS: Readonly<Record<LogFormat, (line: LogLine) => string>> = {
  text: formatText,
  json: formatJson,
  journal: formatJournal,
};

/** Hands the lines of `@std/log` to a function. */
class SinkHandler extends BaseHandler {
  readonly #write: (line: string) => void;

  constructor(options: LogOptions) {
    const format = FORMATS[options.format];
    super("DEBUG", {
      formatter: ({ datetime, levelName, msg, args }) => {
        const fields = args[0] as LazyLogFields | undefined;
        return format({
          time: datetime,
          level: levelName.toLowerCase() as LogLevel,
          message: msg,
          fields: (typeof fields === "function" ? fields() : fields) ?? {},
        });
      },
    });
    this.#write = options.write;
  }

  override log(line: string): void {
    this.#write(line);
  }
}

/** A log that writes lines of `level` and above to `write`. */
export function createLog(options: LogOptions): AdjustableLog {
  const logger = new Logger("mailboxqtt", nameOf(options.level), {
    handlers: [new SinkHandler(options)],
  });
  return {
    get level() {
      return logger.levelName.toLowerCase() as LogLevel;
    },
    set level(level) {
      logger.levelName = nameOf(level);
    },
    enabled: (level) => LogLevels[nameOf(level)] >= logger.level,
    debug: (message, fields) => void logger.debug(message, fields),
    info: (message, fields) => void logger.info(message, fields),
    warn: (message, fields) => void logger.warn(message, fields),
    error: (message, fields) => void logger.error(message, fields),
  };
}

function nameOf(level: LogLevel): LevelName {
  return level.toUpperCase() as LevelName;
}

const nothing = (): void => {};

/** A log that writes nothing: for tests, and for parts used without a broker around them. */
export const SILENT_LOG: Log = {
  enabled: () => false,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
