// What a client says in the first message of a TLS handshake (RFC 8446, 4.1.2), as far as it is needed before TLS begins.

/** What a TLS record with a message of the handshake begins with, and the message with which a client begins. */
const HANDSHAKE = 0x16;
const CLIENT_HELLO = 1;
/** Bytes of a record's head, and of that of a message in it. */
const RECORD_HEAD = 5;
const MESSAGE_HEAD = 4;
/** Bytes of the version and the random behind the head of a ClientHello. */
const VERSION_AND_RANDOM = 34;
/** The extension of Application-Layer Protocol Negotiation (RFC 7301). */
const ALPN = 16;

/** Bytes of the first record, once its head is there; `undefined` before, and for anything else. */
export function firstRecordLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < RECORD_HEAD || bytes[0] !== HANDSHAKE) return undefined;
  return RECORD_HEAD + ((bytes[3]! << 8) | bytes[4]!);
}

/**
 * The protocols that a client offers by ALPN. None where it offers none, where its first record holds only a part of
 * its ClientHello, or where that is malformed, which is then for TLS to say.
 */
export function offeredProtocols(record: Uint8Array): string[] {
  try {
    return readProtocols(new Fields(record));
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function readProtocols(fields: Fields): string[] {
  fields.skip(RECORD_HEAD);
  if (fields.number(1) !== CLIENT_HELLO) return [];
  fields.skip(MESSAGE_HEAD - 1 + VERSION_AND_RANDOM);
  // The session's identifier, the ciphers and the compressions.
  fields.skip(fields.number(1));
  fields.skip(fields.number(2));
  fields.skip(fields.number(1));
  const end = fields.number(2) + fields.at;
  while (fields.at < end) {
    const type = fields.number(2);
    const length = fields.number(2);
    if (type === ALPN) return readNames(fields);
    fields.skip(length);
  }
  return [];
}

function readNames(fields: Fields): string[] {
  const names: string[] = [];
  const end = fields.number(2) + fields.at;
  while (fields.at < end) names.push(fields.text(fields.number(1)));
  return names;
}

/** Reads fields one by one; throws a `RangeError` behind the end. */
class Fields {
  at = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  number(bytes: 1 | 2): number {
    const value = bytes === 1
      ? this.#view.getUint8(this.at)
      : this.#view.getUint16(this.at);
    this.at += bytes;
    return value;
  }

  text(length: number): string {
    let text = "";
    for (let left = length; left > 0; left--) {
      text += String.fromCharCode(this.number(1));
    }
    return text;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }
}
