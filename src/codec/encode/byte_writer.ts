import {
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  writeVariableByteInteger,
} from "../variable_byte_integer.ts";

const encoder = new TextEncoder();

/** Builds bytes of unknown length, for the packets that are encoded rarely. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** Appends the lowest byte of `value`. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Appends a Two Byte Integer. */
  twoByteInteger(value: number): void {
    this.byte(value >>> 8);
    this.byte(value);
  }

  /** Appends a Four Byte Integer. */
  fourByteInteger(value: number): void {
    this.twoByteInteger(value >>> 16);
    this.twoByteInteger(value);
  }

  /** Appends a Variable Byte Integer. Throws a RangeError above 268435455. */
  variableByteInteger(value: number): void {
    if (value > MAXIMUM_VARIABLE_BYTE_INTEGER) {
      throw new RangeError(
        `Cannot encode number: ${value} exceeds ${MAXIMUM_VARIABLE_BYTE_INTEGER}`,
      );
    }
    this.#reserve(4);
    this.#length = writeVariableByteInteger(this.#bytes, this.#length, value);
  }

  /** Appends a UTF-8 Encoded String with its length. Throws a RangeError above 65535 bytes. */
  string(value: string): void {
    this.binary(encoder.encode(value));
  }

  /** Appends Binary Data with its length. Throws a RangeError above 65535 bytes. */
  binary(value: Uint8Array): void {
    if (value.length > 0xFFFF) {
      throw new RangeError(
        `Cannot encode field: its ${value.length} bytes exceed 65535`,
      );
    }
    this.twoByteInteger(value.length);
    this.append(value);
  }

  /** Appends bytes as they are. */
  append(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** What has been written; borrowed until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    bytes.set(this.written);
    this.#bytes = bytes;
  }
}
