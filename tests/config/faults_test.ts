import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { checkConfiguration } from "../../src/cli/setup/check.ts";
import { runProgram } from "../support/programs/program.ts";

// Each NAME.toml, with the variables in NAME.env if there is such a file, makes `mailboxqtt check` say what is in
// NAME.txt: its exit status in the first line. GOLDEN=1 writes those files anew, to be looked at.

const HERE = new URL("./", import.meta.url);

const NAMES = [...Deno.readDirSync(HERE)].map(({ name }) => name);
const CASES = NAMES.filter((name) => name.endsWith(".toml"))
  .map((name) => name.replace(/\.toml$/, "")).sort();

function variables(name: string): Record<string, string> {
  if (!NAMES.includes(`${name}.env`)) return {};
  const lines = Deno.readTextFileSync(new URL(`${name}.env`, HERE)).split("\n");
  return Object.fromEntries(
    lines.filter((line) => line !== "").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** What is said of a file, with its name alone where its whole path stands. */
async function told(name: string): Promise<string> {
  const folder = fileURLToPath(HERE);
  const { isGood, text } = await checkConfiguration(
    ["--config", `${folder}${name}.toml`],
    variables(name),
  );
  const short = text.replaceAll(folder, "").replaceAll(
    folder.slice(0, -1),
    ".",
  );
  return `${isGood ? 0 : 1}\n${short}`;
}

Deno.test("check tells what is wrong with each configuration, and where", async () => {
  // Where things would be kept without a word about it.
  const before = Deno.env.get("STATE_DIRECTORY");
  const data = await Deno.makeTempDir();
  Deno.env.set("STATE_DIRECTORY", data);
  try {
    assert.ok(CASES.length >= 25);
    const wrong: string[] = [];
    for (const name of CASES) {
      const actual = await told(name);
      const file = new URL(`${name}.txt`, HERE);
      if (Deno.env.has("GOLDEN")) await Deno.writeTextFile(file, actual);
      const expected = await Deno.readTextFile(file);
      if (actual !== expected) {
        wrong.push(`${name}: expected\n${expected}and not\n${actual}`);
      }
    }
    assert.equal(wrong.length, 0, wrong.join("\n"));
    assert.deepEqual([...Deno.readDirSync(data)], [], "check leaves nothing");
  } finally {
    if (before === undefined) Deno.env.delete("STATE_DIRECTORY");
    else Deno.env.set("STATE_DIRECTORY", before);
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("check names configuration files that cannot be read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const large = `${folder}/large.toml`;
    await Deno.writeFile(large, new Uint8Array(1024 * 1024 + 1).fill(0x20));
    const cases: [string, string][] = [
      [
        `${folder}/no.toml`,
        "There is no such file; mailboxqtt config reference",
      ],
      [`${large}/x.toml`, "There is no such file; "],
      [folder, "This is a folder; a file is needed"],
      [large, "This file is too large; a configuration has 1MiB at most"],
    ];
    for (const [file, sentence] of cases) {
      const { isGood, text } = await checkConfiguration(["--config", file], {});
      assert.ok(!isGood);
      assert.ok(text.startsWith(`${file}: ${sentence}`), text);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("check ends with status 0 and one line, or with 1 and the faults", async () => {
  const [good, json, wrong] = await Promise.all([
    runProgram("check", "--config", "tests/config/good.toml"),
    runProgram("check", "--json", "--config=tests/config/open_to_all.toml"),
    runProgram("check", "--config", "tests/config/unknown_key.toml"),
  ]);
  assert.equal(good.status, 0, good.stderr);
  assert.match(
    good.stdout,
    /^All is well .*1883 \(for anybody\) and [^\n]*\n$/,
  );
  assert.equal(json.status, 1);
  const { ok, faults } = JSON.parse(json.stdout);
  assert.equal(ok, false);
  assert.equal(faults.length, 1);
  const { file, line, column } = faults[0];
  assert.deepEqual([file, line, column], [
    "tests/config/open_to_all.toml",
    5,
    7,
  ]);
  assert.equal(wrong.status, 1);
  assert.equal(wrong.stdout.split("\n").length, 3, wrong.stdout);
});
