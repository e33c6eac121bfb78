/**
 * Everything the broker counts, in one place that `$SYS`, metrics and tests read. Plain number fields:
 * the code that sees the event adds one, and nobody is told. All of it belongs to the main thread.
 */

import { Histogram, type HistogramSnapshot } from "./histogram.ts";

/** Packets or messages by their QoS; kept as fields, since this is counted for every message. */
export interface ByQos {
  /** QoS 0. */
  qos0: number;
  /** QoS 1. */
  qos1: number;
  /** QoS 2. */
  qos2: number;
}

/** All of them, whatever their QoS. */
export function sumOf({ qos0, qos1, qos2 }: ByQos): number {
  return qos0 + qos1 + qos2;
}

/** What the store has written to the disk in some time. */
export interface ByDisk {
  /** Bytes that went to the disk. */
  bytes: number;
  /** Times at which the disk was told to keep what it was given. */
  fsyncs: number;
}

/** Why a connection ended before its client was accepted: each cause, and its name in the log. */
export const REFUSED_CAUSES = {
  tooManyConnections: "too many connections",
  tooManyFromAddress: "too many connections from its address",
  tooManyClients: "too many clients of its user",
  tooManyConnects: "too many connections a second of its user",
  connectTimeout: "no CONNECT in time",
  badConnect: "first packet is no valid CONNECT",
  unsupportedVersion: "unsupported protocol version",
  badClientId: "client id not accepted",
  badUserNameOrPassword: "bad user name or password",
  notAuthorized: "not authorized",
  /** After too many failures, for a while. */
  banned: "banned for now",
  /** Too many others are being let in. */
  busy: "too many clients at the same time",
  badAuthenticationMethod: "unknown authentication method",
  badWill: "will not accepted",
  /** The client went away, or the network did. */
  closedEarly: "closed before its CONNECT was complete",
  /** Another connection came with the same client identifier. */
  sessionTakenOver: "session taken over before CONNACK",
  /** Not even CONNACK is as small as the client wants its packets. */
  packetTooLarge: "CONNACK larger than the client accepts",
  /** A fault of ours. */
  internalError: "internal error",
  unavailable: "broker busy or ending",
  disk: "cannot be kept on the disk now",
} as const;

/** Why a message was not sent to a subscriber, or not retained: each cause, and its name in the log. */
export const DROPPED_CAUSES = {
  /** QoS 0 for a client whose Outbox had no room. */
  outboxFull: "client reads too slowly",
  queueMessages: "queue holds too many messages",
  queueBytes: "queue holds too many bytes",
  allQueueMessages: "all queues hold too many messages",
  allQueueBytes: "all queues hold too many bytes",
  /** QoS 0 for a session without a connection. */
  offline: "client is offline",
  /** [MQTT-3.1.2-25] */
  tooLarge: "larger than the client accepts",
  /** [MQTT-3.3.2-5] */
  expired: "expired",
  memory: "memory ceiling",
  /** The session ended with the message still waiting in it. */
  sessionEnded: "session ended",
  /** The client acknowledged with 0x80 or above; for a shared group that is the end of it too [MQTT-4.8.2-6]. */
  rejected: "rejected by the client",
  /** Published by a client to a topic of the broker's own. */
  reservedTopic: "topic is the broker's own",
  /** The rules do not let the client publish or receive it. */
  notAuthorized: "not authorized",
  retainedMessages: "too many retained messages",
  retainedBytes: "too many retained bytes",
  /** It would have had to be kept on the disk. */
  disk: "no room on the disk",
} as const;

/** Why the connection of an accepted client ended: each cause, and its name in the log. */
export const DISCONNECTED_CAUSES = {
  clientDisconnect: "client disconnected",
  /** The end of the stream, without a DISCONNECT. */
  clientClosed: "client closed the connection",
  networkError: "network error",
  /** [MQTT-3.1.2-22] */
  keepAliveTimeout: "keep alive timed out",
  /** [MQTT-3.1.4-3] */
  sessionTakenOver: "session taken over",
  malformedPacket: "malformed packet",
  protocolError: "protocol error",
  packetTooLarge: "packet too large",
  /** [MQTT-3.3.4-7] */
  receiveMaximumExceeded: "receive maximum exceeded",
  /** [MQTT-3.3.2-8] */
  topicAliasInvalid: "invalid topic alias",
  quotaExceeded: "quota exceeded",
  /** It had bytes waiting and took none for `--stalled-timeout`. */
  slowConsumer: "client reads nothing",
  /** The memory ceiling's last step: the largest consumer is ended. */
  memory: "memory ceiling",
  /** The settings were loaded anew, or it authenticated again and failed. */
  notAuthorized: "not authorized any more",
  administrative: "ended by an operator",
  shutdown: "broker ending",
  /** A fault of ours, met while working on this client's bytes. */
  internalError: "internal error",
} as const;

/** One of {@linkcode REFUSED_CAUSES}. */
export type RefusedCause = keyof typeof REFUSED_CAUSES;
/** One of {@linkcode DROPPED_CAUSES}. */
export type DroppedCause = keyof typeof DROPPED_CAUSES;
/** One of {@linkcode DISCONNECTED_CAUSES}. */
export type DisconnectedCause = keyof typeof DISCONNECTED_CAUSES;

/** The same keys, each counting from 0. */
function zeros<Cause extends string>(
  causes: Readonly<Record<Cause, string>>,
): Record<Cause, number> {
  const counts = {} as Record<Cause, number>;
  for (const cause in causes) counts[cause] = 0;
  return counts;
}

/** All counters at one moment: a deep copy that counts no further. */
export type CountersSnapshot = {
  readonly [
    K in keyof Counters as Counters[K] extends (...args: never[]) => unknown
      ? never
      : K
  ]: Counters[K] extends number ? number
    : Counters[K] extends Histogram ? HistogramSnapshot
    : Readonly<Counters[K]>;
};

