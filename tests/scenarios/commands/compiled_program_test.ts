/** What `deno task compile` leaves in `dist`, tested by `deno task test:binary`. */

import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { readProcess } from "../../../scripts/bench/process_figures.ts";
import { Program, runProgram } from "../../support/programs/program.ts";

const BINARY = Deno.env.get("MAILBOXQTT");

/** The most bytes of a program: the bare runtime is 97 MB. */
const MOST_BYTES = 105e6;

/**
 * The most memory of an idle one with a store, and what of it is not in files: with Deno 2.7 it takes 78 and 36 MiB. How
 * much of a file is there when it is used differs from system to system.
 */
const MOST_RESIDENT_KIB = 90 * 1024;
const MOST_ANONYMOUS_KIB = 39 * 1024;

/** Why the memory of the program is not to be seen, if it is not. */
const NO_MEMORY = Deno.build.os !== "linux"
  ? "only Linux tells"
  : Deno.env.has("MAILBOXQTT_EMULATOR")
  ? "it would be the emulator's"
  : undefined;

/** Registers a test of a compiled program, which is ignored where the source is run, or for another reason. */
function testOfBinary(
  name: string,
  fn: (binary: string) => Promise<void>,
  obstacle?: string,
): void {
  const reason = BINARY === undefined ? "this is the source" : obstacle;
  Deno.test({
    name: `compiled program: ${name}${reason ? ` (not run: ${reason})` : ""}`,
    ignore: reason !== undefined,
    fn: () => fn(BINARY!),
  });
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command("git", { args }).output();
  return new TextDecoder().decode(stdout).trim();
}

async function sha256(path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

testOfBinary("it tells its version, commit and the day of that", async () => {
  const { stdout } = await runProgram("--version");
  const [, version, commit, date] =
    /^mailboxqtt (\S+) \(commit ([0-9a-f]{12})(?:\+changes)? of (\d{4}-\d\d-\d\d), /
      .exec(stdout) ?? assert.fail(stdout);
  assert.equal(version, config.version);
  assert.equal(commit, await git("log", "-1", "--format=%h", "--abbrev=12"));
  assert.equal(date, await git("log", "-1", "--format=%cs"));
});

testOfBinary("it is not larger than it must be", async (binary) => {
  const { size } = await Deno.stat(binary);
  assert.ok(size <= MOST_BYTES, `${size} bytes`);
});

testOfBinary("an idle one has loaded only what it needs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using program = new Program(
      ...["--listen", "mqtt://127.0.0.1:0", "--control", "none"],
      ...["--data", folder],
    );
    // The last line that it writes at a start.
    await program.line(/it survives a power cut/);
    const { residentKiB, anonymousKiB } = readProcess(program.pid);
    assert.ok(residentKiB <= MOST_RESIDENT_KIB, `${residentKiB} KiB`);
    assert.ok(anonymousKiB <= MOST_ANONYMOUS_KIB, `${anonymousKiB} KiB`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, NO_MEMORY);

testOfBinary(
  "sums and bill of materials are those of its file",
  async (binary) => {
    const sum = await sha256(binary);
    const folder = binary.slice(0, binary.lastIndexOf("/"));
    const name = binary.slice(folder.length + 1);
    const sums = (await Deno.readTextFile(`${folder}/SHA256SUMS`)).split("\n");
    assert.ok(sums.includes(`${sum}  ${name}`), name);
    const bill = `${name}.cdx.json`;
    assert.ok(
      sums.includes(`${await sha256(`${folder}/${bill}`)}  ${bill}`),
      bill,
    );
    const { metadata } = JSON.parse(
      await Deno.readTextFile(`${folder}/${bill}`),
    );
    assert.equal(metadata.component.hashes[0].content, sum);
    const { stdout } = await runProgram("--version");
    const [{ value: commit }] = metadata.component.properties;
    assert.ok(stdout.includes(`commit ${commit} of`), commit);
  },
);
