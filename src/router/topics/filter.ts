const SLASH = 0x2f;
const PLUS = 0x2b;
const HASH = 0x23;
const DOLLAR = 0x24;
const MAXIMUM_LENGTH = 65_535;
const encoder = new TextEncoder();

/** The first level of all topics on which the broker tells of itself. */
export const SYSTEM = "$SYS";

/** The first levels of topics that clients do not publish to. */
const RESERVED: readonly string[] = [SYSTEM, "$CONTROL", "$share"];

/** Why a client may not publish to a topic for which {@linkcode isReservedTopic} holds: lower case, no full stop. */
export const RESERVED_REASON =
  "topics below $SYS, $CONTROL and $share are the broker's own";

/** Below `$SYS`, where bridges of mosquitto say whether they are connected: they publish there, and have a will. */
export const BRIDGE_STATE = `${SYSTEM}/broker/connection/+/state`;

/** The two parts of the topic filter of a shared subscription, `$share/{group}/{filter}`. */
export interface SharedFilter {
  /** The group's share name. */
  readonly group: string;
  /** The topic filter proper. */
  readonly filter: string;
}

/**
 * Whether a string may name the topic of a message: one character or more [MQTT-4.7.3-1], none of
 * them null [MQTT-4.7.3-2] or a wildcard [MQTT-3.3.2-2].
 */
export function isValidTopicName(topic: string): boolean {
  if (topic.length === 0 || topic.length > MAXIMUM_LENGTH) return false;
  for (let i = 0; i < topic.length; i++) {
    const code = topic.charCodeAt(i);
    if (code === PLUS || code === HASH || code === 0) return false;
  }
  return true;
}

/**
 * Whether a string may be subscribed to: as {@linkcode isValidTopicName}, with `#` alone in the
 * last level [MQTT-4.7.1-1] and `+` alone in its level [MQTT-4.7.1-2] allowed. What follows
 * `$share/` is not looked at; that is {@linkcode parseSharedFilter}'s.
 */
export function isValidTopicFilter(filter: string): boolean {
  if (filter.length === 0 || filter.length > MAXIMUM_LENGTH) return false;
  for (let i = 0; i < filter.length; i++) {
    const code = filter.charCodeAt(i);
    if (code === 0) return false;
    if (code !== PLUS && code !== HASH) continue;
    if (i > 0 && filter.charCodeAt(i - 1) !== SLASH) return false;
    const last = i + 1 === filter.length;
    if (!last && (code === HASH || filter.charCodeAt(i + 1) !== SLASH)) {
      return false;
    }
  }
  return true;
}

/**
 * Whether a topic is the broker's own: no client publishes there. Other topics that begin with `$` are like any other,
 * but that no wildcard stands for their first level [MQTT-4.7.2-1].
 */
export function isReservedTopic(topic: string): boolean {
  if (topic.charCodeAt(0) !== DOLLAR) return false;
  const slash = topic.indexOf("/");
  const first = slash < 0 ? topic : topic.substring(0, slash);
  return RESERVED.includes(first) && !matches(BRIDGE_STATE, topic);
}

/** How many levels a topic or filter has: one more than it has slashes. */
export function topicLevels(topic: string): number {
  let levels = 1;
  for (let i = topic.indexOf("/"); i >= 0; i = topic.indexOf("/", i + 1)) {
    levels++;
  }
  return levels;
}

/** Levels for which a filter with `+` counts as one subscription. */
const LEVELS_OF_ONE = 16;

/**
 * For how many subscriptions a filter counts. With `+` each of its levels may have to be looked at for each message to
 * a topic as deep as that; without, filters share what they have in common.
 */
export function subscriptionWeight(filter: string): number {
  return filter.includes("+")
    ? Math.ceil(topicLevels(filter) / LEVELS_OF_ONE)
    : 1;
}

/** Whether a topic or filter keeps to the limits in levels and in bytes of UTF-8. */
export function isWithinLimits(
  topic: string,
  limits: { readonly topicLevels: number; readonly topicLength: number },
): boolean {
  // A UTF-16 code unit makes three bytes at most.
  const fits = topic.length * 3 <= limits.topicLength ||
    (topic.length <= limits.topicLength &&
      encoder.encode(topic).length <= limits.topicLength);
  return fits && topicLevels(topic) <= limits.topicLevels;
}

/**
 * Takes the filter of a shared subscription apart. Gives `undefined` for one that is not shared, and
 * `"invalid"` where the group's name is empty or not followed by a filter [MQTT-4.8.2-1], has a
 * wildcard [MQTT-4.8.2-2], or the filter in it is not a valid one.
 */
export function parseSharedFilter(
  filter: string,
): SharedFilter | "invalid" | undefined {
  const prefix = "$share/";
  if (!filter.startsWith(prefix)) return undefined;
  const slash = filter.indexOf("/", prefix.length);
  if (slash < 0) return "invalid";
  const group = filter.substring(prefix.length, slash);
  const inner = filter.substring(slash + 1);
  if (!isValidTopicName(group) || !isValidTopicFilter(inner)) return "invalid";
  return { group, filter: inner };
}

/**
 * Whether a valid filter matches a valid topic name. A leading wildcard does not match a topic that
 * begins with `$` [MQTT-4.7.2-1]. It needs no tree: for single questions such as access rules.
 */
export function matches(filter: string, topic: string): boolean {
  const first = filter.charCodeAt(0);
  if (topic.charCodeAt(0) === DOLLAR && (first === PLUS || first === HASH)) {
    return false;
  }
  const rest = matchLevels(filter, 0, topic, 0);
  return rest >= 0 && isFulfilled(filter, rest);
}

/** Whether what is left of a filter from the offset `rest` on asks for no more levels. "a/#" takes "a" as well. */
export function isFulfilled(filter: string, rest: number): boolean {
  return rest > filter.length || filter.charCodeAt(rest) === HASH;
}

/**
 * Matches the levels of `path` from offset `at` against the levels of `filter` from offset `from`,
 * both being the beginnings of levels, or one past the end where no level is left. Gives the offset
 * of the first level of the filter that was not used up (a `#` never is), or -1 where they differ.
 */
export function matchLevels(
  filter: string,
  from: number,
  path: string,
  at: number,
): number {
  while (at <= path.length) {
    if (from > filter.length) return -1;
    const code = filter.charCodeAt(from);
    if (code === HASH) return from;
    if (code === PLUS) {
      const end = path.indexOf("/", at);
      at = end < 0 ? path.length + 1 : end + 1;
      from += 2;
      continue;
    }
    for (;;) {
      const inFilter = from < filter.length ? filter.charCodeAt(from) : SLASH;
      const inPath = at < path.length ? path.charCodeAt(at) : SLASH;
      if (inFilter !== inPath) return -1;
      from++;
      at++;
      if (inFilter === SLASH) break;
    }
  }
  return from;
}
