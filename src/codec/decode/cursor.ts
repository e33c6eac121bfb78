import { packetName, type PacketType } from "../packet.ts";
import { malformed, type PacketError, protocolError } from "../packet_error.ts";
import { decodeUtf8, findInvalidUtf8 } from "../utf8.ts";

/** A reading position in a packet. Every method throws a PacketError that names the packet and the field. */
export class Cursor {
  /** The buffer. */
  bytes: Uint8Array;
  /** The next byte to read. */
  position: number;
  /** After the last byte that may be read. */
  end: number;
  /** The {@linkcode PacketType} of what is read. */
  packetType: PacketType;
  #start: number;

  /** Stands at `position`; `packetType` is named in the errors. */
  constructor(
    bytes: Uint8Array,
    position: number,
    end: number,
    packetType: PacketType,
  ) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.packetType = packetType;
    this.#start = position;
  }

  /** Stands in another packet, so that one cursor serves many. */
  reset(
    bytes: Uint8Array,
    position: number,
    end: number,
    packetType: PacketType,
  ): void {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.packetType = packetType;
    this.#start = position;
  }

  /** The error 0x81 for what stands here. */
  malformed(detail: string): PacketError {
    return malformed(
      `Cannot decode ${packetName(this.packetType)}: ${detail} (byte ${
        this.position - this.#start
      } after its fixed header)`,
    );
  }

  /** The error 0x82 for what stands here. */
  protocolError(detail: string): PacketError {
    return protocolError(
      `Cannot accept ${packetName(this.packetType)}: ${detail}`,
    );
  }

  /** Reads one byte. */
  byte(field: string): number {
    if (this.position >= this.end) throw this.#cutShort(field);
    return this.bytes[this.position++]!;
  }

  /** Reads a Two Byte Integer (section 1.5.2). */
  twoByteInteger(field: string): number {
    const { bytes, position } = this;
    if (position + 2 > this.end) throw this.#cutShort(field);
    this.position = position + 2;
    return bytes[position]! << 8 | bytes[position + 1]!;
  }

  /** Reads a Four Byte Integer (section 1.5.3), 0 to 0xFFFFFFFF. */
  fourByteInteger(field: string): number {
    const { bytes, position } = this;
    if (position + 4 > this.end) throw this.#cutShort(field);
    this.position = position + 4;
    return (bytes[position]! << 24 | bytes[position + 1]! << 16 |
      bytes[position + 2]! << 8 | bytes[position + 3]!) >>> 0;
  }

  /** Reads a Variable Byte Integer (section 1.5.5); a longer form than needed is malformed. */
  variableByteInteger(field: string): number {
    const first = this.byte(field);
    return first < 0x80 ? first : this.#restOfInteger(field, first & 0x7F);
  }

  #restOfInteger(field: string, value: number): number {
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte(field);
      value |= (byte & 0x7F) << shift;
      if (byte > 0x7F) continue;
      if (byte > 0) return value;
      throw this.malformed(
        `${field} has more bytes than it needs [MQTT-1.5.5-1]`,
      );
    }
    throw this.malformed(`${field} has more than four bytes`);
  }

  /** Passes over Binary Data or a string (sections 1.5.4, 1.5.6) and returns where its contents start. */
  skipBinary(field: string): number {
    const length = this.twoByteInteger(field);
    const start = this.position;
    if (start + length > this.end) throw this.#cutShort(field);
    this.position = start + length;
    return start;
  }

  /** Reads Binary Data into a copy. */
  binary(field: string): Uint8Array {
    const start = this.skipBinary(field);
    return this.bytes.slice(start, this.position);
  }

  /** Passes over a UTF-8 Encoded String, checks it, and returns where its contents start. */
  skipString(field: string): number {
    const start = this.skipBinary(field);
    const invalid = findInvalidUtf8(this.bytes, start, this.position);
    if (invalid < 0) return start;
    const problem = this.bytes[invalid] === 0
      ? "has a null character [MQTT-1.5.4-2]"
      : "is not valid UTF-8 [MQTT-1.5.4-1]";
    this.position = invalid;
    throw this.malformed(`${field} ${problem}`);
  }

  /** Reads a UTF-8 Encoded String. */
  string(field: string): string {
    const start = this.skipString(field);
    return decodeUtf8(this.bytes, start, this.position);
  }

  /** Throws when bytes are left. */
  expectEnd(): void {
    if (this.position < this.end) {
      throw this.malformed(
        `${this.end - this.position} bytes follow its last field`,
      );
    }
  }

  #cutShort(field: string): PacketError {
    return this.malformed(`${field} reaches past the end`);
  }
}
