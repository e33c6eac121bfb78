import {
  DEFAULT_LIMITS,
  LIMIT_INFO,
  LIMIT_KEYS,
  type Limits,
} from "../core/limits.ts";
import { badValue, type FlagInfo } from "./flags.ts";
import { formatQuantity, parseQuantity, QUANTITY_FORMS } from "./quantity.ts";

/** The heading of the limits in `--help`. */
export const LIMITS_GROUP =
  "Limits, sizes as 64KiB or 16MiB, times as 500ms, 10s, 2m, 12h or 7d";

const PLACEHOLDERS = {
  count: "NUMBER",
  percent: "PERCENT",
  bytes: "SIZE",
  milliseconds: "TIME",
  seconds: "TIME",
} as const;

/** One flag for each limit. */
export const LIMIT_FLAGS: readonly FlagInfo[] = LIMIT_KEYS.map((key) => {
  const { flag, unit, help, defaultText } = LIMIT_INFO[key];
  return {
    name: flag,
    value: PLACEHOLDERS[unit],
    example: show(key, DEFAULT_LIMITS[key]),
    help,
    defaultText: defaultText ?? show(key, DEFAULT_LIMITS[key]),
    group: LIMITS_GROUP,
  };
});

/**
 * The limits that the flags ask for, and `base` for the others. Throws for a value out of its range, and for retained
 * messages that would fill the memory ceiling.
 */
export function parseLimits(
  values: ReadonlyMap<string, readonly string[]>,
  base: Limits,
): Limits {
  const limits: Record<keyof Limits, number> = { ...base };
  for (const key of LIMIT_KEYS) {
    const text = values.get(LIMIT_INFO[key].flag)?.[0];
    if (text !== undefined) limits[key] = parseLimit(key, text);
  }
  const { memoryCeiling } = limits;
  const { flag } = LIMIT_INFO.retainedBytes;
  const text = values.get(flag)?.[0];
  if (text === undefined) {
    limits.retainedBytes = retainedBytesWithin(memoryCeiling, base);
  } else if (limits.retainedBytes > memoryCeiling) {
    // Nothing but their publishers could make room, who would have to wait for it.
    const ceiling = formatQuantity(memoryCeiling, "bytes");
    throw badValue(
      flag,
      text,
      `the memory ceiling, which retained messages count towards, is ${ceiling}`,
    );
  }
  return limits;
}

/** What retained messages may take by default: they leave half of the memory ceiling to messages on their way. */
function retainedBytesWithin(ceiling: number, base: Limits): number {
  return Math.min(base.retainedBytes, Math.floor(ceiling / 2));
}

function parseLimit(key: keyof Limits, text: string): number {
  const { flag, unit, never, minimum, maximum } = LIMIT_INFO[key];
  if (never !== undefined && text === "never") return never;
  const value = parseQuantity(text, unit);
  if (value !== undefined && value >= minimum && value <= maximum) return value;
  const range =
    `${QUANTITY_FORMS[unit]} from ${formatQuantity(minimum, unit)} to ` +
    `${formatQuantity(maximum, unit)}`;
  throw badValue(
    flag,
    text,
    `${range}${never === undefined ? "" : ", or never,"} is allowed`,
  );
}

function show(key: keyof Limits, value: number): string {
  const { unit, never } = LIMIT_INFO[key];
  return value === never ? "never" : formatQuantity(value, unit);
}
