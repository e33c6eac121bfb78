import { DURABILITIES, type Durability } from "../store/durability.ts";
import {
  type DurabilityRule,
  DurabilityRules,
} from "../router/durability_rules.ts";
import { isValidTopicFilter } from "../router/topic_filter.ts";
import { badValue, type FlagInfo } from "./flags.ts";
import { formatQuantity, parseQuantity, QUANTITY_FORMS } from "./quantity.ts";

const MiB = 1024 * 1024;

/** What a quantity may be. */
interface Range {
  readonly unit: "bytes" | "milliseconds";
  readonly minimum: number;
  readonly maximum: number;
  /** Without a flag. */
  readonly value: number;
}

/** What SQLite's log takes at most is as much. */
const BALLAST: Range = {
  unit: "bytes",
  minimum: 0,
  maximum: 1024 * MiB,
  value: 16 * MiB,
};

const INTERVAL: Range = {
  unit: "milliseconds",
  minimum: 10,
  maximum: 3_600_000,
  value: 1000,
};

/** How things are kept on the disk. */
export interface StoreSettings {
  /** Bytes of the file that is given up when the disk is full, 0 for none. */
  readonly ballast: number;
  /** How durable messages are, by topic. */
  readonly durability: DurabilityRules;
  /** Milliseconds after which is on the disk what nobody waits for. */
  readonly longestWait: number;
}

/** The flags that say how things are kept. */
export const STORE_FLAGS: readonly FlagInfo[] = [
  {
    name: "durability",
    value: "[FILTER=]LEVEL",
    example: "sensors/#=off",
    repeatable: true,
    help:
      "what an acknowledgement promises, of all messages or of those to topics that a filter matches: commit, they are " +
      "on the disk; interval, they soon will be; off, they are in memory alone; the most specific filter counts",
    defaultText: "commit",
  },
  {
    name: "durability-interval",
    value: "TIME",
    example: formatQuantity(INTERVAL.value, INTERVAL.unit),
    help: "time after which is on the disk what no acknowledgement waits for",
    defaultText: formatQuantity(INTERVAL.value, INTERVAL.unit),
  },
  {
    name: "ballast",
    value: "SIZE",
    example: formatQuantity(BALLAST.value, BALLAST.unit),
    help:
      "size of a file in the data folder that is given up when the disk is full, so that messages can still be removed; 0 for none",
    defaultText: formatQuantity(BALLAST.value, BALLAST.unit),
  },
];

/** What the flags say of how things are kept. Throws for a value that is not allowed. */
export function parseStoreFlags(
  values: ReadonlyMap<string, readonly string[]>,
): StoreSettings {
  const quantity = (name: string, range: Range) =>
    parseRange(name, values.get(name)?.[0], range);
  return {
    ballast: quantity("ballast", BALLAST),
    durability: parseDurability(values.get("durability") ?? []),
    longestWait: quantity("durability-interval", INTERVAL),
  };
}

function parseRange(
  name: string,
  text: string | undefined,
  { unit, minimum, maximum, value: otherwise }: Range,
): number {
  if (text === undefined) return otherwise;
  const value = parseQuantity(text, unit);
  if (value !== undefined && value >= minimum && value <= maximum) return value;
  throw badValue(
    name,
    text,
    `${QUANTITY_FORMS[unit]} from ${formatQuantity(minimum, unit)} to ${
      formatQuantity(maximum, unit)
    } is allowed`,
  );
}

function parseDurability(texts: readonly string[]): DurabilityRules {
  const rules: DurabilityRule[] = [];
  let overall: Durability | undefined;
  for (const text of texts) {
    const at = text.lastIndexOf("=");
    const durability = DURABILITIES.find((one) => one === text.slice(at + 1));
    const filter = text.slice(0, Math.max(0, at));
    if (durability === undefined) {
      throw badValue("durability", text, "levels are commit, interval and off");
    }
    const again = at < 0
      ? overall !== undefined
      : rules.some((rule) => rule.filter === filter);
    if (again) throw badValue("durability", text, "it is given twice");
    if (at < 0) overall = durability;
    else if (isValidTopicFilter(filter)) rules.push({ filter, durability });
    else throw badValue("durability", text, "before = stands a topic filter");
  }
  return new DurabilityRules(overall, rules);
}
