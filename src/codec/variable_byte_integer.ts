/** The largest number that a Variable Byte Integer holds, in four bytes (section 1.5.5). */
export const MAXIMUM_VARIABLE_BYTE_INTEGER = 268_435_455;

/** How many bytes, 1 to 4, `value` takes as a Variable Byte Integer; `value` is 0 to 268435455. */
export function variableByteIntegerSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

/**
 * Writes `value`, 0 to 268435455, as a Variable Byte Integer with the least number of bytes
 * [MQTT-1.5.5-1] at `offset` and returns the offset after it.
 */
export function writeVariableByteInteger(
  out: Uint8Array,
  offset: number,
  value: number,
): number {
  while (value >= 0x80) {
    out[offset++] = value | 0x80;
    value >>>= 7;
  }
  out[offset++] = value;
  return offset;
}
