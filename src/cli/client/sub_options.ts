import type { SubscriptionRequest } from "../../codec/packet.ts";
import { isValidTopicFilter } from "../../router/topics/filter.ts";
import { readNumber, readQos, readSeconds } from "./options.ts";
import {
  badValue,
  type ParsedFlags,
  usageError,
} from "../../terminal/flags.ts";

/** What `sub` is to receive, and when to end. */
export interface SubOptions {
  /** What it subscribes to. */
  readonly filters: SubscriptionRequest[];
  /** What it unsubscribes from. */
  readonly unsubscribe: string[];
  /** What is not shown. */
  readonly filtersOut: readonly string[];
  /** After how many messages it ends. */
  readonly count: number;
  /** After how many seconds it ends; `undefined` for never. */
  readonly timeout: number | undefined;
  /** The share of messages that is shown, from 0 to 1. */
  readonly share: number;
}

const RETAIN_HANDLING: ReadonlyMap<string, 0 | 1 | 2> = new Map([
  ["always", 0],
  ["new", 1],
  ["never", 2],
]);

/** The flags that mean something to MQTT 5 alone. */
const NEW_FLAGS = ["retain-as-published", "no-local", "retain-handling"];

/**
 * Reads the flags of `sub` that are its own.
 *
 * @throws {StartError} If something is wrong with them.
 */
export function readSubOptions(
  parsed: ParsedFlags,
  inUrl: string | undefined,
  version: number,
): SubOptions {
  const { values, switches } = parsed;
  const topics = [...inUrl === undefined ? [] : [inUrl], ...all("topic")];
  const unsubscribe = all("unsubscribe");
  if (topics.length === 0 && unsubscribe.length === 0) {
    throw usageError(
      "Name what to subscribe to: mailboxqtt sub -t FILTER, for example mailboxqtt sub -t 'test/#' -v",
    );
  }
  if (switches.has("no-retained") && switches.has("retained-only")) {
    throw usageError("Flags -R and --retained-only leave nothing to show");
  }
  for (const name of NEW_FLAGS) {
    if (version !== 5 && (values.has(name) || switches.has(name))) {
      throw usageError(`Flag --${name} is for MQTT 5 alone: leave out -V`);
    }
  }
  const handling = values.get("retain-handling")?.[0] ?? "always";
  const retainHandling = RETAIN_HANDLING.get(handling);
  if (retainHandling === undefined) {
    throw badValue(
      "retain-handling",
      handling,
      "it must be always, new or never",
    );
  }
  const qos = readQos(parsed, "qos");
  return {
    filters: topics.map((filter) => ({
      filter: checked("topic", filter),
      qos,
      noLocal: switches.has("no-local"),
      retainAsPublished: switches.has("retain-as-published"),
      retainHandling,
    })),
    unsubscribe,
    filtersOut: all("filter-out"),
    count: readNumber(parsed, "count", 1, 2 ** 31 - 1) ?? Infinity,
    timeout: readSeconds(parsed, "timeout"),
    share: readShare(values.get("random-filter")?.[0]),
  };

  function all(name: string): string[] {
    return (values.get(name) ?? []).map((filter) => checked(name, filter));
  }
}

function checked(flag: string, filter: string): string {
  if (isValidTopicFilter(filter)) return filter;
  throw badValue(
    flag,
    filter,
    "# must be its last level, and + and # must each be a whole level",
  );
}

function readShare(text = "100"): number {
  const percent = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (percent > 0 && percent <= 100) return percent / 100;
  throw badValue("random-filter", text, "it must be above 0 and at most 100");
}
