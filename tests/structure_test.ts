/**
 * The order of the code itself: which folder may import from which, what lies where, how long a file may be.
 * Every message says what to do about it.
 */

import assert from "node:assert/strict";
import { posix } from "node:path";

const ROOT = new URL("../", import.meta.url);

/** The parts of the program in the way of a message; each may import from itself and from those before it. */
const PARTS = [
  "src/core",
  "src/codec",
  "src/store",
  "src/transport",
  "src/client",
  "src/session",
  "src/router",
  "src/auth",
  "src/connection",
  "src/admin",
  "src/broker.ts",
  "src/terminal",
  "src/config",
  "src/mosquitto",
  "src/daemon",
  "src/cli",
  "main.ts",
] as const;

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

/** Packages that one file alone may import, so that the rest of the code need not know them. */
const KEEPERS: readonly {
  readonly specifier: RegExp;
  readonly keeper: string;
}[] = [
  { specifier: /^@std\/async\/channel$/, keeper: "src/core/mailbox.ts" },
  {
    specifier: /^@std\/log\/rotating-file-handler$/,
    keeper: "src/daemon/logging/file.ts",
  },
  { specifier: /^@std\/log(\/|$)/, keeper: "src/core/log.ts" },
];

/** Packages that only tests use. */
const TEST_PACKAGES = /^(fast-check|mqtt|mqtt-packet)(\/|$)/;

