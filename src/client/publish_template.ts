import { encode } from "../codec/encode/encode.ts";
import { PacketType, type ProtocolVersion, type QoS } from "../codec/packet.ts";

/** Bytes of a payload that are written anew for each message: a number and a time. */
export const STAMP = 12;

/** What is to be published again and again. */
export interface TemplateOptions {
  /** Where to. */
  readonly topic: string;
  /** With which QoS. */
  readonly qos: QoS;
  /** Bytes of the payload, {@linkcode STAMP} at least. */
  readonly size: number;
  /** What the connection speaks. */
  readonly version: ProtocolVersion;
}

/** PUBLISH packets with the same topic, encoded once and copied: only packet identifier, number and time differ. */
export class PublishTemplate {
  readonly #qos: QoS;
  readonly #packet: Uint8Array;
  readonly #idAt: number;
  readonly #payloadAt: number;

  /** Encodes the packet. */
  constructor({ topic, qos, size, version }: TemplateOptions) {
    this.#qos = qos;
    this.#packet = encode({
      type: PacketType.Publish,
      topic,
      qos,
      retain: false,
      dup: false,
      packetId: qos === 0 ? 0 : 1,
      payload: new Uint8Array(size),
      properties: {},
    }, version);
    this.#payloadAt = this.#packet.length - size;
    // Behind the topic; of MQTT 5 an empty list of properties follows.
    this.#idAt = this.#payloadAt - (version === 5 ? 1 : 0) - 2;
  }

  /** Packets in a row for these numbers and packet identifiers, with the time of now. */
  write(first: number, packetIds: readonly number[], time: number): Uint8Array {
    const packet = this.#packet;
    const bytes = new Uint8Array(packet.length * packetIds.length);
    const view = new DataView(bytes.buffer);
    for (const [at, packetId] of packetIds.entries()) {
      const start = at * packet.length;
      bytes.set(packet, start);
      if (this.#qos > 0) view.setUint16(start + this.#idAt, packetId);
      view.setUint32(start + this.#payloadAt, first + at);
      view.setFloat64(start + this.#payloadAt + 4, time);
    }
    return bytes;
  }
}

/** When a message was published, as its payload says. */
export function timeOf(bytes: Uint8Array, payloadStart: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return view.getFloat64(payloadStart + 4);
}
