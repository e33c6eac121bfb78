const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A payload as a text; `undefined` where it is no UTF-8. */
export function payloadText(payload: Uint8Array): string | undefined {
  try {
    return decoder.decode(payload);
  } catch {
    return undefined;
  }
}
