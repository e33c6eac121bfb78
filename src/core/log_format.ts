/** How one log line looks. Pure functions; whatever a client sent can neither forge a line nor hide in one. */

/** The levels, from the most talkative to the most silent. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** One of {@linkcode LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** What a field may hold. `undefined` leaves the field out; an error is shown with its stack. */
export type LogValue = string | number | bigint | boolean | Error | undefined;

/** The fields of one line, shown in their order. `time`, `level` and `message` are taken. */
export type LogFields = Readonly<Record<string, LogValue>>;

/** Characters of a value beyond which it is cut: a client id alone may have 65,535. */
const LONGEST_VALUE = 512;

/** What a value may consist of to stand without quotes. */
const PLAIN = /^[\w.:/@+,$#%*[\]-]+$/;

// C0 and C1 controls, line separators, and what makes text invisible or turns its direction.
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** What one line says. */
export interface LogLine {
  /** When it happened. */
  readonly time: Date;
  /** How much it matters. */
  readonly level: LogLevel;
  /** The sentence. */
  readonly message: string;
  /** What varies. */
  readonly fields: LogFields;
}

/**
 * A line for people: local time with its offset, level, message, then `key=value`, without a line feed.
 * The stack of an error follows on lines of its own, indented.
 */
export function formatText(line: LogLine): string {
  const { time, level } = line;
  return `${localTime(time)} ${level.toUpperCase().padEnd(5)} ${textOf(line)}`;
}

/** The priorities of syslog. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = {
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
};

/** The same for systemd's journal: without a time, which that has, and each line with its priority (sd-daemon(3)). */
export function formatJournal(line: LogLine): string {
  return textOf(line).replaceAll(/^/gm, `<${PRIORITIES[line.level]}>`);
}

/** Message and fields, and the stack of an error on lines of its own. */
function textOf({ message, fields }: LogLine): string {
  let line = escapeUnsafe(message);
  let stacks = "";
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined) continue;
    line += ` ${key}=${textValue(value)}`;
    if (value instanceof Error) stacks += stackLines(value);
  }
  return line + stacks;
}

/** The same for machines: one JSON object with `time` (UTC), `level`, `message` and the fields. */
export function formatJson({ time, level, message, fields }: LogLine): string {
  const record: Record<string, unknown> = {
    time: time.toISOString(),
    level,
    message,
  };
  for (const key in fields) record[key] = jsonValue(fields[key]);
  return escapeUnsafe(JSON.stringify(record));
}

/** `2026-07-30T09:05:01.007+02:00`: local time, sortable, and still one moment in time. */
export function localTime(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const ahead = Math.abs(offset);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${
    two(time.getDate())
  }` +
    `T${two(time.getHours())}:${two(time.getMinutes())}:${
      two(time.getSeconds())
    }` +
    `.${String(time.getMilliseconds()).padStart(3, "0")}` +
    `${offset < 0 ? "-" : "+"}${two(Math.floor(ahead / 60))}:${
      two(ahead % 60)
    }`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function textValue(value: NonNullable<LogValue>): string {
  if (value instanceof Error) return quote(value.message);
  return typeof value === "string" ? quote(value) : String(value);
}

function quote(value: string): string {
  if (value.length <= LONGEST_VALUE && PLAIN.test(value)) return value;
  return escapeUnsafe(JSON.stringify(cut(value)));
}

/** A stack's lines, each indented, so that no part of it can be taken for a line of its own. */
function stackLines(error: Error): string {
  const frames = (error.stack ?? "").split("\n").filter((line) =>
    /^\s+at /.test(line)
  );
  return frames.map((line) => `\n    ${escapeUnsafe(line.trim())}`).join("");
}

function jsonValue(value: LogValue): unknown {
  if (value instanceof Error) return value.stack ?? value.message;
  if (typeof value === "bigint") return String(value);
  return typeof value === "string" ? cut(value) : value;
}

function cut(value: string): string {
  if (value.length <= LONGEST_VALUE) return value;
  return `${value.slice(0, LONGEST_VALUE)}… (${value.length} characters)`;
}

function escapeUnsafe(text: string): string {
  return text.replace(
    UNSAFE,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
