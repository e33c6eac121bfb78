import { promptSecret } from "@std/cli/prompt-secret";
import { StartError } from "../core/errors.ts";
import { usageError } from "./flags.ts";

/** Bytes of a password at most: MQTT has no room for more. */
const LONGEST = 65_535;

/** Asks for a password on the terminal, twice, without showing it. */
export function askPassword(user: string): string {
  const ask = (message: string) => promptSecret(message, { mask: "" });
  const password = ask(`New password of ${user}:`);
  if (password === null) {
    throw usageError(
      "Cannot ask for the password: standard input is no terminal; with --batch it is read from there",
    );
  }
  check(password);
  if (ask("The same again:") !== password) {
    throw new StartError(
      "Cannot set the password: what was typed the second time is not the same",
    );
  }
  return password;
}

/** Reads a password from standard input: one line, or a text without a line end. */
export async function readPassword(): Promise<string> {
  if (Deno.stdin.isTerminal()) {
    throw usageError(
      "Cannot read the password: standard input is a terminal; without --batch it is asked for and not shown",
    );
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of Deno.stdin.readable) {
    chunks.push(chunk);
    length += chunk.length;
    // With room for a line end. What is longer is refused below.
    if (length > LONGEST + 2) break;
  }
  const bytes = await new Blob(chunks as BlobPart[]).bytes();
  let password: string;
  try {
    password = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw new StartError("Cannot set the password: it is not UTF-8");
  }
  if (/[\r\n]/.test(password)) {
    throw new StartError(
      "Cannot set the password: standard input has more than one line",
    );
  }
  check(password);
  return password;
}

function check(password: string): void {
  const fault = password === ""
    ? "it is empty"
    : new TextEncoder().encode(password).length > LONGEST
    ? `it is longer than ${LONGEST} bytes`
    : undefined;
  if (fault !== undefined) {
    throw new StartError(`Cannot set the password: ${fault}`);
  }
}
