/**
 * The log as the rest of the code sees it: a message and fields, at four levels. Lines go to a sink that
 * the program chooses (standard error for the broker); nothing here blocks or does input or output.
 */

import { formatJson, formatText } from "./log_format.ts";

/** The levels, from the most talkative to the most silent. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** How lines are written: `text` for people, `json` (one object on a line) for machines. */
export const LOG_FORMATS = ["text", "json"] as const;

/** One of {@link LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];

/** What a field may hold. `undefined` leaves the field out; an error is shown with its stack. */
export type LogValue = string | number | bigint | boolean | Error | undefined;

/** The fields of one line, shown in their order. `time`, `level` and `message` are taken. */
export type LogFields = Readonly<Record<string, LogValue>>;

/** Where the code says what happens. A message is a constant sentence; what varies goes into fields. */
export interface Log {
  /** Whether lines of this level are written at all: ask before costly work for a line. */
  enabled(level: LogLevel): boolean;
  /** For who looks for a fault: may be frequent. Fields as a function are only built if needed. */
  debug(message: string, fields?: LogFields | (() => LogFields)): void;
  /** What an operator wants to know in normal operation: never once per message. */
  info(message: string, fields?: LogFields | (() => LogFields)): void;
  /** What an operator should look at. */
  warn(message: string, fields?: LogFields | (() => LogFields)): void;
  /** What must not happen. */
  error(message: string, fields?: LogFields | (() => LogFields)): void;
}

/** How {@link createLog} writes. */
export interface LogOptions {
  /** The lowest level that is written. */
  readonly level: LogLevel;
  /** How lines look. */
  readonly format: LogFormat;
  /** Takes one line, its line feed included, and its level. Must not throw. */
  readonly write: (line: string, level: LogLevel) => void;
}

/** A log that writes lines of `level` and above to `write`. */
export function createLog(options: LogOptions): Log {
  const lowest = LOG_LEVELS.indexOf(options.level);
  const format = options.format === "json" ? formatJson : formatText;
  const enabled = (level: LogLevel) => LOG_LEVELS.indexOf(level) >= lowest;
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields | (() => LogFields)): void => {
      if (!enabled(level)) return;
      const built = typeof fields === "function" ? fields() : fields ?? {};
      options.write(format(new Date(), level, message, built) + "\n", level);
    };
  return {
    enabled,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
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
