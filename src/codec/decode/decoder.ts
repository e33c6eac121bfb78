// Bytes to packets. Frequent packets are decoded here and in publish.ts, the others in connect.ts, subscribe.ts and
// answers.ts.

import { Budget } from "./budget.ts";
import { Cursor } from "./cursor.ts";
import {
  readAcknowledgement,
  readAuth,
  readConnack,
  readDisconnect,
  readSubscriptionAnswer,
} from "./answers.ts";
import { readConnect } from "./connect.ts";
import type { DecodeContext, Steps } from "./context.ts";
import { LONG_LIST, PublishReader } from "./publish.ts";
import { readSubscribe, readUnsubscribe } from "./subscribe.ts";
import {
  faultyFirstBytes,
  firstByteFault,
  lengthFault,
  type Role,
} from "./fixed_header.ts";
import {
  Acknowledgement,
  type AcknowledgementType,
  type FinishedPacket,
  type Packet,
  packetName,
  PacketType,
  type ProtocolVersion,
  UnfinishedPacket,
} from "../packet.ts";
import { malformed, PacketError } from "../packet_error.ts";
import { ReasonCode } from "../reason_code.ts";

/** How a {@linkcode Decoder} is to work. */
export interface DecoderOptions {
  /** Who receives: a server refuses what only servers send, and the other way round. */
  role: Role;
  /** The version that the connection speaks; left out for a server, which learns it from CONNECT. */
  version?: ProtocolVersion;
  /** The largest packet, in bytes with its fixed header. */
  maximumPacketSize: number;
  /** The longest topic name, in bytes; 65535 by default. */
  maximumTopicLength?: number;
  /** How many filters of one packet are kept; the others are checked and counted. All by default. */
  maximumFilters?: number;
  /** How many user properties of one packet are kept; the others are checked and counted. 1000 by default. */
  maximumUserProperties?: number;
}

const PINGREQ = { type: PacketType.Pingreq } as const;
const PINGRESP = { type: PacketType.Pingresp } as const;

/** Decodes the packets of one connection in one direction. */
export class Decoder implements DecodeContext {
  /** The size in bytes of the last packet given to {@linkcode decode}; 0 when its fixed header was incomplete. */
  size = 0;
  /** The largest packet, in bytes with its fixed header; may be changed between packets. */
  maximumPacketSize: number;
  /** See {@linkcode DecoderOptions}. */
  readonly role: Role;
  /** See {@linkcode DecoderOptions}. */
  readonly maximumTopicLength: number;
  /** See {@linkcode DecoderOptions}. */
  readonly maximumFilters: number;
  /** See {@linkcode DecoderOptions}. */
  readonly maximumUserProperties: number;
  /** Whether the Remaining Length of the current packet has more bytes than it needs. */
  hasPaddedLength = false;
  /** Whether flags are set in the first byte of the current packet, a CONNECT. */
  hasConnectHeaderFlags = false;
  #version: ProtocolVersion | undefined;
  #faulty: Uint8Array;
  /** Made with the first PUBLISH: most clients of a gateway only listen. */
  #publish: PublishReader | undefined;

  /** A decoder for a new connection. */
  constructor(options: DecoderOptions) {
    this.role = options.role;
    this.maximumPacketSize = options.maximumPacketSize;
    this.maximumTopicLength = options.maximumTopicLength ?? 65_535;
    this.maximumFilters = options.maximumFilters ?? Infinity;
    this.maximumUserProperties = options.maximumUserProperties ?? 1000;
    this.#version = options.version;
    this.#faulty = faultyFirstBytes(this.role, this.#version);
  }

  /**
   * The version that the connection speaks. A CONNECT sets it as soon as its protocol level is read,
   * so that an error in the CONNECT can be answered in this version: for a level that is not
   * supported it is the nearest that is. Undefined: close without an answer.
   */
  get version(): ProtocolVersion | undefined {
    return this.#version;
  }

  set version(version: ProtocolVersion | undefined) {
    this.#version = version;
    this.#faulty = faultyFirstBytes(this.role, version);
  }

