import type { PasswordFault } from "./password_file.ts";
import { parsePasswordFile } from "./password_file.ts";

/** What comes of an edit: the new text, or the faults for which nothing was changed. */
export type PasswordEdit =
  | {
    readonly type: "edited";
    /** The whole file. */
    readonly text: string;
    /** Whether the user stood there before. */
    readonly existed: boolean;
  }
  | { readonly type: "faulty"; readonly faults: readonly PasswordFault[] };

/** What makes a password file known to who opens it. */
const HEADING =
  "# Users of mailboxqtt, made with mailboxqtt passwd: name, hash, and keys for SCRAM-SHA-256\n";

/**
 * Puts a user's line into a password file, in the place of the one there or at the end, or without `text` takes it out.
 * All other lines stay as they are, comments included. `text` is what stands behind the name.
 */
export function editPasswordFile(
  bytes: Uint8Array,
  name: string,
  text: string | undefined,
): PasswordEdit {
  const { entries, faults } = parsePasswordFile(bytes);
  if (faults.length > 0) return { type: "faulty", faults };
  const old = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const lines = old.split("\n");
  const entry = entries.get(name);
  if (entry === undefined) {
    if (text === undefined) {
      return { type: "edited", text: old, existed: false };
    }
    const before = old === "" ? HEADING : old;
    const feed = before.endsWith("\n") ? "" : "\n";
    return {
      type: "edited",
      text: `${before}${feed}${name}:${text}\n`,
      existed: false,
    };
  }
  lines.splice(
    entry.line - 1,
    1,
    ...text === undefined ? [] : [`${name}:${text}`],
  );
  return { type: "edited", text: lines.join("\n"), existed: true };
}
