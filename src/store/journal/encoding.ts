import { decodeUtf8 } from "../../codec/utf8.ts";
import type { ByteBuffer } from "../../core/byte_buffer.ts";

/** Bytes of the longest number: 2^53 in groups of 7 bits. */
const LONGEST_NUMBER = 8;

const encoder = new TextEncoder();
const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Appends a whole number from 0 to 2^53, in groups of 7 bits, the lowest first, all but the last with bit 7 set. */
export function appendNumber(buffer: ByteBuffer, value: number): void {
  let at = buffer.reserve(LONGEST_NUMBER);
  const { bytes } = buffer;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7F) | 0x80;
    rest = rest <= 0x7FFFFFFF ? rest >>> 7 : Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  buffer.length = at;
}

/** How many bytes {@linkcode appendNumber} takes for a number. */
export function numberLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    length++;
  }
  return length;
}

/** Appends a number of any kind as 8 bytes. */
export function appendFloat(buffer: ByteBuffer, value: number): void {
  float[0] = value;
  buffer.append(floatBytes);
}

/** Appends the length of a text's UTF-8 bytes, and these. */
export function appendText(buffer: ByteBuffer, text: string): void {
  const { length } = text;
  appendNumber(buffer, length);
  let at = buffer.reserve(length);
  const { bytes } = buffer;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7F) {
      buffer.length -= numberLength(length);
      appendBytes(buffer, encoder.encode(text));
      return;
    }
    bytes[at++] = code;
  }
  buffer.length = at;
}

/** Appends a length and so many bytes. */
export function appendBytes(buffer: ByteBuffer, bytes: Uint8Array): void {
  appendNumber(buffer, bytes.length);
  buffer.append(bytes);
}

/** Reads what the functions of this file have appended. What it reads was written by this program. */
export class EncodingReader {
  /** What it reads. */
  readonly bytes: Uint8Array;
  /** Index of the next byte. */
  at: number;
  /** Index after the last byte. */
  readonly end: number;

  /** Reads these bytes, from `start` up to `end`. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** A number. */
  number(): number {
    let byte = this.bytes[this.at++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7F;
    let factor = 0x80;
    do {
      byte = this.bytes[this.at++]!;
      value += (byte & 0x7F) * factor;
      factor *= 0x80;
    } while (byte >= 0x80);
    return value;
  }

  /** A float. */
  float(): number {
    for (let i = 0; i < 8; i++) floatBytes[i] = this.bytes[this.at++]!;
    return float[0]!;
  }

  /** A text. */
  text(): string {
    const length = this.number();
    this.at += length;
    return decodeUtf8(this.bytes, this.at - length, this.at);
  }
}