  /**
   * Decodes the packet that starts at `bytes[offset]` and sets {@linkcode size} to its length. Returns
   * undefined when `bytes[offset..limit)` holds only a part of it. A PUBLISH borrows `bytes`, and so
   * does an {@linkcode UnfinishedPacket}, which is to be finished before the next packet is decoded.
   * Always give plain Uint8Arrays: a Buffer among them would make all decoding slower.
   * Throws a {@linkcode PacketError}, where it can be known before the whole packet is there.
   */
  decode(bytes: Uint8Array, offset: number, limit: number): Packet | undefined {
    this.size = 0;
    if (offset >= limit) return undefined;
    const first = bytes[offset]!;
    if (this.#faulty[first] !== 0) {
      throw firstByteFault(first, this.role, this.#version)!;
    }
    if (offset + 1 >= limit) return undefined;
    let remaining = bytes[offset + 1]!;
    let body = offset + 2;
    if (remaining > 0x7F) {
      body = this.#readLongLength(bytes, offset + 1, limit);
      if (body === 0) return undefined;
      remaining = this.size;
    } else this.hasPaddedLength = false;
    const end = body + remaining;
    this.size = end - offset;
    if (end - offset > this.maximumPacketSize) {
      throw new PacketError(
        ReasonCode.PacketTooLarge,
        `Cannot accept ${packetName(first >> 4)}: its ${
          end - offset
        } bytes are more than the ${this.maximumPacketSize} allowed`,
      );
    }
    if (end > limit) {
      const fault = lengthFault(first, this.#version, remaining);
      if (fault !== undefined) throw fault;
      return undefined;
    }
    const type = first >> 4;
    if (type === PacketType.Publish) {
      this.#publish ??= new PublishReader(this);
      return this.#publish.read(this.#version!, bytes, offset, body, end);
    }
    if (
      remaining === 2 && type >= PacketType.Puback && type <= PacketType.Pubcomp
    ) {
      const packetId = bytes[body]! << 8 | bytes[body + 1]!;
      if (packetId !== 0) {
        return new Acknowledgement(
          type as AcknowledgementType,
          packetId,
          ReasonCode.Success,
        );
      }
    }
    return this.#decodeOther(bytes, offset, body, end);
  }

  /** Reads a Remaining Length of more than one byte into `size`; returns where the body starts, or 0 when it is incomplete. */
  #readLongLength(bytes: Uint8Array, position: number, limit: number): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (position >= limit) return 0;
      const byte = bytes[position++]!;
      value |= (byte & 0x7F) << shift;
      if (byte > 0x7F) continue;
      this.hasPaddedLength = byte === 0;
      if (byte === 0 && this.#version === 5) {
        throw malformed(
          "Cannot decode packet: remaining length has more bytes than it needs [MQTT-1.5.5-1]",
        );
      }
      this.size = value;
      return position;
    }
    throw malformed(
      "Cannot decode packet: remaining length has more than four bytes",
    );
  }

  #decodeOther(
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
  ): Packet {
    const first = bytes[start]!;
    const fault = lengthFault(first, this.#version, end - body);
    if (fault !== undefined) throw fault;
    const type = (first >> 4) as PacketType;
    if (type === PacketType.Pingreq) return PINGREQ;
    if (type === PacketType.Pingresp) return PINGRESP;
    this.hasConnectHeaderFlags = type === PacketType.Connect &&
      (first & 0x0F) !== 0;
    const cursor = new Cursor(bytes, body, end, type);
    const budget = new Budget(Infinity);
    const steps = this.#read(cursor, budget);
    if (end - body > LONG_LIST) {
      return new UnfinishedPacket((maximumItems) => {
        budget.left = maximumItems;
        const result = steps.next();
        return result.done ? result.value : undefined;
      });
    }
    const result = steps.next();
    if (!result.done) throw new Error("Cannot pause: the budget is unlimited");
    return result.value;
  }

  #read(cursor: Cursor, budget: Budget): Steps<FinishedPacket> {
    switch (cursor.packetType) {
      case PacketType.Connect:
        return readConnect(cursor, budget, this);
      case PacketType.Connack:
        return readConnack(cursor, budget, this);
      case PacketType.Subscribe:
        return readSubscribe(cursor, budget, this);
      case PacketType.Unsubscribe:
        return readUnsubscribe(cursor, budget, this);
      case PacketType.Suback:
      case PacketType.Unsuback:
        return readSubscriptionAnswer(cursor, budget, this);
      case PacketType.Disconnect:
        return readDisconnect(cursor, budget, this);
      case PacketType.Auth:
        return readAuth(cursor, budget, this);
      default:
        return readAcknowledgement(cursor, budget, this);
    }
  }
}
