/** Stand-in for `@std/log/logger`, for machines that cannot reach JSR. */

import type { BaseHandler } from "./base_handler.ts";
import {
  getLevelByName,
  getLevelName,
  type LevelName,
  type LogLevel,
  LogLevels,
} from "./levels.ts";

/** Any function. */
export type GenericFunction = (...args: never[]) => unknown;

/** A message, or a function that makes it if it is to be logged. */
type Message<T> = (T extends GenericFunction ? never : T) | (() => T);

/** What a record is made from. */
export interface LogRecordOptions {
  /** The message. */
  msg: string;
  /** What was given beside the message. */
  args: unknown[];
  /** The level of the message. */
  level: LogLevel;
  /** The name of the logger. */
  loggerName: string;
}

/** How one logger is set up. */
export class LoggerConfig {
  /** The lowest level that is logged; INFO unless told otherwise. */
  level?: LevelName;
  /** The names of its handlers. */
  handlers?: string[];
}

/** How all handlers and loggers are set up, by name. */
export interface LogConfig {
  /** The handlers. */
  handlers?: { [name: string]: BaseHandler };
  /** The loggers. */
  loggers?: { [name: string]: LoggerConfig };
}

/** One thing that was logged. */
export class LogRecord {
  /** The message. */
  readonly msg: string;
  /** The level's number. */
  readonly level: number;
  /** The level's name. */
  readonly levelName: string;
  /** The name of the logger. */
  readonly loggerName: string;
  readonly #args: readonly unknown[];
  readonly #time = Date.now();

  /** Takes the time of now. */
  constructor(options: LogRecordOptions) {
    this.msg = options.msg;
    this.#args = [...options.args];
    this.level = options.level;
    this.levelName = getLevelName(options.level);
    this.loggerName = options.loggerName;
  }

  /** What was given beside the message, as a copy. */
  get args(): unknown[] {
    return [...this.#args];
  }

  /** When it was logged, as a copy. */
  get datetime(): Date {
    return new Date(this.#time);
  }
}

/** Options of a logger. */
export interface LoggerOptions {
  /** Where its records go. */
  handlers?: BaseHandler[];
}

/** The text of anything that is logged as a message. */
function asText(data: unknown, isProperty = false): string {
  if (typeof data === "string") return isProperty ? `"${data}"` : data;
  if (typeof data === "function") return "undefined";
  if (data instanceof Error) return data.stack ?? String(data);
  if (typeof data !== "object" || data === null) return String(data);
  const properties = Object.entries(data).map(([key, value]) =>
    `"${key}":${asText(value, true)}`
  );
  return `{${properties.join(",")}}`;
}

/** Gives records of its level and above to its handlers. */
export class Logger {
  readonly #name: string;
  #level: LogLevel;

  /** Where the records go. */
  handlers: BaseHandler[];

  /** Takes the name that its records carry and the lowest level that is logged. */
  constructor(
    loggerName: string,
    levelName: LevelName,
    options: LoggerOptions = {},
  ) {
    this.#name = loggerName;
    this.#level = getLevelByName(levelName);
    this.handlers = options.handlers ?? [];
  }

  /** The lowest level that is logged. */
  get level(): LogLevel {
    return this.#level;
  }

  /** Sets the lowest level that is logged; throws a TypeError for a number that is none. */
  set level(level: LogLevel) {
    if (!Object.values(LogLevels).includes(level)) {
      throw new TypeError(`Invalid log level: ${level}`);
    }
    this.#level = level;
  }

  /** The name of the lowest level that is logged. */
  get levelName(): LevelName {
    return getLevelName(this.#level);
  }

  /** Sets the lowest level that is logged by its name. */
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /** The name that the records carry. */
  get loggerName(): string {
    return this.#name;
  }

  /** Logs at level DEBUG and returns the message; a function is called only if it is logged. */
  debug<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs at level DEBUG and returns the message. */
  debug<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  debug<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.DEBUG, msg, args);
  }

  /** Logs at level INFO and returns the message; a function is called only if it is logged. */
  info<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs at level INFO and returns the message. */
  info<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  info<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.INFO, msg, args);
  }

  /** Logs at level WARN and returns the message; a function is called only if it is logged. */
  warn<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs at level WARN and returns the message. */
  warn<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  warn<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.WARN, msg, args);
  }

  /** Logs at level ERROR and returns the message; a function is called only if it is logged. */
  error<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs at level ERROR and returns the message. */
  error<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  error<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.ERROR, msg, args);
  }

  /** Logs at level CRITICAL and returns the message; a function is called only if it is logged. */
  critical<T>(msg: () => T, ...args: unknown[]): T | undefined;
  /** Logs at level CRITICAL and returns the message. */
  critical<T>(
    msg: T extends GenericFunction ? never : T,
    ...args: unknown[]
  ): T;
  critical<T>(msg: Message<T>, ...args: unknown[]): T | undefined {
    return this.#log(LogLevels.CRITICAL, msg, args);
  }

  #log<T>(level: LogLevel, msg: Message<T>, args: unknown[]): T | undefined {
    const isFunction = typeof msg === "function";
    if (level < this.#level) return isFunction ? undefined : msg;
    const value = isFunction ? (msg as () => T)() : msg;
    const record = new LogRecord({
      msg: asText(value),
      args,
      level,
      loggerName: this.#name,
    });
    for (const handler of this.handlers) handler.handle(record);
    return value;
  }
}
