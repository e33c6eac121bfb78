/** The repository's folder. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/**
 * Runs a command in the repository's folder and returns what it writes to standard output.
 *
 * @throws {Error} If it fails, with what it wrote to standard error.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) {
    throw new Error(
      `Cannot run ${[command, ...args].join(" ")}: ${text(stderr).trim()}`,
    );
  }
  return text(stdout);
}
