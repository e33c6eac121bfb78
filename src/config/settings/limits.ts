import {
  DEFAULT_LIMITS,
  LIMIT_INFO,
  LIMIT_KEYS,
  type Limits,
} from "../../core/limits.ts";
import {
  SCOPED_LIMIT_INFO,
  SCOPED_LIMIT_KEYS,
  type ScopedLimits,
} from "../../core/scoped_limits.ts";
import { formatQuantity } from "./quantity.ts";
import { type Field, quantity, type Setting } from "./setting.ts";

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

/** One setting for each limit of the whole broker. */
export const LIMIT_SETTINGS: Readonly<Record<keyof Limits, Setting<number>>> =
  Object.fromEntries(
    LIMIT_KEYS.map((key) => [key, limitSetting(key)]),
  ) as Record<keyof Limits, Setting<number>>;

function limitSetting(key: keyof Limits): Setting<number> {
  const { flag, unit, help, defaultText, never } = LIMIT_INFO[key];
  const value = DEFAULT_LIMITS[key];
  const text = value === never ? "never" : formatQuantity(value, unit);
  return {
    name: `limits.${flag.replaceAll("-", "_")}`,
    flag,
    placeholder: PLACEHOLDERS[unit],
    example: text,
    help,
    defaultText: defaultText ?? text,
    group: LIMITS_GROUP,
    takesEffect: "at restart",
    ...quantity(LIMIT_INFO[key]),
  };
}

/** A limit of a listener or a user. */
export interface ScopedLimitField extends Field<number> {
  /** Under which name {@linkcode ScopedLimits} hold it. */
  readonly key: keyof ScopedLimits;
}

/** The limits of a listener. */
export const LISTENER_LIMITS: readonly ScopedLimitField[] = SCOPED_LIMIT_KEYS
  .map((key) => {
    const { name, unit, help, example } = SCOPED_LIMIT_INFO[key];
    return {
      key,
      name,
      help,
      example: formatQuantity(example, unit),
      ...quantity(SCOPED_LIMIT_INFO[key]),
    };
  });

/** The limits of a user. */
export const USER_LIMITS: readonly ScopedLimitField[] = LISTENER_LIMITS.filter(
  ({ key }) => !SCOPED_LIMIT_INFO[key].isForListeners,
);
