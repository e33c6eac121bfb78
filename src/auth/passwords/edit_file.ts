import type { PasswordFault } from "./file.ts";
import { parsePasswordFile } from "./file.ts";

/** What comes of an edit. */
export type PasswordEdit =
  | {
    readonly type: "edited";
    /** The whole file. */
    readonly text: string;
    /** Whether the user stood there before. */
    readonly existed: boolean;
    /** What is wrong with lines of other users, which were left as they are. */
    readonly faults: readonly PasswordFault[];
  }
  /** Nothing was changed, since nobody can say whose lines these are. */
  | { readonly type: "refused"; readonly faults: readonly PasswordFault[] };

/** What makes a password file known to who opens it. */
const HEADING =
  "# Users of mailboxqtt, made with mailboxqtt passwd: name, hash, and keys for SCRAM-SHA-256";

/**
 * Puts a user's line into a password file, in the place of the one there, be that faulty or not, or at the end. Without
 * `text`, which is what stands behind the name, takes it out. All other lines stay as they are, comments included.
 */
export function editPasswordFile(
  bytes: Uint8Array,
  name: string,
  text: string | undefined,
): PasswordEdit {
  const { faults } = parsePasswordFile(bytes);
  const unclear = faults.filter(({ user }) => user === undefined);
  if (unclear.length > 0) return { type: "refused", faults: unclear };
  const old = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const line = text === undefined ? [] : [`${name}:${text}`];
  const lines: string[] = [];
  let existed = false;
  for (const one of old.split("\n")) {
    if (!isLineOf(name, one)) {
      lines.push(one);
      continue;
    }
    if (!existed) lines.push(...line);
    existed = true;
  }
  if (!existed && text !== undefined) {
    if (old === "") lines[0] = HEADING;
    if (lines.at(-1) === "") lines.pop();
    lines.push(...line, "");
  }
  return {
    type: "edited",
    text: lines.join("\n"),
    existed,
    faults: faults.filter(({ user }) => user !== name),
  };
}

function isLineOf(name: string, line: string): boolean {
  const colon = line.indexOf(":");
  return colon !== -1 && !line.startsWith("#") &&
    line.slice(0, colon).trim() === name;
}
