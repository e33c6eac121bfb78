import assert from "node:assert/strict";
import { runProgram } from "../../tests/support/programs/program.ts";

const FOLDER = new URL(".", import.meta.url);

/** The instructions of the container file, each with what stands behind its word; a line may go on in the next. */
async function instructions(): Promise<[string, string][]> {
  const text = await Deno.readTextFile(new URL("Containerfile", FOLDER));
  return text.replace(/^#.*\n/gm, "").replace(/\\\n/g, " ").split("\n")
    .filter((line) => line !== "").map((line) => {
      const [, word, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
      assert.ok(word !== undefined, `${line} is no instruction`);
      return [word, rest!.replace(/\s+/g, " ")];
    });
}

function lastOf(all: readonly [string, string][], word: string): string {
  const found = all.findLast(([one]) => one === word);
  assert.ok(found, `there is ${word}`);
  return found[1];
}

Deno.test("container file runs the program as nobody in particular, and lets it look after itself", async () => {
  const all = await instructions();
  assert.equal(lastOf(all, "USER"), "nonroot");
  const program = "/usr/local/bin/mailboxqtt";
  assert.deepEqual(JSON.parse(lastOf(all, "ENTRYPOINT")), [program]);
  const [, check] = /CMD (\[.*\])$/.exec(lastOf(all, "HEALTHCHECK"))!;
  const [checked, ...command] = JSON.parse(check!);
  assert.equal(checked, program);
  // There is such a command: it says where it has looked for a broker.
  const { stderr } = await runProgram(...command);
  assert.match(stderr, /^Cannot (ask|reach|connect)/);
});

Deno.test("container file starts a broker that says why it cannot use its volume", async () => {
  const all = await instructions();
  const [, folder] = /^STATE_DIRECTORY=(.*)$/.exec(lastOf(all, "ENV"))!;
  assert.equal(lastOf(all, "VOLUME"), folder);
  const command = JSON.parse(lastOf(all, "CMD"));
  const { status, stderr } = await runProgram(
    ...command,
    "--listen=mqtt://127.0.0.1:0",
    "--data=/dev/null/volume",
  );
  assert.equal(status, 1);
  assert.match(stderr, /Cannot use the data folder \/dev\/null\/volume: /);
});
