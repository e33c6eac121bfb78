/** From so many bytes on zlib is asked, which is the faster one by far, and takes 9 MiB of memory. */
const LARGE = 4096;

type Crc32 = (bytes: Uint8Array, before: number) => number;
let zlib: Crc32 | undefined;
let loading = false;

/** The CRC-32 of ISO/HDLC, as in zlib, over bytes; `before` is that of what comes before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (bytes.length < LARGE) return inTables(bytes, before);
  if (zlib !== undefined) return zlib(bytes, before);
  load();
  return inTables(bytes, before);
}

function load(): void {
  if (loading) return;
  loading = true;
  import("node:zlib").then((module) => zlib = module.crc32);
}

const POLYNOMIAL = 0xedb88320;

/** What four bytes at once come to: a table for each of them. */
const TABLES = [0, 1, 2, 3].map(() => new Int32Array(256));
const [T0, T1, T2, T3] = TABLES as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = (value & 1) === 0 ? value >>> 1 : value >>> 1 ^ POLYNOMIAL;
  }
  T0[byte] = value;
}
for (const [at, table] of TABLES.entries()) {
  const before = TABLES[at - 1];
  if (before === undefined) continue;
  for (let byte = 0; byte < 256; byte++) {
    const value = before[byte]!;
    table[byte] = value >>> 8 ^ T0[value & 0xff]!;
  }
}

function inTables(bytes: Uint8Array, before: number): number {
  let value = ~before;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    value ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 |
      bytes[at + 3]! << 24;
    value = T3[value & 0xff]! ^ T2[value >>> 8 & 0xff]! ^
      T1[value >>> 16 & 0xff]! ^ T0[value >>> 24]!;
  }
  for (; at < bytes.length; at++) {
    value = value >>> 8 ^ T0[(value ^ bytes[at]!) & 0xff]!;
  }
  return ~value >>> 0;
}
