import type { ByteBuffer } from "../../core/byte_buffer.ts";
import {
  appendBytes,
  appendFloat,
  appendNumber,
  EncodingReader,
  numberLength,
} from "./encoding.ts";
import { type Bodies, packTerms } from "./journal.ts";
import { unpackQos, unpackRetain } from "./reader.ts";
import { Message, type TopicName } from "../message.ts";

/** In a body's first number, beside QoS and RETAIN: the message expires. */
const EXPIRES = 8;

/** Publishers and topics remembered; beyond that the memory begins anew. */
const REMEMBERED = 1000;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * Messages as the broker's thread has them. A body is one number (QoS, RETAIN flag, whether it expires), when it
 * expires as a float, the publisher, the topic and the properties each as a length and bytes, and the payload.
 */
export class MessageBodies implements Bodies<Message> {
  /** Publishers' names as bytes: to encode one costs more than all else. */
  readonly #publishers = new Map<string, Uint8Array>();
  /** Topics that were seen more than once, by their text, so that messages share them. */
  readonly #topics = new Map<string, TopicName>();
  /** Topics that were seen once. */
  readonly #seen = new Set<string>();

  /** Always: it may be owed to many. */
  keeps(): boolean {
    return true;
  }

  /** Appends the length of its body, and the body. */
  append(buffer: ByteBuffer, message: Message): void {
    const { topic, properties, expiresAt, source } = message;
    const publisher = this.#publisher(message.publisher);
    const expires = expiresAt !== Infinity;
    appendNumber(
      buffer,
      1 + (expires ? 8 : 0) + lengthWithin(publisher) +
        lengthWithin(topic.bytes) + lengthWithin(properties) +
        message.payloadEnd - message.payloadStart,
    );
    appendNumber(
      buffer,
      packTerms(message) | (expires ? EXPIRES : 0),
    );
    if (expires) appendFloat(buffer, expiresAt);
    appendBytes(buffer, publisher);
    appendBytes(buffer, topic.bytes);
    appendBytes(buffer, properties);
    buffer.append(source, message.payloadStart, message.payloadEnd);
  }

  /** Makes a message of these bytes, which it keeps: they must not change any more. */
  decode(bytes: Uint8Array, start: number, end: number): Message {
    const from = new EncodingReader(bytes, start, end);
    const flags = from.number();
    const expiresAt = (flags & EXPIRES) !== 0 ? from.float() : Infinity;
    const publisher = from.text();
    const topic = this.#topic(from);
    const propertiesEnd = from.number() + from.at;
    const properties = from.at === propertiesEnd
      ? NOTHING
      : bytes.subarray(from.at, propertiesEnd);
    return Message.within({
      topic,
      qos: unpackQos(flags),
      retain: unpackRetain(flags),
      source: bytes,
      payloadStart: propertiesEnd,
      payloadEnd: end,
      properties,
      expiresAt,
      publisher,
    });
  }

  #publisher(name: string): Uint8Array {
    let bytes = this.#publishers.get(name);
    if (bytes === undefined) {
      if (this.#publishers.size >= REMEMBERED) this.#publishers.clear();
      bytes = encoder.encode(name);
      this.#publishers.set(name, bytes);
    }
    return bytes;
  }

  #topic(from: EncodingReader): TopicName {
    const start = from.at;
    const text = from.text();
    const known = this.#topics.get(text);
    if (known !== undefined) return known;
    from.at = start;
    const length = from.number();
    const bytes = from.bytes.subarray(from.at, from.at + length);
    from.at += length;
    if (!this.#seen.delete(text)) {
      if (this.#seen.size >= REMEMBERED) this.#seen.clear();
      this.#seen.add(text);
      return { text, bytes };
    }
    // What is remembered must not hold on to the messages around it.
    const topic = { text, bytes: bytes.slice() };
    if (this.#topics.size >= REMEMBERED) this.#topics.clear();
    this.#topics.set(text, topic);
    return topic;
  }
}

/** Messages as the Store's thread has them: as bytes, which it need not understand. */
export class StoredBody {
  /** The body. */
  bytes: Uint8Array;
  /** Whether more than one delivery may refer to it. */
  readonly shared: boolean;
  /** Its row among the shared messages, 0 if it has none. */
  row = 0;
  /** How many deliveries of a batch refer to it. */
  uses = 0;

  /** Keeps these bytes. */
  constructor(bytes: Uint8Array, shared: boolean) {
    this.bytes = bytes;
    this.shared = shared;
  }
}

/** How {@linkcode StoredBody} gets into journals and out of them. */
export const STORED_BODIES: Bodies<StoredBody> = {
  keeps: (body) => body.shared,
  append(buffer, body) {
    appendBytes(buffer, body.bytes);
    // Whoever refers to it again needs only its number.
    body.bytes = NOTHING;
  },
  decode: (bytes, start, end) => {
    return new StoredBody(bytes.subarray(start, end), true);
  },
};

function lengthWithin(bytes: Uint8Array): number {
  return numberLength(bytes.length) + bytes.length;
}
