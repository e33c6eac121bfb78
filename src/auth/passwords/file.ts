import { isHashFault, parsePasswordHash, type PasswordHash } from "./hash.ts";
import { parseScramKeys, type ScramKeys } from "./scram_keys.ts";

/** A user of a password file. */
export interface UserEntry {
  /** The user's name. */
  readonly name: string;
  /** What the password is held against. */
  readonly hash: PasswordHash;
  /** For SCRAM-SHA-256; `undefined` where the user has no keys. */
  readonly scram: ScramKeys | undefined;
  /** All that stands behind the name: it is another one once the password has changed. */
  readonly text: string;
  /** The line, from 1. */
  readonly line: number;
}

/** A fault in a password file. */
export interface PasswordFault {
  /** The line, from 1. */
  readonly line: number;
  /** The place in it, in characters from 1. */
  readonly column: number;
  /** What is wrong: lower case, no full stop. Never shows what may be a password. */
  readonly message: string;
  /** Whose line it is, as far as that can be read. */
  readonly user?: string;
}

/** What a password file says. */
export interface PasswordFile {
  /** The users by name. A line with a fault makes none, and neither does a name that stands there twice. */
  readonly entries: ReadonlyMap<string, UserEntry>;
  /** All that is wrong, in the order of the lines. */
  readonly faults: readonly PasswordFault[];
}

/** Bytes of a name at most. */
export const LONGEST_NAME = 512;

/** Bytes of a line at most. */
const LONGEST_LINE = 4096;

/** Faults that are told, and one more that says so: a file that is something else entirely has one on each line. */
const MOST_FAULTS = 100;

const LINE_FEED = 0x0A;

/** What is wrong with a user's name, as a part of a sentence; `undefined` where it may stand in a password file. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "it is empty";
  // No character takes more than three bytes for each of its UTF-16 units.
  const mayBeLong = name.length * 3 > LONGEST_NAME;
  if (mayBeLong && new TextEncoder().encode(name).length > LONGEST_NAME) {
    return `it is longer than ${LONGEST_NAME} bytes`;
  }
  if (name.includes(":")) return "it has a colon";
  // deno-lint-ignore no-control-regex -- to find them is what it is for
  if (/[\u0000-\u001F\u007F-\u009F]/.test(name)) {
    return "it has a control character";
  }
  if (!name.isWellFormed()) return "it is no valid text";
  if (name.startsWith("#")) {
    return "it begins with #, as a comment does";
  }
  return name.trim() === name
    ? undefined
    : "it begins or ends with white space";
}

/**
 * Reads a password file: a line for each user, `name:hash` and what SCRAM needs behind another colon; empty lines and
 * those that begin with `#` mean nothing. mosquitto's files are read as they are. Never throws.
 */
export function parsePasswordFile(bytes: Uint8Array): PasswordFile {
  const entries = new Map<string, UserEntry>();
  const faults: PasswordFault[] = [];
  const utf16 = bytes[0] === 0xFF && bytes[1] === 0xFE ||
    bytes[0] === 0xFE && bytes[1] === 0xFF;
  if (utf16) {
    const message = "the file is written in UTF-16: save it as UTF-8";
    return { entries, faults: [{ line: 1, column: 1, message }] };
  }
  /** Where each name stands first, be that line good or not. */
  const lines = new Map<string, number>();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found;
    const result = readLine(bytes.subarray(start, end), line, decoder);
    start = end + 1;
    if (result === undefined) continue;
    let { fault } = result;
    const { name, entry } = result;
    const first = name === undefined ? undefined : lines.get(name);
    if (name !== undefined && first !== undefined) {
      entries.delete(name);
      fault ??= {
        line,
        column: 1,
        message:
          `this user stands on line ${first} already, and may not come in until one of the lines is removed`,
        user: name,
      };
    } else if (name !== undefined) {
      lines.set(name, line);
      if (entry !== undefined) entries.set(name, entry);
    }
    if (fault === undefined) continue;
    if (faults.length < MOST_FAULTS) faults.push(fault);
    else if (faults.length === MOST_FAULTS) {
      const message = `there are more than ${MOST_FAULTS} faults`;
      faults.push({ line, column: 1, message });
    }
  }
  return { entries, faults };
}

/** What a line says: a user, a fault, or nothing. The name may be known all the same where there is a fault. */
interface LineResult {
  readonly name?: string;
  readonly entry?: UserEntry;
  readonly fault?: PasswordFault;
}

function readLine(
  bytes: Uint8Array,
  line: number,
  decoder: TextDecoder,
): LineResult | undefined {
  const fault = (message: string, column = 1, name?: string): LineResult => ({
    fault: {
      line,
      column,
      message,
      ...name === undefined ? {} : { user: name },
    },
    ...name === undefined ? {} : { name },
  });
  if (bytes.length > LONGEST_LINE) {
    return fault(`the line is longer than ${LONGEST_LINE} bytes`);
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return fault("the line is not UTF-8");
  }
  // As in a file from Windows. A byte order mark the decoder has left out.
  if (text.endsWith("\r")) text = text.slice(0, -1);
  if (text.startsWith("#") || text.trim() === "") return undefined;

  const colon = text.indexOf(":");
  if (colon === -1) {
    return fault("there is no colon between a name and a hash");
  }
  const foreign = foreignFault(text);
  if (foreign !== undefined) return fault(foreign);
  const name = text.slice(0, colon).trim();
  const wrong = nameFault(name);
  if (wrong !== undefined) {
    return fault(`this is no name of a user: ${wrong}`);
  }
  const rest = text.slice(colon + 1);
  const [hashText = "", ...others] = rest.split(":");
  const place = (at: number) => [...text.slice(0, colon + 1 + at)].length + 1;
  const hash = parsePasswordHash(hashText.trim());
  if (isHashFault(hash)) {
    const indent = hashText.length - hashText.trimStart().length;
    return fault(hash.message, place(indent + hash.at), name);
  }
  if (others.length === 0) {
    return {
      name,
      entry: { name, hash, scram: undefined, text: rest.trim(), line },
    };
  }
  const scram = parseScramKeys(others.join(":").trim());
  if ("message" in scram) {
    return fault(scram.message, place(hashText.length + 1 + scram.at), name);
  }
  return { name, entry: { name, hash, scram, text: rest.trim(), line } };
}

/** A hash as mosquitto or mailboxqtt writes it. */
const HASH = /^\$(?:6|7|argon2id?|scrypt)\$/;
/** Hashes that other programs write: `PBKDF2$…` of go-auth, `{SSHA}…` of LDAP. */
const OTHER_HASH = /^(?:PBKDF2\$|\{\w+\})/;

/** What is wrong with a line that another program wrote, which nobody is to take for a password in the clear. */
function foreignFault(text: string): string | undefined {
  const parts = text.split(":");
  const [, second = ""] = parts;
  if (OTHER_HASH.test(second.trim())) {
    return "this hash is of another program's kind: give the user a new password with mailboxqtt passwd";
  }
  const at = parts.findIndex((part) => HASH.test(part.trim()));
  return at > 1
    ? `a user's name cannot have a colon here: ${
      JSON.stringify(parts.slice(0, at).join(":"))
    }; give the user another name`
    : undefined;
}
