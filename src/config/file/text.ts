/** The text of a configuration file, and where in it something stands. */

/** A place in a text. Both begin at 1; columns count characters. */
export interface Position {
  /** The line. */
  readonly line: number;
  /** The column. */
  readonly column: number;
}

/** The text of a file, as far as it is one, and what is wrong with its encoding. */
export interface DecodedText {
  /** The text; `undefined` where it is none. */
  readonly text: string | undefined;
  /** What is wrong. */
  readonly fault?: {
    readonly what: string;
    readonly allowed: string;
    readonly position: Position;
  };
}

const BEGIN: Position = { line: 1, column: 1 };
const SAVE = "save it as UTF-8 without a byte-order mark";

/** Decodes a file, and names encodings other than UTF-8, byte-order marks and what is no text. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const [first, second, third] = bytes;
  const refuse = (what: string, allowed: string, position = BEGIN) => ({
    text: undefined,
    fault: { what, allowed, position },
  });
  if (first === 0xFF && second === 0xFE || first === 0xFE && second === 0xFF) {
    return refuse("This is UTF-16, with a byte-order mark", SAVE);
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    return isLikeUtf16(bytes) ? refuse("This is UTF-16", SAVE) : refuse(
      "Here is a zero byte: this is no text",
      "a configuration in TOML is needed",
      positionInBytes(bytes, zero),
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes,
    );
  } catch {
    const at = validLength(bytes);
    const byte = bytes[at]!.toString(16).toUpperCase().padStart(2, "0");
    return refuse(
      `Here is byte 0x${byte}: this is not UTF-8`,
      SAVE,
      positionInBytes(bytes, at),
    );
  }
  const hasMark = first === 0xEF && second === 0xBB && third === 0xBF;
  return hasMark
    ? {
      text: text.slice(1),
      fault: {
        what: "The file begins with a byte-order mark",
        allowed: SAVE,
        position: BEGIN,
      },
    }
    : { text };
}

/** The position of a character, by its index in the text. */
export function positionAt(text: string, index: number): Position {
  const before = text.slice(0, index);
  const start = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: [...before.slice(start)].length + 1,
  };
}

/** Whether nearly all zero bytes are in one half of each pair, as those of ASCII letters are. */
function isLikeUtf16(bytes: Uint8Array): boolean {
  const counts = [0, 0];
  for (const [at, byte] of bytes.entries()) if (byte === 0) counts[at % 2]!++;
  const [even, odd] = counts as [number, number];
  const more = Math.max(even, odd);
  return more > bytes.length / 4 && Math.min(even, odd) < more / 10;
}

/** How many bytes at the beginning are whole characters in UTF-8. */
function validLength(bytes: Uint8Array): number {
  const options = { fatal: true, ignoreBOM: true };
  // As a part of more: the middle of a character may be its end.
  const decode = (length: number) =>
    new TextDecoder("utf-8", options)
      .decode(bytes.subarray(0, length), { stream: true });
  let [low, high] = [0, bytes.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    try {
      decode(middle);
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return new TextEncoder().encode(decode(low)).length;
}

function positionInBytes(bytes: Uint8Array, at: number): Position {
  const text = new TextDecoder().decode(bytes.subarray(0, at));
  return positionAt(text, text.length);
}
