import { crc32 } from "./crc32.ts";

const PRIME = 0x01000193;

const ENCODER = new TextEncoder();

/** A checksum, 32 bits, over the values of a row without bytes in it. */
export function rowChecksum(...values: (string | number | null)[]): number {
  return crc32(ENCODER.encode(values.join("\0")));
}

/** A checksum, 32 bits, over bytes; `before` is that of what comes before them. */
export function bytesChecksum(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before);
}

/** The checksum of something and a whole number behind it. */
export function mixChecksum(checksum: number, value: number): number {
  let mixed = Math.imul(checksum ^ value, PRIME);
  mixed = Math.imul(mixed ^ (value / 0x1_0000_0000), PRIME);
  return (mixed ^ mixed >>> 15) >>> 0;
}

/** The checksum of a row of `delivery`. */
export function deliveryChecksum(
  owner: number,
  number: number,
  terms: number,
  identifiers: Uint8Array | null,
  message: number | null,
  body: Uint8Array | null,
): number {
  let checksum = body === null ? 0 : bytesChecksum(body);
  if (identifiers !== null) checksum = bytesChecksum(identifiers, checksum);
  checksum = mixChecksum(checksum, owner);
  checksum = mixChecksum(checksum, number);
  checksum = mixChecksum(checksum, terms);
  return mixChecksum(checksum, message ?? 0);
}

/** The checksum of a row of `inflight`; bit 0 says whether it is released. */
export function inflightChecksum(
  delivery: number,
  client: number,
  packetId: number,
  released: boolean,
  position: number,
): number {
  let checksum = mixChecksum(0, delivery);
  checksum = mixChecksum(checksum, client);
  checksum = mixChecksum(checksum, packetId);
  checksum = mixChecksum(checksum, position);
  return (released ? checksum | 1 : checksum & ~1) >>> 0;
}
