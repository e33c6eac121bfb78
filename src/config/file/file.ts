import { describeError } from "../../core/errors.ts";
import { decodeText, type Position } from "./text.ts";
import { Given } from "../given/given.ts";

/** Most bytes that a configuration file may have. */
const LONGEST = 1024 * 1024;

/** What a configuration file says. */
export interface Config {
  /** The file; `undefined` where there is none. */
  readonly file: string | undefined;
  /** What it says, and what is wrong with it. */
  readonly given: Given;
}

/** Reads the configuration file of this name (`none` for none), or else the first of the usual ones that is there. */
export async function readConfig(
  named: string | undefined,
  usual: readonly string[],
): Promise<Config> {
  if (named === "none") return { file: undefined, given: new Given() };
  for (const file of named === undefined ? usual : [named]) {
    const given = new Given();
    const refuse = (what: string, allowed?: string, position?: Position) =>
      given.faults.push({
        place: { type: "file", file, ...position },
        what,
        allowed,
      });
    let bytes: Uint8Array | undefined;
    try {
      bytes = await readAtMost(file);
    } catch (error) {
      const isMissing = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory;
      if (isMissing && named === undefined) continue;
      if (isMissing) {
        refuse(
          "There is no such file",
          "mailboxqtt config reference writes one to begin with",
        );
      } else if (await isFolder(file)) {
        refuse(
          "This is a folder",
          "a file is needed, such as mailboxqtt.toml in it",
        );
      } else {
        refuse(
          `This file cannot be read: ${describeError(error)}`,
          "the user that the broker runs as must be allowed to",
        );
      }
      return { file, given };
    }
    if (bytes === undefined) {
      refuse("This file is too large", "a configuration has 1MiB at most");
      return { file, given };
    }
    const { text, fault } = decodeText(bytes);
    if (fault !== undefined) refuse(fault.what, fault.allowed, fault.position);
    if (text !== undefined) {
      // Loaded only where there is a file: most of its cost is that of two packages.
      const { readToml } = await import("./toml.ts");
      readToml(text, file, given);
    }
    return { file, given };
  }
  return { file: undefined, given: new Given() };
}

/** The bytes of a file, unless there are too many. */
async function readAtMost(file: string): Promise<Uint8Array | undefined> {
  using opened = await Deno.open(file);
  const buffer = new Uint8Array(LONGEST + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = await opened.read(buffer.subarray(length));
    if (count === null) return buffer.slice(0, length);
    length += count;
  }
  return undefined;
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isDirectory;
  } catch {
    return false;
  }
}
