/** What one listener, or one user, may use: limits that stand beside those of the whole broker in limits.ts. */

import { LIMIT_INFO, type LimitUnit } from "./limits.ts";

/** Limits of a listener or a user. What is left out is not limited here; the broker's {@linkcode Limits} hold besides. */
export interface ScopedLimits {
  /** Connections at the same time. */
  readonly maximumConnections?: number;
  /** Those of one address; for listeners alone. */
  readonly maximumConnectionsPerAddress?: number;
  /** New connections in a second. */
  readonly connectsPerSecond?: number;
  /** Messages that each client publishes in a second; it is read more slowly beyond. */
  readonly publishesPerSecond?: number;
  /** Bytes that are read from each client in a second; it is read more slowly beyond. */
  readonly bytesPerSecond?: number;
  /** Bytes of one packet from a client. */
  readonly maximumPacketSize?: number;
  /** Subscriptions that one session holds. */
  readonly subscriptionsPerClient?: number;
  /** QoS 1 and 2 messages on their way to one client, not yet acknowledged. */
  readonly maximumInflight?: number;
  /** Messages that wait in one session. */
  readonly queuedMessages?: number;
  /** Bytes of the messages that wait in one session. */
  readonly queuedBytes?: number;
}

/** What there is to say of one such limit to whoever sets it. */
export interface ScopedLimitInfo {
  /** Its name in a configuration file, for example `max_connections`. */
  readonly name: string;
  /** How it is counted. */
  readonly unit: LimitUnit;
  /** The least value, in the unit. */
  readonly minimum: number;
  /** The greatest value, in the unit. */
  readonly maximum: number;
  /** One phrase: lower case, no full stop. */
  readonly help: string;
  /** A value to show. */
  readonly example: number;
  /** Whether it is for listeners alone, and not for users. */
  readonly isForListeners?: boolean;
}

const MiB = 1024 ** 2;

/** Name, unit, range and meaning of each, in the order in which they are shown. */
export const SCOPED_LIMIT_INFO: Readonly<
  Record<keyof ScopedLimits, ScopedLimitInfo>
> = {
  maximumConnections: {
    name: "max_connections",
    unit: "count",
    minimum: 1,
    maximum: LIMIT_INFO.maximumConnections.maximum,
    help: "connections at the same time",
    example: 100,
  },
  maximumConnectionsPerAddress: {
    name: "max_connections_per_address",
    unit: "count",
    minimum: 1,
    maximum: LIMIT_INFO.maximumConnections.maximum,
    help: "connections at the same time from one address",
    example: 10,
    isForListeners: true,
  },
  connectsPerSecond: {
    name: "connects_per_second",
    unit: "count",
    minimum: 1,
    maximum: 1_000_000,
    help: "new connections in a second",
    example: 50,
  },
  publishesPerSecond: {
    name: "publishes_per_second",
    unit: "count",
    minimum: 1,
    maximum: 100_000_000,
    help: "messages a client publishes in a second; beyond, it has to wait",
    example: 100,
  },
  bytesPerSecond: {
    name: "bytes_per_second",
    unit: "bytes",
    minimum: 1024,
    maximum: 1024 ** 4,
    help: "bytes a client sends in a second; beyond, it has to wait",
    example: MiB,
  },
  maximumPacketSize: {
    ...ofEach("maximumPacketSize", 1 * MiB),
    help: "size of a packet from a client",
  },
  subscriptionsPerClient: ofEach("subscriptionsPerClient", 100),
  maximumInflight: ofEach("maximumInflight", 20),
  queuedMessages: ofEach("queuedMessages", 10_000),
  queuedBytes: ofEach("queuedBytes", 16 * MiB),
};

/** The keys of {@linkcode ScopedLimits} in the order of {@linkcode SCOPED_LIMIT_INFO}. */
export const SCOPED_LIMIT_KEYS: readonly (keyof ScopedLimits)[] = Object.keys(
  SCOPED_LIMIT_INFO,
) as (keyof ScopedLimits)[];

/** A limit that the whole broker has too. */
function ofEach(
  key: keyof ScopedLimits & keyof typeof LIMIT_INFO,
  example: number,
): ScopedLimitInfo {
  const { flag, unit, minimum, maximum, help } = LIMIT_INFO[key];
  return {
    name: flag.replaceAll("-", "_"),
    unit,
    minimum,
    maximum,
    help,
    example,
  };
}