/** A module specifier: of `from "..."`, `import "..."`, `import("...")` or a worker's `new URL("...")`. */
const IMPORT =
  /^(?:import|export)\s[^;"'=]*?\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']|\bnew URL\(\s*["']([^"']+)["']\s*,\s*import\.meta\.url/gm;

/** No file of the program and its tests is longer, in lines. */
const LONGEST_FILE = 400;

/** A file's path from the top and its text. */
interface Source {
  readonly path: string;
  readonly text: string;
}

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

/** A source without its comments, line by line as before. */
function withoutComments(text: string): string {
  return text
    .replaceAll(
      /\/\*[\s\S]*?\*\//g,
      (comment) => comment.replaceAll(/[^\n]/g, " "),
    )
    .replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}

/** Line numbers, from 1, at which a pattern begins. */
function* find(
  text: string,
  pattern: RegExp,
): Generator<{ line: number; match: RegExpExecArray }> {
  for (const match of text.matchAll(pattern)) {
    yield { line: text.slice(0, match.index).split("\n").length, match };
  }
}

/** The place of a file in the order of parts, or -1 for a file that is no part of the program. */
function rankOf(path: string): number {
  return PARTS.findIndex((part) =>
    path === part || path.startsWith(`${part}/`)
  );
}

function isTest(path: string): boolean {
  return path.endsWith("_test.ts") || path.endsWith("_bench.ts");
}

/** Says what is wrong with one import of a file of the program, if anything. */
function judgeImport(path: string, specifier: string): string | undefined {
  const keeper = KEEPERS.find((one) => one.specifier.test(specifier));
  if (keeper !== undefined && keeper.keeper !== path) {
    return `imports ${specifier}: only ${keeper.keeper} may; use what that file exports`;
  }
  if (/^(jsr|npm|https?|file):/.test(specifier)) {
    return `imports ${specifier}: name the package in deno.json's imports and import that name`;
  }
  if (!specifier.startsWith(".")) {
    return TEST_PACKAGES.test(specifier) && !isTest(path)
      ? `imports ${specifier}: that package is for tests only; do without it`
      : undefined;
  }
  const target = posix.join(posix.dirname(path), specifier);
  const from = rankOf(path);
  const to = rankOf(target);
  if (to === -1) {
    return target === "deno.json" || isTest(path) && target.startsWith("tests/")
      ? undefined
      : `imports ${specifier}: the program imports only files of its own; move ${target} into src`;
  }
  return to > from
    ? `imports ${specifier}: ${PARTS[from]} comes before ${
      PARTS[to]
    }; take a callback, or move what both need to an earlier folder`
    : undefined;
}

/** Says what is wrong with a file of the program. */
function* judgeProgram({ path, text }: Source): Generator<string> {
  const code = withoutComments(text);
  if (rankOf(path) === -1) {
    yield `${path}: no known part of the program; put it into one of ${
      PARTS.join(", ")
    }`;
    return;
  }
  for (const { line, match } of find(code, IMPORT)) {
    const sentence = judgeImport(path, match.slice(1).find(Boolean) ?? "");
    if (sentence !== undefined) yield `${path}:${line}: ${sentence}`;
  }
  for (const { line } of find(code, /\bconsole\./g)) {
    yield `${path}:${line}: uses console; log through src/core/log.ts, or write to Deno.stdout`;
  }
  for (const { line } of find(code, /^export default\b/gm)) {
    yield `${path}:${line}: has a default export; export it by its name`;
  }
  yield* judgeLength({ path, text });
  if (!/^[a-z0-9_]+\.ts$/.test(posix.basename(path))) {
    yield `${path}: is not named in snake_case; rename it`;
  }
}

/** Says whether a file is too long. */
function* judgeLength({ path, text }: Source): Generator<string> {
  const lines = text.split("\n").length - 1;
  if (lines > LONGEST_FILE) {
    yield `${path}: has ${lines} lines; move its second idea to a file of its own (at most ${LONGEST_FILE})`;
  }
}

/** Says what is wrong with a test file, wherever it stands. */
function* judgeTest({ path, text }: Source): Generator<string> {
  const code = withoutComments(text);
  for (
    const { line } of find(
      code,
      /\bsanitize(Ops|Resources|Exit)\s*:\s*false\b/g,
    )
  ) {
    yield `${path}:${line}: switches a sanitizer off; close what the test opens instead`;
  }
  for (
    const { line } of find(code, /\bDeno\.test\.only\b|\bonly\s*:\s*true\b/g)
  ) {
    yield `${path}:${line}: keeps all other tests from running; remove "only"`;
  }
}

/** Fails with all sentences at once. */
function assertNone(sentences: Iterable<string>): void {
  const all = [...sentences];
  assert.equal(all.length, 0, `\n${all.join("\n")}`);
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
      .filter(({ path }) => path !== "tests/structure_test.ts")
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

Deno.test("structure rules find what they look for", () => {
  const wrong:
    readonly (readonly [path: string, text: string, sentence: RegExp])[] = [
      [
        "src/core/a.ts",
        `import { b } from "../codec/b.ts";`,
        /src\/core comes before src\/codec/,
      ],
      [
        "src/core/a.ts",
        `import type {\n  B,\n} from "../broker.ts";`,
        /:1: .*before src\/broker.ts/,
      ],
      [
        "src/core/a.ts",
        `\nexport * from "../cli/b.ts";`,
        /:2: .*before src\/cli/,
      ],
      [
        "src/store/a.ts",
        `await import("../router/b.ts");`,
        /before src\/router/,
      ],
      [
        "src/store/a.ts",
        `new URL("../router/b.ts", import.meta.url);`,
        /before src\/router/,
      ],
      ["src/broker.ts", `import "./cli/start.ts";`, /before src\/cli/],
      [
        "src/core/a.ts",
        `import { b } from "../../tests/b.ts";`,
        /move tests\/b.ts into src/,
      ],
      ["src/new/a.ts", "", /no known part/],
      [
        "src/core/a.ts",
        `import { Channel } from "@std/async/channel";`,
        /only src\/core\/mailbox.ts may/,
      ],
      [
        "src/core/mailbox.ts",
        `import { warn } from "@std/log/warn";`,
        /only src\/core\/log.ts may/,
      ],
      ["src/core/a.ts", `import ws from "npm:ws@8";`, /deno.json's imports/],
      ["src/core/a.ts", `import mqtt from "mqtt";`, /for tests only/],
      ["src/core/a.ts", `  console.log(1);`, /uses console/],
      ["src/core/a.ts", `export default 1;`, /default export/],
      ["src/core/a.ts", "\n".repeat(LONGEST_FILE + 1), /401 lines/],
      ["src/core/aB.ts", "", /snake_case/],
    ];
  for (const [path, text, sentence] of wrong) {
    const found = [...judgeProgram({ path, text })];
    assert.equal(found.length, 1, `${path}: ${text}`);
    assert.match(found[0]!, sentence);
  }

  const right: readonly (readonly [path: string, text: string])[] = [
    [
      "src/codec/a.ts",
      `import { b } from "../core/b.ts";\nimport { c } from "./c.ts";`,
    ],
    [
      "src/codec/a_test.ts",
      `import mqtt from "mqtt";\nimport "../../tests/support/b.ts";`,
    ],
    [
      "src/core/a.ts",
      `// import { b } from "../codec/b.ts";\n/* console.log */`,
    ],
    ["src/core/mailbox.ts", `import { Channel } from "@std/async/channel";`],
    ["src/session/a.ts", `import { deadline } from "@std/async/deadline";`],
    ["src/cli/a.ts", `import { startBroker } from "../broker.ts";`],
    [
      "src/cli/a.ts",
      `import config from "../../deno.json" with { type: "json" };`,
    ],
    [
      "src/cli/a.ts",
      `export type Scheme = "mqtt" | "ws";\nexport const SCHEMES = ["mqtt"];`,
    ],
    ["main.ts", `import { run } from "./src/cli/run.ts";`],
    ["src/core/a.ts", "\n".repeat(LONGEST_FILE)],
  ];
  for (const [path, text] of right) assertNone(judgeProgram({ path, text }));

  const text =
    `Deno.test({ sanitizeOps: false });\nDeno.test.only("a", () => {});`;
  assert.equal([...judgeTest({ path: "tests/a_test.ts", text })].length, 2);
});
