/** What is wrong, or odd, in a file of rules. */
export interface RuleFault {
  /** The line, from 1. */
  readonly line: number;
  /** The place in it, in characters from 1. */
  readonly column: number;
  /** What is wrong: lower case, no full stop. */
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}

/** The text of a file that must be UTF-8 without a byte-order mark, or what is wrong with it. */
export function readText(bytes: Uint8Array): string | RuleFault {
  const [first, second, third] = bytes;
  const at = { line: 1, column: 1 };
  if (
    first === 0xFF && second === 0xFE || first === 0xFE && second === 0xFF
  ) {
    return {
      ...at,
      message: "the file is UTF-16",
      hint: "save it as UTF-8",
    };
  }
  if (first === 0xEF && second === 0xBB && third === 0xBF) {
    return {
      ...at,
      message: "the file begins with a byte-order mark",
      hint: "save it as UTF-8 without one",
    };
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return {
      line: firstBadLine(bytes),
      column: 1,
      message: "the line is not UTF-8",
      hint: "save the file as UTF-8",
    };
  }
}

/** The first line, from 1, that is not UTF-8. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let line = 1, at = 0; at < bytes.length; line++) {
    const end = bytes.indexOf(0x0A, at);
    const next = end < 0 ? bytes.length : end + 1;
    try {
      decoder.decode(bytes.subarray(at, next));
    } catch {
      return line;
    }
    at = next;
  }
  return 1;
}
