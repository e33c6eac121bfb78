import { LIMIT_INFO, type Limits } from "../core/limits.ts";
import { type ImportDraft, keyText } from "./draft.ts";
import type { Directive } from "./lines.ts";
import { formatQuantity } from "../config/settings/quantity.ts";

/** How a number of mosquitto's becomes a limit. */
interface LimitRule {
  /** The limit. */
  readonly key: keyof Limits;
  /** What 0 or -1 means in mosquitto: no limit, or the number itself. */
  readonly zero: "unlimited" | "none";
  /** What is different, if anything. */
  readonly difference?: string;
  /** Added to the number. */
  readonly more?: number;
}

const KiB = 1024;

const RULES: Readonly<Record<string, LimitRule>> = {
  global_max_connections: { key: "maximumConnections", zero: "unlimited" },
  max_inflight_bytes: { key: "inflightBytes", zero: "unlimited" },
  max_inflight_messages: { key: "maximumInflight", zero: "unlimited" },
  max_keepalive: { key: "maximumKeepAlive", zero: "unlimited" },
  max_packet_size: { key: "maximumPacketSize", zero: "unlimited" },
  max_queued_bytes: { key: "queuedBytes", zero: "unlimited" },
  max_queued_messages: { key: "queuedMessages", zero: "unlimited" },
  max_topic_alias: {
    key: "topicAliasMaximum",
    zero: "none",
    difference: "it holds for all listeners",
  },
  max_topic_alias_broker: {
    key: "outboundTopicAliasMaximum",
    zero: "none",
    difference: "it holds for all listeners",
  },
  memory_limit: {
    key: "memoryCeiling",
    zero: "unlimited",
    difference: "publishers wait at this point and are not disconnected",
  },
  message_size_limit: {
    key: "maximumPacketSize",
    zero: "unlimited",
    difference:
      "the whole packet counts, so that 64KiB are added for the topic and properties; who sends more is disconnected",
    more: 64 * KiB,
  },
};

/** Seconds of each unit of `persistent_client_expiration`. */
const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  m: 30 * 86_400,
  y: 365 * 86_400,
};

/** Whether an option becomes a limit. */
export function isLimit(name: string): boolean {
  return name in RULES || name === "persistent_client_expiration" ||
    name === "retain_available";
}

/** Translates an option for which {@linkcode isLimit} holds. */
export function translateLimit(option: Directive, draft: ImportDraft): void {
  const { name, value } = option;
  if (name === "retain_available") {
    if (value !== "false") {
      return draft.note(option, "taken over", "that is so by default");
    }
    return setLimit(draft, option, {
      key: "retainedMessages",
      value: 0,
      difference:
        "nothing is retained, but who asks for it is not disconnected",
    });
  }
  if (name === "persistent_client_expiration") {
    const [, digits, unit = ""] = /^(\d+)([shdwmy])$/.exec(value) ?? [];
    if (digits === undefined) return unreadable(draft, option);
    return setLimit(draft, option, {
      key: "maximumSessionExpiry",
      value: Number(digits) * SECONDS[unit]!,
    });
  }
  const { key, zero, difference, more = 0 } = RULES[name]!;
  if (!/^-?\d+$/.test(value)) return unreadable(draft, option);
  const number = Number(value);
  if (number < 0 || number === 0 && zero === "unlimited") {
    return draft.note(
      option,
      "changed",
      `${
        nameOf(key)
      } stays as it is by default: there is a bound for everything`,
    );
  }
  setLimit(draft, option, {
    key,
    value: number + more,
    ...(difference !== undefined && { difference }),
  });
}

function setLimit(
  draft: ImportDraft,
  option: Directive,
  { key, value, difference }: {
    readonly key: keyof Limits;
    readonly value: number;
    readonly difference?: string;
  },
): void {
  const { minimum, maximum, unit } = LIMIT_INFO[key];
  const within = Math.min(maximum, Math.max(minimum, value));
  const name = nameOf(key).replace("limits.", "");
  const quantity = formatQuantity(within, unit);
  const before = draft.limits.get(name);
  // The size of payloads and that of packets are one limit here: the lower one counts.
  if (key === "maximumPacketSize" && isLower(before, within)) {
    return draft.note(
      option,
      "changed",
      `${keyText(`limits.${name}`, before!)} of another line is the lower one`,
    );
  }
  const written = /^\d+$/.test(quantity) ? within : quantity;
  draft.limits.set(name, written);
  const reasons = [
    ...(within === value ? [] : ["the nearest that is allowed"]),
    ...(difference === undefined ? [] : [difference]),
  ];
  draft.note(
    option,
    reasons.length === 0 ? "taken over" : "changed",
    [keyText(`limits.${name}`, written), ...reasons].join(": "),
  );
}

/** Whether a size that was written before is lower. */
function isLower(before: unknown, value: number): boolean {
  if (before === undefined) return false;
  const [, digits, unit] = /^(\d+)(\w*)$/.exec(String(before))!;
  const factor = { "": 1, KiB, MiB: KiB ** 2, GiB: KiB ** 3 }[unit!]!;
  return Number(digits) * factor <= value;
}

function unreadable(draft: ImportDraft, option: Directive): void {
  draft.note(option, "put right", "it is no number that mosquitto takes");
}

function nameOf(key: keyof Limits): string {
  return `limits.${LIMIT_INFO[key].flag.replaceAll("-", "_")}`;
}
