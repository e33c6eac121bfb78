import { ByteBuffer } from "../core/byte_buffer.ts";
import type { ProtocolVersion, Publish, QoS } from "../codec/packet.ts";
import {
  type OutgoingPublish,
  publishSize,
  writePublish,
} from "../codec/encode/encode.ts";
import type { Message } from "../store/message.ts";
import { NO_IDENTIFIERS } from "../store/store.ts";

/** An encoded PUBLISH, to be copied into many Outboxes. */
export interface Frame {
  /** The buffer in which it lies. */
  bytes: Uint8Array;
  /** Index of its first byte in `bytes`. */
  start: number;
  /** Index after its last byte in `bytes`. */
  end: number;
  /** Where its packet identifier stands, counted from `start`. */
  packetIdAt: number;
}

const NO_BYTES = new Uint8Array(0);

/** Frames differ by encoding (before 5.0, or 5.0), QoS and RETAIN. */
const KINDS = 2 * 3 * 2;

/** The scratch buffer keeps up to this many bytes between messages. */
const KEPT_CAPACITY = 64 * 1024;

function kindOf(version: ProtocolVersion, qos: QoS, retain: boolean): number {
  return (version === 5 ? 6 : 0) + qos * 2 + (retain ? 1 : 0);
}

/** Whether a subscriber of this version may be sent the very bytes that the publisher sent. */
export function isForwardable(publish: Publish): boolean {
  // DUP with QoS 0, which MQTT 3.1 allows, is not passed on [MQTT-3.3.1-2].
  return publish.topicAlias === 0 && publish.topicEnd > publish.topicStart &&
    (!publish.dup || publish.qos > 0);
}

/**
 * The encodings of one message: each is made once, when the first subscriber needs it. What the publisher sent is
 * one of them already.
 */
export class Frames {
  readonly #scratch = new ByteBuffer();
  readonly #frames: (Frame | undefined)[] = new Array(KINDS).fill(undefined);
  #message: Message | undefined;
  #now = 0;

  /** Begins with another message, which came in as `publish` if that is given. */
  begin(message: Message, now: number, publish?: Publish): void {
    this.#message = message;
    this.#now = now;
    this.#frames.fill(undefined);
    this.#scratch.clear();
    this.#scratch.release(KEPT_CAPACITY);
    if (publish !== undefined && isForwardable(publish)) {
      this.#frames[kindOf(publish.version, publish.qos, publish.retain)] = {
        bytes: publish.bytes,
        start: publish.start,
        end: publish.end,
        packetIdAt: publish.topicEnd - publish.start,
      };
    }
  }

  /** The message encoded for such a subscriber; its packet identifier is to be set after copying. */
  frame(version: ProtocolVersion, qos: QoS, retain: boolean): Frame {
    return this.#frames[kindOf(version, qos, retain)] ??= this.#encode(
      version,
      qos,
      retain,
    );
  }

  #encode(version: ProtocolVersion, qos: QoS, retain: boolean): Frame {
    const message = this.#message!;
    const parts = publishParts(message, this.#now, { version, qos, retain });
    const size = publishSize(parts);
    const start = this.#scratch.reserve(size);
    const end = this.#scratch.length = writePublish(
      this.#scratch.bytes,
      start,
      parts,
    );
    return {
      bytes: this.#scratch.bytes,
      start,
      end,
      packetIdAt: packetIdPosition(size, message),
    };
  }
}

/** Where in an encoded PUBLISH of so many bytes the packet identifier stands. */
export function packetIdPosition(size: number, message: Message): number {
  const fixedHeader = size <= 129
    ? 2
    : size <= 16_386
    ? 3
    : size <= 2_097_156
    ? 4
    : 5;
  return fixedHeader + 2 + message.topic.bytes.length;
}

/** What may differ between two subscribers' copies of a message. */
export interface CopyOptions {
  /** The protocol version that the subscriber speaks. */
  version: ProtocolVersion;
  /** The QoS of the delivery. */
  qos: QoS;
  /** The RETAIN flag of the delivery. */
  retain: boolean;
  /** Whether it may have been sent before [MQTT-3.3.1-1]. */
  dup?: boolean;
  /** 1 to 65,535; left out at QoS 0. */
  packetId?: number;
  /** Subscription identifiers, MQTT 5 only. */
  identifiers?: readonly number[];
  /** A topic alias, 0 for none. */
  alias?: number;
  /** Whether the alias stands for the topic, which is then left out. */
  aliasKnown?: boolean;
}

/** What the codec encodes for one subscriber's copy of a message. */
export function publishParts(
  message: Message,
  now: number,
  copy: CopyOptions,
): OutgoingPublish {
  return {
    version: copy.version,
    qos: copy.qos,
    retain: copy.retain,
    dup: copy.dup ?? false,
    packetId: copy.packetId ?? 0,
    topic: copy.aliasKnown ? NO_BYTES : message.topic.bytes,
    properties: message.properties,
    messageExpiryInterval: message.remainingSeconds(now),
    subscriptionIdentifiers: copy.identifiers ?? NO_IDENTIFIERS,
    topicAlias: copy.alias ?? 0,
    source: message.source,
    start: message.payloadStart,
    end: message.payloadEnd,
  };
}
