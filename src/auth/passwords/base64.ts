/**
 * The bytes that a text in base64 stands for, with or without the padding at its end; `undefined` where it is anything
 * else. What decodes here decodes to one value only: no white space, no stray bits at the end.
 */
export function decodeBase64(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/={1,2}$/, "");
  const padded = digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
  if (text !== digits && text !== padded) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(padded)) return undefined;
  try {
    return Uint8Array.fromBase64(padded, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

/** The same the other way round, without padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true });
}
