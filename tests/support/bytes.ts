/**
 * The bytes of MQTT, written and read here a second time: tests do not trust the broker's codec to check itself.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of UTF-8 bytes; throws where they are none. */
export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Numbers in two bytes. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xFF);
}

/** Numbers in four bytes. */
export function u32(value: number): Uint8Array {
  return join(u16(value >>> 16), u16(value & 0xFFFF));
}

/** A variable byte integer in the fewest bytes. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  do {
    bytes.push(value % 128 + (value >= 128 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Uint8Array.from(bytes);
}

/** A text or bytes with a two-byte length in front. */
export function string(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? utf8(value) : value;
  return join(u16(bytes.length), bytes);
}

/** One array of all the parts. */
export function join(...parts: Uint8Array[]): Uint8Array {
  return joinAll(parts);
}

/** The same, for more parts than a call can have arguments. */
export function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A whole packet: first byte, remaining length, content. */
export function frame(first: number, ...parts: Uint8Array[]): Uint8Array {
  const content = join(...parts);
  return join(Uint8Array.of(first), varint(content.length), content);
}

/** Reads values one after the other; reading beyond the end is an error. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** Reads these bytes from their start. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new Error("Packet ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  u32(): number {
    return this.u16() * 65536 + this.u16();
  }

  varint(): number {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      if (factor > 128 ** 3) throw new Error("Variable byte integer too long");
      const byte = this.u8();
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (byte === 0 && factor > 1) {
          throw new Error("Variable byte integer longer than need be");
        }
        return value;
      }
    }
  }

  binary(): Uint8Array {
    return this.take(this.u16());
  }

  string(): string {
    const value = text(this.binary());
    if (value.includes("\0")) throw new Error("String contains U+0000");
    return value;
  }
}
