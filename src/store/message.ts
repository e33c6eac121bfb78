import type { QoS } from "../codec/packet.ts";
import type { Durability } from "./durability.ts";

/** A topic name, kept once however many messages bear it. */
export interface TopicName {
  /** The name as text. */
  readonly text: string;
  /** The name's UTF-8 bytes; never written to. */
  readonly bytes: Uint8Array;
  /** How durable what is published to it is; left out: as durable as can be. */
  readonly durability?: Durability;
}

/** What a {@linkcode Message} is made of. */
export interface MessageParts {
  /** The Topic Name. */
  topic: TopicName;
  /** The QoS as published. */
  qos: QoS;
  /** The RETAIN flag as published. */
  retain: boolean;
  /** Buffer in which the payload lies. */
  source: Uint8Array;
  /** Index of the payload's first byte in `source`. */
  payloadStart: number;
  /** Index after the payload's last byte in `source`. */
  payloadEnd: number;
  /** Encoded MQTT 5 properties to pass on: all but topic alias and message expiry interval. */
  properties: Uint8Array;
  /** Wall clock in milliseconds since the epoch when it expires; `Infinity` for never. */
  expiresAt: number;
  /** Client identifier of who published it. */
  publisher: string;
}

/** Bytes that a message costs beside topic, payload and properties: the objects around them, about. */
export const MESSAGE_OVERHEAD = 160;

/**
 * An Application Message on its way. Fresh from a connection it borrows payload and properties from the read
 * buffer, which is overwritten after routing: what outlives routing keeps {@linkcode Message.owned} instead.
 */
export class Message {
  /** The Topic Name. */
  readonly topic: TopicName;
  /** The QoS as published. */
  readonly qos: QoS;
  /** The RETAIN flag as published. */
  readonly retain: boolean;
  /** Buffer in which the payload lies. */
  readonly source: Uint8Array;
  /** Index of the payload's first byte in `source`. */
  readonly payloadStart: number;
  /** Index after the payload's last byte in `source`. */
  readonly payloadEnd: number;
  /** Encoded MQTT 5 properties to pass on: all but topic alias and message expiry interval. */
  readonly properties: Uint8Array;
  /** Wall clock in milliseconds since the epoch when it expires; `Infinity` for never. */
  readonly expiresAt: number;
  /** Client identifier of who published it. */
  readonly publisher: string;
  #owned: Message | undefined;

  /** Makes a message that borrows the buffers of its parts. */
  constructor(parts: MessageParts) {
    this.topic = parts.topic;
    this.qos = parts.qos;
    this.retain = parts.retain;
    this.source = parts.source;
    this.payloadStart = parts.payloadStart;
    this.payloadEnd = parts.payloadEnd;
    this.properties = parts.properties;
    this.expiresAt = parts.expiresAt;
    this.publisher = parts.publisher;
  }

  /** Makes a message whose buffers are nobody else's already. */
  static of(
    parts: Omit<MessageParts, "source" | "payloadStart" | "payloadEnd"> & {
      payload: Uint8Array;
    },
  ): Message {
    return Message.within({
      ...parts,
      source: parts.payload,
      payloadStart: 0,
      payloadEnd: parts.payload.length,
    });
  }

  /** Makes a message that may keep its buffers, though others use them too: they never change. */
  static within(parts: MessageParts): Message {
    const message = new Message(parts);
    message.#owned = message;
    return message;
  }

  /** This message with buffers of its own, copied the first time it is asked for. */
  get owned(): Message {
    return this.#owned ??= Message.of({
      topic: this.topic,
      qos: this.qos,
      retain: this.retain,
      payload: this.source.slice(this.payloadStart, this.payloadEnd),
      properties: this.properties.length === 0
        ? this.properties
        : this.properties.slice(),
      expiresAt: this.expiresAt,
      publisher: this.publisher,
    });
  }

  /** The payload, as a view. */
  get payload(): Uint8Array {
    return this.source.subarray(this.payloadStart, this.payloadEnd);
  }

  /** Bytes that keeping this message costs, about. */
  get size(): number {
    return this.payloadEnd - this.payloadStart + this.properties.length +
      this.topic.bytes.length + MESSAGE_OVERHEAD;
  }

  /** Whole seconds until it expires, as sent on [MQTT-3.3.2-6]; -1 where it never does, 0 where it has. */
  remainingSeconds(now: number): number {
    if (this.expiresAt === Infinity) return -1;
    return Math.max(0, Math.ceil((this.expiresAt - now) / 1000));
  }
}

/** Whether deliveries of a message are kept by the Store: not where its topic lives in memory alone. */
export function isKept(message: Message): boolean {
  return message.topic.durability !== "off";
}
