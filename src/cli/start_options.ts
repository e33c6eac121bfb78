import type { Limits } from "../core/limits.ts";
import {
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
} from "../core/log.ts";
import type { ListenerSettings } from "../transport/listener_settings.ts";
import { DEFAULT_DATA } from "./data_folder.ts";
import {
  badValue,
  type FlagInfo,
  type ParsedFlags,
  parseFlags,
  usageError,
} from "./flags.ts";
import type { QueuePolicies } from "../session/queue_policy.ts";
import { LIMIT_FLAGS, parseLimits } from "./limit_flags.ts";
import { checkListens, DEFAULT_LISTEN, parseListen } from "./listen.ts";
import { formatListener } from "./listener_url.ts";
import { parseQueueFlags, QUEUE_FLAGS } from "./queue_flags.ts";
import {
  parseStoreFlags,
  STORE_FLAGS,
  type StoreSettings,
} from "./store_flags.ts";

/** What the start command was told to do. */
export interface StartOptions {
  /** Where to listen: at least one. */
  readonly listen: readonly ListenerSettings[];
  /** Whether clients without credentials may come in from elsewhere than this machine. */
  readonly allowAnonymous: boolean;
  /** The folder in which sessions and messages are kept, or `none`; `undefined` where that is not said. */
  readonly data: string | undefined;
  /** Whether to start only if things can be kept. */
  readonly requireStore: boolean;
  /** How they are kept there. */
  readonly store: StoreSettings;
  /** What becomes of messages where there are too many. */
  readonly queuePolicies: QueuePolicies;
  /** The limits. */
  readonly limits: Limits;
  /** The lowest level that is logged. */
  readonly logLevel: LogLevel;
  /** How log lines look. */
  readonly logFormat: LogFormat;
}

/** The flags of the start command, in the order of its `--help`. */
export const START_FLAGS: readonly FlagInfo[] = [
  {
    name: "listen",
    value: "URL",
    example: formatListener(DEFAULT_LISTEN),
    repeatable: true,
    help: "where to listen; may be given more than once",
    defaultText: formatListener(DEFAULT_LISTEN),
  },
  {
    name: "allow-anonymous",
    help: "let everybody in who reaches an address that is not a loopback one",
  },
  {
    name: "data",
    value: "FOLDER",
    example: "/var/lib/mailboxqtt",
    help: "where sessions and messages are kept; none for memory only",
    defaultText: DEFAULT_DATA,
  },
  {
    name: "require-store",
    help: "do not start where nothing can be kept, instead of in memory",
  },
  ...STORE_FLAGS,
  ...QUEUE_FLAGS,
  {
    name: "log-level",
    value: "LEVEL",
    example: "debug",
    help: `what is logged: ${list(LOG_LEVELS)}`,
    defaultText: "info",
  },
  {
    name: "log-format",
    value: "FORMAT",
    example: "json",
    help: "how it is logged: text for people, json for machines",
    defaultText: "text",
  },
  ...LIMIT_FLAGS,
];

/**
 * Reads the arguments of the start command; limits that are not given come from `base`. Throws a
 * `StartError` with exit status 2 that says in one sentence what is wrong and what is allowed.
 */
export function parseStart(
  args: readonly string[],
  base: Limits,
): StartOptions {
  const flags = parseFlags(args, START_FLAGS);
  const listen = flags.values.get("listen")?.map(parseListen) ??
    [DEFAULT_LISTEN];
  const allowAnonymous = flags.switches.has("allow-anonymous");
  const data = flags.values.get("data")?.[0];
  const requireStore = flags.switches.has("require-store");
  if (requireStore && data === "none") {
    throw usageError(
      "Flag --require-store contradicts --data none: leave one of them out",
    );
  }
  const options = {
    listen,
    allowAnonymous,
    data,
    requireStore,
    store: parseStoreFlags(flags.values),
    queuePolicies: parseQueueFlags(flags.values),
    limits: parseLimits(flags.values, base),
    logLevel: choice(flags, "log-level", LOG_LEVELS) ?? "info",
    logFormat: choice(flags, "log-format", LOG_FORMATS) ?? "text",
  };
  checkListens(listen, allowAnonymous);
  return options;
}

function choice<Value extends string>(
  flags: ParsedFlags,
  name: string,
  allowed: readonly Value[],
): Value | undefined {
  const text = flags.values.get(name)?.[0];
  if (text === undefined) return undefined;
  const value = allowed.find((one) => one === text);
  if (value !== undefined) return value;
  throw badValue(
    name,
    text,
    allowed.length === 1
      ? `only ${allowed[0]} is allowed`
      : `allowed are ${list(allowed)}`,
  );
}

function list(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
