/**
 * What one client, one session and the whole broker may use. {@linkcode DEFAULT_LIMITS} holds the safe
 * defaults; {@linkcode LIMIT_INFO} says for each limit its flag, unit, range and meaning, and everything that
 * reads a limit from outside (flags, `--help`, error sentences) comes from that one table.
 */

/** How a limit is counted. */
export type LimitUnit =
  | "count"
  | "percent"
  | "bytes"
  | "milliseconds"
  | "seconds";

/** The limits that the broker works within. Ranges and the help sentence of each: {@linkcode LIMIT_INFO}. */
export interface Limits {
  /** Milliseconds from accept until CONNECT must have arrived whole. Default 10,000 [MQTT-3.1.4-1]. */
  readonly connectTimeout: number;
  /** Bytes of one CONNECT packet, which comes before we know the client. Default 384 KiB. */
  readonly maximumConnectSize: number;
  /** Bytes of one packet from a client, fixed header included. Default 16 MiB [MQTT-3.2.2-15]. */
  readonly maximumPacketSize: number;
  /** Network connections at the same time. Default 10,000. */
  readonly maximumConnections: number;
  /** Seconds of keep alive that a client may ask for. Default 65,535, which is all it can ask for. */
  readonly maximumKeepAlive: number;
  /** Seconds that a session outlives its connection; 4,294,967,295 means for ever. Default for ever. */
  readonly maximumSessionExpiry: number;
  /** Times that one client identifier is taken over within 10 seconds, before the newcomer has to wait. Default 5. */
  readonly takeovers: number;
  /** QoS 1 and 2 messages on their way to one client, not yet acknowledged. Default 1,000. */
  readonly maximumInflight: number;
  /** Bytes of such messages that are kept to be sent again; a single one may have more. Default 16 MiB. */
  readonly inflightBytes: number;
  /** QoS 1 and 2 messages on their way from one client, not yet acknowledged. Default 1,000 [MQTT-3.3.4-9]. */
  readonly receiveMaximum: number;
  /** Topic aliases that one client may set. Default 1,000 [MQTT-3.3.2-9]. */
  readonly topicAliasMaximum: number;
  /** Topic aliases that the broker sets towards one client, if that client allows as many. Default 1,000. */
  readonly outboundTopicAliasMaximum: number;
  /** Messages that wait in one session or shared group. Default 1,000,000. */
  readonly queuedMessages: number;
  /** Bytes of the messages that wait in one session or shared group. Default 256 MiB. */
  readonly queuedBytes: number;
  /** Messages that wait in all of them. Default 10,000,000. */
  readonly allQueuedMessages: number;
  /** Bytes of the messages that wait in all of them. Default 2 GiB. */
  readonly allQueuedBytes: number;
  /** Bytes of those that are in memory where the store has them too. Default 128 KiB. */
  readonly queuedInMemory: number;
  /** Bytes encoded for one client and not yet taken by its socket. Default 32 MiB. */
  readonly outboxBytes: number;
  /** Milliseconds in which a client that has bytes waiting takes none, before it is ended. Default 60,000. */
  readonly stalledOutboxTime: number;
  /** Characters of a client identifier; 23 are all that MQTT 3.1 foresees. Default 65,535, which is all a packet can say. */
  readonly clientIdLength: number;
  /** Bytes of one topic name or topic filter in UTF-8. Default 65,535, which is all a packet can say. */
  readonly topicLength: number;
  /** Levels of one topic name or topic filter, that is slashes plus one. Default 65,536: only its length limits it. */
  readonly topicLevels: number;
  /** Subscriptions that one session holds; a filter with `+` counts once for each 16 levels. Default 50,000. */
  readonly subscriptionsPerClient: number;
  /** Retained messages in all. Default 1,000,000. */
  readonly retainedMessages: number;
  /**
   * Bytes of topic and payload of all retained messages. Default 256 MiB; the start command takes half of the
   * memory ceiling where that is less.
   */
  readonly retainedBytes: number;
  /** Bytes of those that are in memory where the store has them too. Default 32 MiB. */
  readonly retainedInMemory: number;
  /**
   * Bytes of messages held in memory at which publishers are no longer read. Default 512 MiB here; the
   * start command takes half of the machine's memory instead, at most 1 GiB.
   */
  readonly memoryCeiling: number;
  /** Percent of {@linkcode Limits.memoryCeiling} below which publishers are read again. Default 80. */
  readonly memoryResumePercent: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** {@linkcode Limits.maximumSessionExpiry} that means that a session never expires [MQTT-3.1.2.11.2]. */
export const SESSION_NEVER_EXPIRES = 0xFFFF_FFFF;

/** The defaults: safe on a gateway, and wide enough that ordinary clients never meet them. */
export const DEFAULT_LIMITS: Limits = {
  connectTimeout: 10_000,
  // Every field of a 3.1.1 CONNECT at its longest makes 327,696 bytes; the rest is for v5 properties.
  maximumConnectSize: 384 * KiB,
  maximumPacketSize: 16 * MiB,
  maximumConnections: 10_000,
  maximumKeepAlive: 65_535,
  maximumSessionExpiry: SESSION_NEVER_EXPIRES,
  takeovers: 5,
  maximumInflight: 1_000,
  inflightBytes: 16 * MiB,
  receiveMaximum: 1_000,
  topicAliasMaximum: 1_000,
  outboundTopicAliasMaximum: 1_000,
  queuedMessages: 1_000_000,
  queuedBytes: 256 * MiB,
  allQueuedMessages: 10_000_000,
  allQueuedBytes: 2 * GiB,
  queuedInMemory: 128 * KiB,
  outboxBytes: 32 * MiB,
  stalledOutboxTime: 60_000,
  clientIdLength: 65_535,
  topicLength: 65_535,
  topicLevels: 65_536,
  subscriptionsPerClient: 50_000,
  retainedMessages: 1_000_000,
  retainedBytes: 256 * MiB,
  retainedInMemory: 32 * MiB,
  memoryCeiling: 512 * MiB,
  memoryResumePercent: 80,
};

/** What there is to say of one limit to whoever sets it. */
export interface LimitInfo {
  /** The flag's name without its dashes, for example `max-packet-size`. */
  readonly flag: string;
  /** How the value is counted, and with it which suffixes it may carry. */
  readonly unit: LimitUnit;
  /** A value that is written as the word `never`. */
  readonly never?: number;
  /** The least value, in the unit. */
  readonly minimum: number;
  /** The greatest value, in the unit. */
  readonly maximum: number;
  /** One phrase for `--help`: lower case, no full stop. */
  readonly help: string;
  /** What to say of the default, where it is more than the value in {@linkcode DEFAULT_LIMITS}. */
  readonly defaultText?: string;
}

/** Flag, unit, range and meaning of every limit, in the order in which `--help` shows them. */
export const LIMIT_INFO: Readonly<Record<keyof Limits, LimitInfo>> = {
  connectTimeout: {
    flag: "connect-timeout",
    unit: "milliseconds",
    minimum: 100,
    maximum: 3_600_000,
    help: "time in which a new connection must have sent its CONNECT",
  },
  maximumConnectSize: {
    flag: "max-connect-size",
    unit: "bytes",
    minimum: 1 * KiB,
    maximum: 16 * MiB,
    help: "size of a CONNECT packet, will included",
  },
  maximumPacketSize: {
    flag: "max-packet-size",
    unit: "bytes",
    minimum: 1 * KiB,
    maximum: 268_435_460,
    help: "size of any other packet from a client",
  },
  maximumConnections: {
    flag: "max-connections",
    unit: "count",
    minimum: 1,
    maximum: 1_000_000,
    help: "connections at the same time",
  },
  maximumKeepAlive: {
    flag: "max-keep-alive",
    unit: "seconds",
    minimum: 1,
    maximum: 65_535,
    help:
      "keep alive of a client; MQTT 5.0 clients that ask for more are told this one",
  },
  maximumSessionExpiry: {
    flag: "max-session-expiry",
    unit: "seconds",
    never: SESSION_NEVER_EXPIRES,
    minimum: 0,
    maximum: SESSION_NEVER_EXPIRES,
    help: "time for which a session is kept after its client went away",
  },
  takeovers: {
    flag: "max-takeovers",
    unit: "count",
    minimum: 1,
    maximum: 1_000_000,
    help:
      "take-overs of a client id within 10 s, before the newcomer has to wait",
  },
  maximumInflight: {
    flag: "max-inflight",
    unit: "count",
    minimum: 1,
    maximum: 65_535,
    help: "QoS 1 and 2 messages sent to a client and not yet acknowledged",
  },
  inflightBytes: {
    flag: "max-inflight-bytes",
    unit: "bytes",
    minimum: 1 * KiB,
    maximum: 1 * GiB,
    help: "size of such messages that are kept to be sent again",
  },
  receiveMaximum: {
    flag: "receive-maximum",
    unit: "count",
    minimum: 1,
    maximum: 65_535,
    help:
      "QoS 1 and 2 messages a client may send before the first is acknowledged",
  },
  topicAliasMaximum: {
    flag: "topic-alias-maximum",
    unit: "count",
    minimum: 0,
    maximum: 65_535,
    help: "topic aliases a client may set",
  },
  outboundTopicAliasMaximum: {
    flag: "outbound-topic-alias-maximum",
    unit: "count",
    minimum: 0,
    maximum: 65_535,
    help: "topic aliases the broker sets towards a client that allows as many",
  },
  queuedMessages: {
    flag: "max-queued-messages",
    unit: "count",
    minimum: 1,
    maximum: 100_000_000,
    help: "messages waiting in a session",
  },
  queuedBytes: {
    flag: "max-queued-bytes",
    unit: "bytes",
    minimum: 1 * KiB,
    maximum: 1024 * GiB,
    help: "size of the messages waiting in a session",
  },
  allQueuedMessages: {
    flag: "max-all-queued-messages",
    unit: "count",
    minimum: 1,
    maximum: 1_000_000_000,
    help: "messages waiting in all sessions",
  },
  allQueuedBytes: {
    flag: "max-all-queued-bytes",
    unit: "bytes",
    minimum: 1 * KiB,
    maximum: 1024 * GiB,
    help: "size of the messages waiting in all sessions",
  },
  queuedInMemory: {
    flag: "max-queued-in-memory",
    unit: "bytes",
    minimum: 1 * KiB,
    maximum: 1 * GiB,
    help: "size of those kept in memory too where the store has them",
  },
  outboxBytes: {
    flag: "max-outbox-bytes",
    unit: "bytes",
    minimum: 1 * KiB,
    maximum: 4 * GiB,
    help: "bytes waiting to be sent to a client",
  },
  stalledOutboxTime: {
    flag: "stalled-timeout",
    unit: "milliseconds",
    minimum: 1_000,
    maximum: 86_400_000,
    help:
      "time after which a client that reads nothing of what waits for it is ended",
  },
  clientIdLength: {
    flag: "max-client-id-length",
    unit: "count",
    minimum: 1,
    maximum: 65_535,
    help:
      "characters of a client identifier; 23 are all that MQTT 3.1 foresees",
  },
  topicLength: {
    flag: "max-topic-length",
    unit: "bytes",
    minimum: 1,
    maximum: 65_535,
    help: "length of a topic name or topic filter in UTF-8",
  },
  topicLevels: {
    flag: "max-topic-levels",
    unit: "count",
    minimum: 1,
    maximum: 65_536,
    help: "levels of a topic name or topic filter; deeper ones are refused",
    defaultText: "as many as fit in its length",
  },
  subscriptionsPerClient: {
    flag: "max-subscriptions",
    unit: "count",
    minimum: 1,
    maximum: 10_000_000,
    help:
      "subscriptions of a client; a filter with + counts once for each 16 levels",
  },
  retainedMessages: {
    flag: "max-retained-messages",
    unit: "count",
    minimum: 0,
    maximum: 100_000_000,
    help: "retained messages in all",
  },
  retainedBytes: {
    flag: "max-retained-bytes",
    unit: "bytes",
    minimum: 0,
    maximum: 1024 * GiB,
    help:
      "size of all retained messages; those in memory count towards its ceiling",
    defaultText: "256MiB, at most half of the memory ceiling",
  },
  retainedInMemory: {
    flag: "max-retained-in-memory",
    unit: "bytes",
    minimum: 0,
    maximum: 1024 * GiB,
    help: "size of those kept in memory too where the store has them",
  },
  memoryCeiling: {
    flag: "memory-ceiling",
    unit: "bytes",
    minimum: 16 * MiB,
    maximum: 1024 * GiB,
    help: "memory for messages, above which publishers are made to wait",
    defaultText: "half of the machine's memory, at most 1GiB",
  },
  memoryResumePercent: {
    flag: "memory-resume",
    unit: "percent",
    minimum: 10,
    maximum: 99,
    help: "part of the memory ceiling below which publishers go on",
  },
};

/** The keys of {@linkcode Limits} in the order of {@linkcode LIMIT_INFO}. */
export const LIMIT_KEYS: readonly (keyof Limits)[] = Object.keys(
  LIMIT_INFO,
) as (keyof Limits)[];
