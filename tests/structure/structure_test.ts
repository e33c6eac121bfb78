/** Holds the code against its rules: which room may import from which, what lies where, how long a file may be. */

import assert from "node:assert/strict";
import {
  assertNone,
  isTest,
  judgeCircles,
  judgeFolders,
  judgeLength,
  judgeMentions,
  judgeProgram,
  judgeTargets,
  judgeTest,
  type Source,
} from "./rules.ts";

const ROOT = new URL("../../", import.meta.url);

/** What may lie at the top, beside files whose name begins with a dot. */
const TOP_LEVEL: readonly string[] = [
  // What `deno task compile` makes, which git does not see.
  "dist",
  "LICENSE",
  "README.md",
  "deno.json",
  "deno.lock",
  "main.ts",
  "scripts",
  "src",
  "tests",
];

/** All files in a folder and the folders in it. */
async function* readSources(folder: string): AsyncGenerator<Source> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))
  ) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* readSources(path);
    else if (name.endsWith(".ts")) {
      yield { path, text: await Deno.readTextFile(new URL(path, ROOT)) };
    }
  }
}

Deno.test("top level holds what the design names and nothing else", () => {
  const names = [...Deno.readDirSync(ROOT)].map(({ name }) => name);
  assertNone(
    names
      .filter((name) => !name.startsWith(".") && !TOP_LEVEL.includes(name))
      .map((name) =>
        `${name}: does not belong at the top; move it into src, tests or scripts`
      ),
  );
});

Deno.test("program keeps the order of its folders and the form of its files", async () => {
  const sources = await Array.fromAsync(readSources("src"));
  sources.push({
    path: "main.ts",
    text: await Deno.readTextFile(new URL("main.ts", ROOT)),
  });
  assert.ok(sources.length > 1, "No files found in src");
  assertNone(sources.flatMap((source) => [...judgeProgram(source)]));
  assertNone(judgeFolders(sources.map(({ path }) => path)));
});

Deno.test("no file of the program imports itself by way of others", async () => {
  assertNone(judgeCircles(await Array.fromAsync(readSources("src"))));
});

Deno.test("imports and comments name only files that are there", async () => {
  const folders = ["src", "tests", "scripts"];
  const sources = await Promise.all(
    folders.map((folder) => Array.fromAsync(readSources(folder))),
  );
  const all = sources.flat();
  const paths = new Set(["main.ts", ...all.map(({ path }) => path)]);
  assertNone(
    all.filter(({ path }) => path !== "tests/structure/rules_test.ts")
      .flatMap((source) => [
        ...judgeTargets(source, paths),
        ...judgeMentions(source, paths),
      ]),
  );
});

Deno.test("tests are in files that can be read in one go", async () => {
  const sources = await Array.fromAsync(readSources("tests"));
  assert.ok(sources.length > 1, "No files found in tests");
  assertNone(sources.flatMap((source) => [...judgeLength(source)]));
});

Deno.test("tests run with all sanitizers, and all of them run", async () => {
  const folders = await Promise.all(
    ["src", "tests", "scripts"].map((folder) =>
      Array.fromAsync(readSources(folder))
    ),
  );
  const tests = folders.flat().filter(({ path }) =>
    isTest(path) || path.startsWith("tests/")
  );
  assertNone(
    tests
      .filter(({ path }) => path !== "tests/structure/rules_test.ts")
      .flatMap((source) => [...judgeTest(source)]),
  );

  const { test } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  assert.deepEqual(
    test,
    { sanitizeOps: true, sanitizeResources: true },
    `deno.json: set "sanitizeOps" and "sanitizeResources" under "test"; Deno leaves them off`,
  );
});
