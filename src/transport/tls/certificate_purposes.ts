/** Tags of DER that are met on the way to a certificate's purposes. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** The object identifier of the extension that says what a certificate is for: 2.5.29.37. */
const EXTENDED_KEY_USAGE = "551d25";
/** Purposes that include to show who a client is: that one, and any. */
const FOR_CLIENTS = ["2b06010505070302", "551d2500"];

/** One value in DER. */
interface Value {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * Whether a certificate (DER) may be shown by a client. Those that say nothing of their purpose may; those older than
 * version 3, which cannot, may not. The runtime's `X509Certificate` does not tell.
 */
export function isForClients(raw: Uint8Array): boolean {
  const [certificate] = valuesIn(raw);
  const [signed] = certificate ? valuesIn(certificate.content) : [];
  const parts = signed ? valuesIn(signed.content) : [];
  const version = parts.find(({ tag }) => tag === VERSION);
  if (version?.content.at(-1) !== 2) return false;
  const extensions = parts.find(({ tag }) => tag === EXTENSIONS);
  const [list] = extensions ? valuesIn(extensions.content) : [];
  for (const { content } of list ? valuesIn(list.content) : []) {
    const [name, ...rest] = valuesIn(content);
    if (name?.content.toHex() !== EXTENDED_KEY_USAGE) continue;
    // Behind the name there may be whether it is critical; the value is last.
    const [purposes] = valuesIn(rest.at(-1)!.content);
    return purposes !== undefined && valuesIn(purposes.content)
      .some((one) => FOR_CLIENTS.includes(one.content.toHex()));
  }
  return true;
}

/** The values that stand one behind the other in some bytes. */
function valuesIn(bytes: Uint8Array): Value[] {
  const values: Value[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const tag = bytes[at]!;
    let length = bytes[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      length = 0;
      for (const byte of bytes.subarray(at, at + count)) {
        length = length * 256 + byte;
      }
      at += count;
    }
    values.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return values;
}
