import { DURABILITIES, type Durability } from "../../store/durability.ts";
import {
  type DurabilityRule,
  DurabilityRules,
} from "../../router/topics/durability_rules.ts";
import { isValidTopicFilter } from "../../router/topics/filter.ts";
import { formatQuantity } from "./quantity.ts";
import {
  choice,
  type DefaultedSetting,
  FORMS,
  list,
  quantity,
  type Range,
  SettingError,
} from "./setting.ts";

const MiB = 1024 * 1024;

/** What SQLite's log takes at most is as much. */
const BALLAST = { unit: "bytes", minimum: 0, maximum: 1024 * MiB } as const;
const DEFAULT_BALLAST = 16 * MiB;
/** Of a small disk the default takes no more than this part of what is free. */
export const DEFAULT_BALLAST_SHARE = 1 / 20;

const INTERVAL = {
  unit: "milliseconds",
  minimum: 10,
  maximum: 3_600_000,
} as const;
const DEFAULT_INTERVAL = 1000;

const LEVELS = `levels are ${list(DURABILITIES)}`;

/** What a broker may do where nothing can be kept in its folder. */
export const UNUSABLE_STORE_POLICIES = ["refuse", "memory", "stop"] as const;

/** One of {@linkcode UNUSABLE_STORE_POLICIES}. */
export type UnusableStorePolicy = (typeof UNUSABLE_STORE_POLICIES)[number];

/** How things are kept on the disk. */
export interface StoreSettings {
  /** Bytes of the file that is given up when the disk is full, 0 for none. */
  readonly ballast: number;
  /** The largest share of what is free that this file may take. */
  readonly ballastShare: number;
  /** How durable messages are, by topic. */
  readonly durability: DurabilityRules;
  /** Milliseconds after which is on the disk what nobody waits for. */
  readonly longestWait: number;
}

/** The settings that say how things are kept. */
export const STORE_SETTINGS: {
  readonly whenUnusable: DefaultedSetting<UnusableStorePolicy>;
  readonly durability: DefaultedSetting<DurabilityRules>;
  readonly longestWait: DefaultedSetting<number>;
  readonly ballast: DefaultedSetting<number>;
} = {
  whenUnusable: {
    name: "store.when_unusable",
    flag: "when-store-unusable",
    placeholder: "POLICY",
    example: "stop",
    help:
      "what to do where nothing can be kept in the data folder: refuse what would have to be kept, and try again until " +
      "it can; keep it in memory, to be lost at the end; or stop, and not start",
    defaultText: "refuse",
    default: "refuse",
    takesEffect: "at restart",
    ...choice(UNUSABLE_STORE_POLICIES, "policies are"),
  },
  durability: {
    name: "store.durability",
    flag: "durability",
    placeholder: "[FILTER=]LEVEL",
    example: "sensors/#=off",
    repeatable: true,
    help:
      "what an acknowledgement promises, of all messages or of those to topics that a filter matches: commit, they are " +
      "on the disk; interval, they soon will be; off, they are in memory alone; the most specific filter counts",
    defaultText: "commit",
    default: new DurabilityRules(),
    takesEffect: "at restart",
    form: FORMS.texts,
    allowed: LEVELS,
    range: `${list(DURABILITIES)}, behind = where a topic filter is before it`,
    parse: parseDurability,
  },
  longestWait: {
    name: "store.durability_interval",
    flag: "durability-interval",
    help: "time after which is on the disk what no acknowledgement waits for",
    ...amount("TIME", INTERVAL, DEFAULT_INTERVAL),
  },
  ballast: {
    name: "store.ballast",
    flag: "ballast",
    help:
      "size of a file in the data folder that is given up when the disk is full, so that messages can still be removed; 0 for none",
    ...amount("SIZE", BALLAST, DEFAULT_BALLAST),
    defaultText: `${
      formatQuantity(DEFAULT_BALLAST, BALLAST.unit)
    }, and at most a twentieth of what is free`,
  },
};

function amount(
  placeholder: string,
  range: Range,
  value: number,
): Omit<DefaultedSetting<number>, "name" | "flag" | "help"> {
  const text = formatQuantity(value, range.unit);
  return {
    placeholder,
    example: text,
    defaultText: text,
    default: value,
    takesEffect: "at restart",
    ...quantity(range),
  };
}

function parseDurability(texts: readonly string[]): DurabilityRules {
  const rules: DurabilityRule[] = [];
  let overall: Durability | undefined;
  for (const text of texts) {
    const at = text.lastIndexOf("=");
    const durability = DURABILITIES.find((one) => one === text.slice(at + 1));
    const filter = text.slice(0, Math.max(0, at));
    if (durability === undefined) throw new SettingError(text, LEVELS);
    const again = at < 0
      ? overall !== undefined
      : rules.some((rule) => rule.filter === filter);
    if (again) throw new SettingError(text, "it is given twice");
    if (at < 0) overall = durability;
    else if (isValidTopicFilter(filter)) rules.push({ filter, durability });
    else throw new SettingError(text, "before = stands a topic filter");
  }
  return new DurabilityRules(overall, rules);
}
