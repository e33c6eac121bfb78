/** What the shells themselves make of the scripts that complete commands and flags. */

import assert from "node:assert/strict";
import { runProgram } from "../../support/programs/program.ts";

/** Runs a shell on a script with the completions, and what is asked of it behind that. Returns the lines it writes. */
async function ask(
  shell: string,
  args: readonly string[],
  input: string,
): Promise<string[]> {
  const process = new Deno.Command(shell, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { stdout, stderr } = await process.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split("\n").filter((line) =>
    line !== ""
  );
}

async function script(shell: string): Promise<string> {
  const { status, stdout, stderr } = await runProgram("completions", shell);
  assert.equal(status, 0, stderr);
  return stdout;
}

async function has(shell: string): Promise<boolean> {
  try {
    const command = new Deno.Command(shell, { args: ["--version"] });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** Registers a test for a shell, which says in its name where it cannot be run. */
async function testOf(shell: string, fn: () => Promise<void>): Promise<void> {
  const can = await has(shell);
  Deno.test({
    name: `completions: ${shell} completes commands and flags${
      can ? "" : ` (ignored: there is no ${shell} here)`
    }`,
    ignore: !can,
    fn,
  });
}

await testOf("bash", async () => {
  const functions = await script("bash");
  const complete = (...words: string[]) =>
    ask(
      "bash",
      ["--norc"],
      `${functions}\nCOMP_WORDS=(mailboxqtt ${
        words.map((word) => `'${word}'`).join(" ")
      })\nCOMP_CWORD=${words.length}\n_mailboxqtt\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`,
    );
  assert.deepEqual(await complete("sto"), ["store"]);
  assert.deepEqual(await complete("store", "ex"), ["export"]);
  assert.deepEqual(await complete("store", "export", "--o"), ["--output"]);
  assert.deepEqual(await complete("--log-fo"), ["--log-format"]);
  assert.deepEqual(await complete("--config", "/etc/hos"), [
    ...new Set(await ask("bash", ["--norc"], "compgen -f /etc/hos\n")),
  ]);
  assert.deepEqual(await complete("--listen", ""), []);
});

await testOf("zsh", async () => {
  const functions = await script("zsh");
  // What the completion's own functions are told is all there is to see without a terminal.
  const complete = (...words: string[]) =>
    ask(
      "zsh",
      ["--no-rcs"],
      `compdef() { }; _describe() { print -l -- $known }; _arguments() { print -l -- "$@" }
${functions}
words=(mailboxqtt ${words.map((word) => `'${word}'`).join(" ")})
CURRENT=${words.length + 1} PREFIX='${words.at(-1)}'
_mailboxqtt
`,
    );
  const commands = await complete("");
  assert.ok(
    commands.includes(
      "store:look at what is kept in a folder, save it, or put it right",
    ),
  );
  const flags = await complete("store", "export", "--");
  assert.ok(flags.some((flag) => /^--output=\[.*\]:FILE:_files$/.test(flag)));
  assert.ok(!flags.some((flag) => flag.startsWith("--listen")));
});

await testOf("fish", async () => {
  const functions = await script("fish");
  const complete = async (line: string) =>
    (await ask(
      "fish",
      ["--no-config"],
      `${functions}\ncomplete -C '${line}'\n`,
    )).map((found) => found.split("\t")[0]);
  assert.deepEqual(await complete("mailboxqtt sto"), ["store"]);
  assert.deepEqual(await complete("mailboxqtt store ex"), ["export"]);
  assert.deepEqual(await complete("mailboxqtt store export --o"), ["--output"]);
});

Deno.test("completions: another shell is named, with those that are known", async () => {
  const { status, stderr } = await runProgram("completions", "tcsh");
  assert.equal(status, 2);
  assert.equal(
    stderr,
    'Cannot complete for "tcsh": name one of the shells bash, zsh, fish\n',
  );
});
