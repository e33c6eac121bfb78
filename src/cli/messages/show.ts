import { indentJson } from "./indent_json.ts";
import { payloadText } from "./payload_text.ts";

/** Bytes on one line of a dump. */
const PER_LINE = 16;
/** Bytes of a payload that are dumped at most. */
const MOST_DUMPED = 4096;

/**
 * A payload as a person can read it on a terminal: JSON indented, other text as it is, and what is no text, or would do
 * something to the terminal, in hexadecimal.
 */
export function showPayload(payload: Uint8Array): string {
  const text = payloadText(payload);
  // Control characters, but for those that texts have.
  if (text === undefined || /(?![\t\n\r])\p{Cc}/u.test(text)) {
    return dump(payload);
  }
  return indentJson(text) ?? text;
}

/** Bytes in hexadecimal, and beside them as characters where they are some. */
function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  const end = Math.min(bytes.length, MOST_DUMPED);
  for (let at = 0; at < end; at += PER_LINE) {
    const part = bytes.subarray(at, Math.min(at + PER_LINE, end));
    const digits = Array.from(
      part,
      (byte) => byte.toString(16).padStart(2, "0"),
    )
      .join(" ");
    const characters = String.fromCharCode(
      ...part.map((byte) => byte >= 0x20 && byte < 0x7F ? byte : 0x2E),
    );
    const isOnly = bytes.length <= PER_LINE;
    lines.push(
      isOnly
        ? `${digits}  |${characters}|`
        : `${at.toString(16).padStart(4, "0")}  ${
          digits.padEnd(PER_LINE * 3 - 1)
        }  |${characters}|`,
    );
  }
  if (end < bytes.length) lines.push(`... ${bytes.length} bytes in all`);
  return lines.join("\n");
}
