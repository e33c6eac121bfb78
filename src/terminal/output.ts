/** What a command says to its user, as distinct from what the broker logs. */

/** Writes a text to standard output. A reader that has gone away, as in `| head`, is no error. */
export function print(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes a text to standard error. Whatever goes wrong there cannot be told to anyone. */
export function printError(text: string): void {
  writeAll(Deno.stderr, text);
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch {
    // Nobody reads any more.
  }
}
