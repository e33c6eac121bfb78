// The PROXY protocol of HAProxy: with its header a proxy says for whom it has opened a connection.
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt

import { formatIpAddress, fromIpv4, parseIpAddress } from "../ip_address.ts";

/** The longest header of all that are read: the text of version 1 has at most 107 bytes. */
export const LONGEST_HEADER = 536;
const LONGEST_TEXT = 107;

const TEXT_BEGINNING = new TextEncoder().encode("PROXY ");
const SIGNATURE = new Uint8Array([
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0x00,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
]);
/** Bytes of version 2 before the addresses: the signature, version and command, family, length. */
const FIXED_PART = 16;
const LOCAL = 0x20;
const PROXY = 0x21;

/** What the addresses of a family and protocol take; `undefined` stands for none that is known here. */
const ADDRESS_SIZES = new Map([
  [0x11, 12], // TCP over IPv4
  [0x21, 36], // TCP over IPv6
  [0x31, 216], // a Unix stream
]);

/** What the first bytes of a connection were found to be. */
export type ProxyHeader =
  /** The beginning of a header. */
  | { readonly type: "unfinished" }
  /** None, or a faulty one: a sentence says why. */
  | { readonly type: "faulty"; readonly reason: string }
  /**
   * A header of so many bytes. Without a source the proxy speaks for itself, or does not know for whom: its own
   * address counts.
   */
  | {
    readonly type: "header";
    readonly size: number;
    readonly source: ProxySource | undefined;
  };

/** The client behind a proxy. */
export interface ProxySource {
  /** Its address. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

const UNFINISHED: ProxyHeader = { type: "unfinished" };

/** Reads the header at the beginning of `bytes`, of version 1 or 2. */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return UNFINISHED;
  if (beginsLike(bytes, SIGNATURE)) return parseBinary(bytes);
  if (beginsLike(bytes, TEXT_BEGINNING)) return parseText(bytes);
  return faulty("the connection does not begin with it");
}

/** Version 1: a line such as `PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883`. */
function parseText(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, LONGEST_TEXT).indexOf(0x0a);
  if (end === -1) {
    return bytes.length < LONGEST_TEXT
      ? UNFINISHED
      : faulty("its line has no end");
  }
  if (bytes[end - 1] !== 0x0d) return faulty("its line does not end with CRLF");
  const line = String.fromCharCode(...bytes.subarray(0, end - 1));
  const size = end + 1;
  if (/^PROXY UNKNOWN(?: [^\r]*)?$/.test(line)) {
    return { type: "header", size, source: undefined };
  }
  const [, family, source, destination, sourcePort, destinationPort] =
    /^PROXY TCP([46]) ([^ ]+) ([^ ]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/
      .exec(line) ?? [];
  if (family === undefined) {
    return faulty("its line is not like PROXY TCP4 FROM TO PORT PORT");
  }
  const host = parseOf(family, source!);
  if (host === undefined || parseOf(family, destination!) === undefined) {
    return faulty(`it has an address that is none of IPv${family}`);
  }
  const port = Number(sourcePort);
  if (port > 65_535 || Number(destinationPort) > 65_535) {
    return faulty("it has a port above 65535");
  }
  return {
    type: "header",
    size,
    source: { host: formatIpAddress(host), port },
  };
}

/** An address of IPv4 or IPv6, and not of the other. */
function parseOf(family: string, text: string): Uint8Array | undefined {
  const isIpv6 = text.includes(":");
  if (isIpv6 !== (family === "6") || text.includes("%")) return undefined;
  return parseIpAddress(text);
}

/** Version 2: a signature, a fixed part, addresses, and then whatever else the proxy wants to say. */
function parseBinary(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < FIXED_PART) return UNFINISHED;
  const command = bytes[12]!;
  const family = bytes[13]!;
  const size = FIXED_PART + (bytes[14]! << 8 | bytes[15]!);
  if (command !== LOCAL && command !== PROXY) {
    return faulty("it has an unknown version or command");
  }
  if (size > LONGEST_HEADER) {
    return faulty(`it is longer than ${LONGEST_HEADER} bytes`);
  }
  // Of what is sent along with LOCAL, and for a family that is not said, nothing counts.
  const hasAddresses = command === PROXY && family !== 0;
  const addresses = hasAddresses ? ADDRESS_SIZES.get(family) : 0;
  if (addresses === undefined) return faulty("it has an unknown family");
  if (FIXED_PART + addresses > size) {
    return faulty("it is too short for its addresses");
  }
  if (bytes.length < size) return UNFINISHED;
  if (!hasAddresses) return { type: "header", size, source: undefined };
  const rest = bytes.subarray(FIXED_PART, size);
  if (!areExtras(rest.subarray(addresses))) {
    return faulty("what follows its addresses does not end where it does");
  }
  return { type: "header", size, source: sourceOf(family, rest) };
}

function sourceOf(family: number, rest: Uint8Array): ProxySource | undefined {
  if (family === 0x11) {
    const host = formatIpAddress(fromIpv4(rest.subarray(0, 4)));
    return { host, port: rest[8]! << 8 | rest[9]! };
  }
  if (family === 0x21) {
    const host = formatIpAddress(rest.subarray(0, 16));
    return { host, port: rest[32]! << 8 | rest[33]! };
  }
  return undefined;
}

/** Whether bytes are a row of type, length and value, which nothing here has a use for. */
function areExtras(bytes: Uint8Array): boolean {
  let at = 0;
  while (at + 3 <= bytes.length) {
    at += 3 + (bytes[at + 1]! << 8 | bytes[at + 2]!);
  }
  return at === bytes.length;
}

/** Whether bytes are, as far as both go, the same. */
function beginsLike(bytes: Uint8Array, beginning: Uint8Array): boolean {
  const length = Math.min(bytes.length, beginning.length);
  for (let index = 0; index < length; index++) {
    if (bytes[index] !== beginning[index]) return false;
  }
  return true;
}

function faulty(reason: string): ProxyHeader {
  return { type: "faulty", reason };
}
