/**
 * Runs `deno doc --lint` on `src`, and demands a doc comment of what a file exports, not of the members in it: a
 * constructor or an option whose name says all needs none. Everything else that the linter finds is an error.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);

/** A finding: its head, where it is, and the line of source that it shows. */
const FINDING =
  /^error\[([\w-]+)\]: (.*)\n\s*--> (.*)\n(?:\s*\|\s*\n)?\s*\d+ \| (.*)$/gm;

/**
 * The findings in the linter's output that are errors here, a line each.
 *
 * @throws {Error} If the output holds findings in another form than this reads.
 */
export function findings(output: string): string[] {
  const all = Array.from(output.matchAll(FINDING));
  if (all.length !== (output.match(/^error\[/gm) ?? []).length) {
    throw new Error(`Cannot read the linter's output: ${output}`);
  }
  return all
    .filter(([, code, , , source = ""]) =>
      code !== "missing-jsdoc" || /^\S/.test(source)
    )
    .map(([, code, message, place]) => `${place}: ${message} (${code})`);
}

if (import.meta.main) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...Deno.args, "src/**/*.ts"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const output = text(stderr) + text(stdout);
  const found = findings(output);
  if (!success && !output.includes("error[")) found.push(output);
  if (found.length > 0) {
    await Deno.stderr.write(new TextEncoder().encode(`${found.join("\n")}\n`));
    Deno.exit(1);
  }
}
