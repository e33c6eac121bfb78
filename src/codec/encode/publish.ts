/** The writers of the hot path: they allocate nothing and write where they are told. */
import { type AcknowledgementType, PacketType } from "../packet.ts";
import type { ProtocolVersion, QoS } from "../packet.ts";
import { ReasonCode } from "../reason_code.ts";
import {
  variableByteIntegerSize,
  writeVariableByteInteger,
} from "../variable_byte_integer.ts";

/** Up to so many bytes a loop is faster than `set()`, which costs about 20 ns however many there are. */
const LONGEST_LOOP = 16;
/** The same where only a part of the source is copied, because `subarray()` costs another 50 ns. */
const LONGEST_PARTIAL_LOOP = 64;

/** A PUBLISH to be written; keep one and change it, so that writing allocates nothing. */
export interface OutgoingPublish {
  /** Below 5 all that is a property is left out. */
  version: ProtocolVersion;
  /** The QoS to send with. */
  qos: QoS;
  /** The RETAIN flag. */
  retain: boolean;
  /** The DUP flag. */
  dup: boolean;
  /** 1 to 65535; not written with QoS 0. */
  packetId: number;
  /** The encoded topic name; empty to use an alias that is established. */
  topic: Uint8Array;
  /** Encoded properties to pass on: see {@linkcode forwardedProperties}. */
  properties: Uint8Array;
  /** Seconds that are left, or -1 for none. */
  messageExpiryInterval: number;
  /** Those of the matching subscriptions, 1 to 268435455 each. */
  subscriptionIdentifiers: readonly number[];
  /** 1 to 65535, or 0 for none. */
  topicAlias: number;
  /** Where the payload lies. */
  source: Uint8Array;
  /** The payload's first byte in `source`. */
  start: number;
  /** After the payload's last byte in `source`. */
  end: number;
}

/** The size in bytes of `publish` when written. */
export function publishSize(publish: OutgoingPublish): number {
  const remaining = remainingLength(publish, propertyLength(publish));
  return 1 + variableByteIntegerSize(remaining) + remaining;
}

/**
 * Writes `publish` at `offset` of `out`, which must have {@linkcode publishSize} bytes left there, and
 * returns the offset after it.
 */
export function writePublish(
  out: Uint8Array,
  offset: number,
  publish: OutgoingPublish,
): number {
  const { topic, source, start, end, qos } = publish;
  const properties = propertyLength(publish);
  out[offset++] = PacketType.Publish << 4 | (publish.dup ? 8 : 0) | qos << 1 |
    (publish.retain ? 1 : 0);
  const remaining = remainingLength(publish, properties);
  offset = writeVariableByteInteger(out, offset, remaining);
  out[offset++] = topic.length >>> 8;
  out[offset++] = topic.length;
  offset = copyBytes(topic, 0, topic.length, out, offset);
  if (qos !== 0) {
    out[offset++] = publish.packetId >>> 8;
    out[offset++] = publish.packetId;
  }
  if (publish.version === 5) {
    offset = writeVariableByteInteger(out, offset, properties);
    if (properties > 0) offset = writePublishProperties(out, offset, publish);
  }
  return copyBytes(source, start, end, out, offset);
}

function remainingLength(publish: OutgoingPublish, properties: number): number {
  return 2 + publish.topic.length + (publish.qos === 0 ? 0 : 2) +
    (publish.version === 5
      ? variableByteIntegerSize(properties) + properties
      : 0) +
    publish.end - publish.start;
}

function propertyLength(publish: OutgoingPublish): number {
  if (publish.version !== 5) return 0;
  let length = publish.properties.length;
  if (publish.topicAlias !== 0) length += 3;
  if (publish.messageExpiryInterval >= 0) length += 5;
  for (let i = 0; i < publish.subscriptionIdentifiers.length; i++) {
    length += 1 + variableByteIntegerSize(publish.subscriptionIdentifiers[i]!);
  }
  return length;
}

function writePublishProperties(
  out: Uint8Array,
  offset: number,
  publish: OutgoingPublish,
): number {
  const { topicAlias, messageExpiryInterval, properties } = publish;
  if (topicAlias !== 0) {
    out[offset++] = 0x23;
    out[offset++] = topicAlias >>> 8;
    out[offset++] = topicAlias;
  }
  if (messageExpiryInterval >= 0) {
    out[offset++] = 0x02;
    out[offset++] = messageExpiryInterval >>> 24;
    out[offset++] = messageExpiryInterval >>> 16;
    out[offset++] = messageExpiryInterval >>> 8;
    out[offset++] = messageExpiryInterval;
  }
  for (let i = 0; i < publish.subscriptionIdentifiers.length; i++) {
    out[offset++] = 0x0B;
    offset = writeVariableByteInteger(
      out,
      offset,
      publish.subscriptionIdentifiers[i]!,
    );
  }
  return copyBytes(properties, 0, properties.length, out, offset);
}

/** Copies `source[start..end)` to `out` at `offset` and returns the offset after it; fast for few bytes too. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  offset: number,
): number {
  const length = end - start;
  if (length > LONGEST_LOOP && length === source.length) {
    out.set(source, offset);
  } else if (length > LONGEST_PARTIAL_LOOP) {
    out.set(source.subarray(start, end), offset);
  } else {
    for (let i = 0; i < length; i++) out[offset + i] = source[start + i]!;
  }
  return offset + length;
}

/**
 * Writes PUBACK, PUBREC, PUBREL or PUBCOMP without properties at `offset` of `out` (4 bytes; 5 with a
 * reason code, which is left out below 5.0 and for success) and returns the offset after it.
 */
export function writeAcknowledgement(
  out: Uint8Array,
  offset: number,
  type: AcknowledgementType,
  packetId: number,
  reasonCode: ReasonCode,
  version: ProtocolVersion,
): number {
  const withReason = version === 5 && reasonCode !== ReasonCode.Success;
  out[offset] = type << 4 | (type === PacketType.Pubrel ? 2 : 0);
  out[offset + 1] = withReason ? 3 : 2;
  out[offset + 2] = packetId >>> 8;
  out[offset + 3] = packetId;
  if (!withReason) return offset + 4;
  out[offset + 4] = reasonCode;
  return offset + 5;
}
