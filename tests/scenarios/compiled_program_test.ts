/** What `deno task compile` leaves in `dist`, tested by `deno task test:binary`. */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { measure } from "../../scripts/compile/measure.ts";
import { runProgram } from "../support/program.ts";

const BINARY = Deno.env.get("MAILBOXQTT");

/** The most bytes of a program: the bare runtime is 97 MB. */
const MOST_BYTES = 105e6;

/**
 * The most bytes of memory of an idle one with a store, and those of them that are not in files: with Deno 2.7 it takes
 * 78 and 36 MiB. How much of a file is there when it is used differs from system to system.
 */
const MOST_RESIDENT = 90 * 2 ** 20;
const MOST_ANONYMOUS = 39 * 2 ** 20;

/** Registers a test of a compiled program, which is ignored where the source is run. */
function testOfBinary(
  name: string,
  fn: (binary: string) => Promise<void>,
): void {
  const note = BINARY === undefined ? " (not run: this is the source)" : "";
  Deno.test({
    name: `compiled program: ${name}${note}`,
    ignore: BINARY === undefined,
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

testOfBinary("an idle one has loaded only what it needs", async (binary) => {
  const { memory } = await measure(binary);
  if (Deno.build.os === "linux") {
    assert.ok(memory!.resident <= MOST_RESIDENT, `${memory!.resident} bytes`);
    assert.ok(
      memory!.anonymous <= MOST_ANONYMOUS,
      `${memory!.anonymous} bytes`,
    );
  }
});

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