/** The counters of one broker. Values since its start, but for those that say `now`. */
export class Counters {
  /** Connections open now, those that have not sent their CONNECT yet included. */
  connectionsNow = 0;
  /** Most connections open at the same time. */
  connectionsPeak = 0;
  /** Connections accepted from the listeners. */
  connectionsTotal = 0;
  /** Clients connected now: CONNECT accepted. */
  clientsNow = 0;
  /** Clients whose CONNECT was accepted. */
  clientsTotal = 0;
  /** Sessions held now, with or without a connection. */
  sessionsNow = 0;
  /** Subscriptions held now. */
  subscriptionsNow = 0;
  /** Retained messages held now. */
  retainedNow = 0;
  /** Bytes that these take in memory now; where the store alone has one, little but its topic does. */
  retainedBytesNow = 0;
  /** Messages waiting in sessions now. */
  queuedNow = 0;
  /** Bytes of the messages waiting in sessions now that are in memory. */
  queuedBytesNow = 0;
  /** Bytes of the messages waiting in sessions now that are in the store alone. */
  storedBytesNow = 0;
  /** Queues of clients and shared groups that are full now, whose messages are dropped: these consumers are slow. */
  fullQueuesNow = 0;
  /** Bytes of the messages that clients were sent, kept to be sent again. */
  inflightBytesNow = 0;
  /** Connections refused before they became clients, by cause. */
  readonly refused: Record<RefusedCause, number> = zeros(REFUSED_CAUSES);
  /** Ended connections of clients, by cause. */
  readonly disconnected: Record<DisconnectedCause, number> = zeros(
    DISCONNECTED_CAUSES,
  );
  /** Bytes read from sockets. */
  bytesReceived = 0;
  /** Bytes written to sockets. */
  bytesSent = 0;
  /** Packets of every type decoded. */
  packetsReceived = 0;
  /** Packets of every type encoded for a client. */
  packetsSent = 0;
  /** PUBLISH packets from clients, by QoS. */
  readonly messagesReceived: ByQos = { qos0: 0, qos1: 0, qos2: 0 };
  /** PUBLISH packets to clients, by the QoS they were sent with. */
  readonly messagesSent: ByQos = { qos0: 0, qos1: 0, qos2: 0 };
  /** Messages dropped, by cause, once for each subscriber that misses one. */
  readonly dropped: Record<DroppedCause, number> = zeros(DROPPED_CAUSES);
  /** What the rules denied: PUBLISH packets, filters of SUBSCRIBE packets, wills at CONNECT or when they were due. */
  readonly denied: { publish: number; subscribe: number; will: number } = {
    publish: 0,
    subscribe: 0,
    will: 0,
  };
  /** Filters of SUBSCRIBE packets that were refused since the client had as many subscriptions as it may. */
  subscriptionsRefused = 0;
  /** Connections that had to wait before they were served, since too many came just before. */
  connectsSlowed = 0;
  /** Times at which a client was not read for a while, since it had sent more than it may in a second. */
  publishersSlowed = 0;
  /** Times at which the memory ceiling made publishers wait. */
  memoryPauses = 0;
  /** Times at which the disk had no room for more, or answered with errors. */
  diskPauses = 0;
  /** PUBLISH packets that were refused since the disk had no room for them. */
  diskRefusals = 0;
  /** PUBLISH packets that were refused since a queue had no room for them. */
  queueRefusals = 0;
  /** Times at which all queues together had no room, so that nothing was accepted that would have had to wait. */
  queuePauses = 0;
  /** What the store wrote since it was made. */
  diskTotal: ByDisk = { bytes: 0, fsyncs: 0 };
  /** What the store wrote in this hour so far. */
  diskThisHour: ByDisk = { bytes: 0, fsyncs: 0 };
  /** What the store wrote in the hour before. */
  diskLastHour: ByDisk = { bytes: 0, fsyncs: 0 };
  /** What the store wrote in this day so far. */
  diskThisDay: ByDisk = { bytes: 0, fsyncs: 0 };
  /** What the store wrote in the day before. */
  diskLastDay: ByDisk = { bytes: 0, fsyncs: 0 };
  /** TLS handshakes that came to nothing, and clients whose certificate was not good. */
  tlsFailures = 0;
  /** Lines that the log could not write, since standard error took no more. */
  logLinesLost = 0;
  /** From the reading of packets until all of them were routed: one in sixteen reads. */
  readonly routing: Histogram = new Histogram();
  /** From the handing over of a batch to the store's thread until it was on the disk. */
  readonly committing: Histogram = new Histogram();

  /** Counts a connection that a listener accepted. */
  connectionOpened(): void {
    this.connectionsTotal += 1;
    this.connectionsNow += 1;
    if (this.connectionsNow > this.connectionsPeak) {
      this.connectionsPeak = this.connectionsNow;
    }
  }

  /** Counts its end. */
  connectionClosed(): void {
    this.connectionsNow -= 1;
  }

  /** Takes back what was counted of sessions and messages that were held for a while only. */
  forgetHeld(): void {
    this.sessionsNow = 0;
    this.subscriptionsNow = 0;
    this.retainedNow = 0;
    this.retainedBytesNow = 0;
    this.queuedNow = 0;
    this.queuedBytesNow = 0;
    this.fullQueuesNow = 0;
  }

  /** All values as they are now, as plain data. */
  snapshot(): CountersSnapshot {
    const { routing, committing, ...others } = this;
    return {
      ...structuredClone(others),
      routing: routing.snapshot(),
      committing: committing.snapshot(),
    } as CountersSnapshot;
  }
}
