import { Decoder } from "../codec/decode/decoder.ts";
import {
  type Auth,
  type FinishedPacket,
  PacketType,
  type ProtocolVersion,
  type UnfinishedPacket,
} from "../codec/packet.ts";
import { PacketError } from "../codec/packet_error.ts";
import type { Limits } from "../core/limits.ts";
import { type InputMeter, ReadBuffer } from "./read_buffer.ts";

/** The packets in the bytes that are read from one client. */
export class PacketInput {
  /** Where the bytes are read into. */
  readonly buffer: ReadBuffer;
  readonly #decoder: Decoder;

  /** Takes no packet that is larger than a CONNECT may be. */
  constructor(limits: Limits, meter: InputMeter) {
    this.buffer = new ReadBuffer(meter);
    this.#decoder = new Decoder({
      role: "server",
      maximumPacketSize: Math.min(
        limits.maximumConnectSize,
        limits.maximumPacketSize,
      ),
      maximumFilters: limits.subscriptionsPerClient + 1,
      maximumUserProperties: 0,
    });
  }

  /** The version that CONNECT named, once it came. */
  get version(): ProtocolVersion | undefined {
    return this.#decoder.version;
  }

  /** Takes packets of this size from now on. */
  allow(maximumPacketSize: number): void {
    this.#decoder.maximumPacketSize = maximumPacketSize;
  }

  /** The next packet, if it is there whole, or the error in it. */
  next(): FinishedPacket | UnfinishedPacket | PacketError | undefined {
    const { buffer } = this;
    if (buffer.start === buffer.end) return undefined;
    try {
      const packet = this.#decoder.decode(
        buffer.bytes,
        buffer.start,
        buffer.end,
      );
      if (packet !== undefined) buffer.start += this.#decoder.size;
      return packet;
    } catch (error) {
      if (error instanceof PacketError) return error;
      throw error;
    }
  }

  /**
   * Decodes all packets that are there for the Router; stops at an error in them, a long packet that is read on in
   * steps, or an AUTH, and returns that.
   */
  nextInto(
    packets: FinishedPacket[],
  ): UnfinishedPacket | Auth | PacketError | undefined {
    for (;;) {
      const packet = this.next();
      if (
        packet === undefined || packet instanceof PacketError ||
        packet.type === PacketType.Unfinished ||
        packet.type === PacketType.Auth
      ) return packet;
      packets.push(packet);
    }
  }
}
