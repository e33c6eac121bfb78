const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const SHORT = 48;

/**
 * Where `bytes[start..end)` stops being a UTF-8 Encoded String: the position of the first byte of
 * what is ill-formed (overlong, a surrogate, above U+10FFFF, cut short [MQTT-1.5.4-1]) or of a NUL
 * [MQTT-1.5.4-2], or -1 when all is well. Control and non-characters are let through: "MAY treat".
 */
export function findInvalidUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let i = start;
  while (i < end) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      if (lead === 0) return i;
      i++;
      continue;
    }
    // The second byte's range depends on the lead; the others are always 80 to BF (RFC 3629).
    let length = 2;
    let lowest = 0x80;
    let highest = 0xBF;
    if (lead < 0xC2 || lead > 0xF4) return i;
    if (lead >= 0xF0) {
      length = 4;
      if (lead === 0xF0) lowest = 0x90;
      if (lead === 0xF4) highest = 0x8F;
    } else if (lead >= 0xE0) {
      length = 3;
      if (lead === 0xE0) lowest = 0xA0;
      if (lead === 0xED) highest = 0x9F;
    }
    if (i + length > end) return i;
    const second = bytes[i + 1]!;
    if (second < lowest || second > highest) return i;
    for (let k = 2; k < length; k++) {
      if ((bytes[i + k]! & 0xC0) !== 0x80) return i;
    }
    i += length;
  }
  return -1;
}

/** The string in `bytes[start..end)`, which must be valid; U+FEFF at its start stays [MQTT-1.5.4-3]. */
export function decodeUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const length = end - start;
  if (length > SHORT) return decoder.decode(bytes.subarray(start, end));
  // Calling out to the decoder costs more than going over a short ASCII string.
  const codes = new Array<number>(length);
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    if (byte > 0x7F) return decoder.decode(bytes.subarray(start, end));
    codes[i] = byte;
  }
  return String.fromCharCode.apply(undefined, codes);
}
