import { Budget } from "./budget.ts";
import { Cursor } from "./cursor.ts";
import type { DecodeContext } from "./context.ts";
import {
  PacketType,
  type ProtocolVersion,
  Publish,
  type QoS,
  UnfinishedPacket,
} from "../packet.ts";
import { malformed, PacketError, protocolError } from "../packet_error.ts";
import { PropertyReader } from "./property_reader.ts";
import { ReasonCode } from "../reason_code.ts";
import { HASH_PRIME, HASH_SEED } from "../topic_hash.ts";

const NOTHING = new Uint8Array(0);
const NO_CUTS: readonly number[] = [];
const NO_TOPIC = "topic is empty and there is no topic alias";

const NUL = 1;
const WILDCARD = 2;
const NON_ASCII = 4;

/** What is special about a byte of a topic. */
const SPECIAL = new Uint8Array(256).fill(NON_ASCII, 0x80);
SPECIAL[0x00] = NUL;
SPECIAL[0x23] = WILDCARD;
SPECIAL[0x2B] = WILDCARD;

/** Properties of more bytes than this are read in steps. */
export const LONG_LIST = 16_384;

/**
 * Decodes PUBLISH (section 3.3). One per connection: it uses its parts for packet after packet, and lets
 * go of the buffer after each, so that an idle connection does not keep a buffer it has outgrown.
 */
export class PublishReader {
  readonly #context: DecodeContext;
  readonly #cursor = new Cursor(NOTHING, 0, 0, PacketType.Publish);
  readonly #properties = new PropertyReader();
  readonly #unlimited = new Budget(Infinity);

  /** Reads for the connection that `context` describes. */
  constructor(context: DecodeContext) {
    this.#context = context;
  }

  /** Reads the packet in `bytes[start..end)` whose body starts at `body`; its first byte has been checked. */
  read(
    version: ProtocolVersion,
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
  ): Publish | UnfinishedPacket {
    const first = bytes[start]!;
    const topicStart = body + 2;
    if (topicStart > end) throw this.#cutShort("topic");
    const topicEnd = topicStart + (bytes[body]! << 8 | bytes[body + 1]!);
    if (topicEnd > end) throw this.#cutShort("topic");
    // The hottest loop of the codec: hash and check in one pass.
    let hash = HASH_SEED;
    let special = 0;
    for (let i = topicStart; i < topicEnd; i++) {
      const byte = bytes[i]!;
      hash = Math.imul(hash ^ byte, HASH_PRIME);
      special |= SPECIAL[byte]!;
    }
    const length = topicEnd - topicStart;
    if (special !== 0 || length > this.#context.maximumTopicLength) {
      this.#checkTopic(bytes, topicStart, topicEnd, special);
    }
    let position = topicEnd;
    let packetId = 0;
    if ((first & 6) !== 0) {
      position += 2;
      if (position > end) throw this.#cutShort("packet id");
      packetId = bytes[topicEnd]! << 8 | bytes[topicEnd + 1]!;
      if (packetId === 0) {
        throw this.#fault("packet id is 0 [MQTT-2.2.1-3]");
      }
    }
    if (version === 5) {
      if (position >= end || bytes[position] !== 0) {
        const cursor = this.#cursor;
        cursor.reset(bytes, body, end, PacketType.Publish);
        cursor.position = position;
        const properties = this.#properties;
        properties.begin(cursor, PacketType.Publish);
        // deno-fmt-ignore
        if (cursor.end - cursor.position > LONG_LIST) {
          return this.#inSteps(bytes, start, end, packetId, topicStart, topicEnd, hash, position);
        }
        properties.read(this.#unlimited);
        cursor.bytes = NOTHING;
        // deno-fmt-ignore
        return this.#withProperties(bytes, start, end, packetId, topicStart, topicEnd, hash, cursor, properties);
      }
      position++;
    }
    if (length === 0) throw this.#fault(NO_TOPIC);
    return new Publish(
      version,
      bytes,
      start,
      end,
      (first >> 1 & 3) as QoS,
      (first & 1) !== 0,
      (first & 8) !== 0,
      packetId,
      topicStart,
      topicEnd,
      hash,
      0,
      -1,
      position,
      position,
      position,
      NO_CUTS,
    );
  }

  #withProperties(
    bytes: Uint8Array,
    start: number,
    end: number,
    packetId: number,
    topicStart: number,
    topicEnd: number,
    hash: number,
    cursor: Cursor,
    properties: PropertyReader,
  ): Publish {
    if (
      properties.hasSubscriptionIdentifier && this.#context.role === "server"
    ) {
      throw this.#fault(
        "a client sent a subscription identifier [MQTT-3.3.4-6]",
      );
    }
    if (topicStart === topicEnd && properties.topicAlias === 0) {
      throw this.#fault(NO_TOPIC);
    }
    const first = bytes[start]!;
    return new Publish(
      5,
      bytes,
      start,
      end,
      (first >> 1 & 3) as QoS,
      (first & 1) !== 0,
      (first & 8) !== 0,
      packetId,
      topicStart,
      topicEnd,
      hash,
      properties.topicAlias,
      properties.messageExpiryInterval,
      properties.start,
      cursor.position,
      cursor.position,
      properties.cuts,
    );
  }

  #inSteps(
    bytes: Uint8Array,
    start: number,
    end: number,
    packetId: number,
    topicStart: number,
    topicEnd: number,
    hash: number,
    position: number,
  ): UnfinishedPacket {
    const cursor = new Cursor(bytes, position, end, PacketType.Publish);
    const properties = new PropertyReader();
    properties.begin(cursor, PacketType.Publish);
    return new UnfinishedPacket((maximumItems) => {
      if (!properties.read(new Budget(maximumItems))) return undefined;
      // deno-fmt-ignore
      return this.#withProperties(bytes, start, end, packetId, topicStart, topicEnd, hash, cursor, properties);
    });
  }

  #checkTopic(
    bytes: Uint8Array,
    start: number,
    end: number,
    special: number,
  ): void {
    if ((special & (NUL | NON_ASCII)) !== 0) {
      const cursor = this.#cursor;
      cursor.reset(bytes, start - 2, end, PacketType.Publish);
      cursor.skipString("topic");
      cursor.bytes = NOTHING;
    }
    if ((special & WILDCARD) !== 0) {
      throw new PacketError(
        ReasonCode.TopicNameInvalid,
        "Cannot accept PUBLISH: topic has a wildcard [MQTT-3.3.2-2]",
      );
    }
    if (end - start > this.#context.maximumTopicLength) {
      throw new PacketError(
        ReasonCode.TopicNameInvalid,
        `Cannot accept PUBLISH: topic has ${
          end - start
        } bytes, more than the ${this.#context.maximumTopicLength} allowed`,
      );
    }
  }

  #cutShort(field: string): PacketError {
    return malformed(
      `Cannot decode PUBLISH: ${field} reaches past the end`,
    );
  }

  #fault(detail: string): PacketError {
    return protocolError(`Cannot accept PUBLISH: ${detail}`);
  }
}
