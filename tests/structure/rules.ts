/** The rules of the code's order. Each names what is wrong and says what to do about it. */

import assert from "node:assert/strict";
import { posix } from "node:path";

/**
 * The rooms of the program, in an order in which each may import from itself and from those before it. The longest path
 * that fits a file is its room, so that a room can stand before or behind the rooms in it.
 */
const ROOMS = [
  "src/core",
  "src/codec",
  "src/codec/decode",
  "src/codec/encode",
  "src/codec/vectors",
  "src/store",
  "src/store/journal",
  "src/store/database",
  "src/store/tables",
  "src/store/repair",
  "src/store/sqlite",
  "src/store/backup",
  "src/transport",
  "src/transport/socket",
  "src/transport/proxy",
  "src/transport/tls",
  "src/transport/web_socket",
  "src/transport/listener",
  "src/client",
  "src/session",
  "src/router/topics",
  "src/router/rights",
  "src/router/retained",
  "src/router/delivery",
  "src/router/sessions",
  "src/router",
  "src/auth/passwords",
  "src/auth/throttle",
  "src/auth/methods",
  "src/auth/rules",
  "src/auth/limits",
  "src/auth",
  "src/connection",
  "src/admin",
  "src/admin/telemetry",
  "src/broker.ts",
  "src/terminal",
  "src/config/settings",
  "src/config/given",
  "src/config/listeners",
  "src/config/file",
  "src/config",
  "src/config/checks",
  "src/mosquitto",
  "src/daemon/access",
  "src/daemon/logging",
  "src/daemon/telemetry",
  "src/daemon",
  "src/cli/messages",
  "src/cli/client",
  "src/cli/store",
  "src/cli/control",
  "src/cli/tls",
  "src/cli/service",
  "src/cli/setup",
  "src/cli",
  "main.ts",
] as const;

/** Files of code that lie directly in one folder, tests not counted. */
export const MOST_FILES = 25;

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

/** A comment: a block, or what stands behind two slashes. */
const COMMENT = /\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm;

/** No file of the program and its tests is longer, in lines. */
export const LONGEST_FILE = 400;

/** A file's path from the top and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
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

/** The place of a file's room in {@linkcode ROOMS}, or -1 for a file that is in none. */
function rankOf(path: string): number {
  let rank = -1;
  for (const [at, room] of ROOMS.entries()) {
    const fits = path === room || path.startsWith(`${room}/`);
    if (fits && room.length > (ROOMS[rank]?.length ?? 0)) rank = at;
  }
  return rank;
}

/** The last place of all rooms beside a file's own: a test may use what its neighbours make. */
function lastRankBeside(path: string): number {
  const part = path.split("/").slice(0, 2).join("/");
  return ROOMS.findLastIndex((room) =>
    room === part || room.startsWith(`${part}/`)
  );
}

export function isTest(path: string): boolean {
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
  const from = isTest(path) ? lastRankBeside(path) : rankOf(path);
  const to = rankOf(target);
  if (to === -1) {
    return target === "deno.json" || isTest(path) && target.startsWith("tests/")
      ? undefined
      : `imports ${specifier}: the program imports only files of its own; move ${target} into src`;
  }
  return to > from
    ? `imports ${specifier}: ${ROOMS[from]} comes before ${
      ROOMS[to]
    }; take a callback, or move what both need to an earlier room`
    : undefined;
}

/** Says what is wrong with a file of the program. */
export function* judgeProgram({ path, text }: Source): Generator<string> {
  const code = withoutComments(text);
  if (rankOf(path) === -1) {
    yield `${path}: is in no room of the program; put it into one of ${
      ROOMS.join(", ")
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

/** The files that a file imports. */
function importsOf({ path, text }: Source): Set<string> {
  const targets = new Set<string>();
  for (const { match } of find(withoutComments(text), IMPORT)) {
    const specifier = match.slice(1).find(Boolean) ?? "";
    if (!specifier.startsWith(".")) continue;
    targets.add(posix.join(posix.dirname(path), specifier));
  }
  return targets;
}

/** Names the circles among imports, of two files or more. */
export function judgeCircles(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map((one) => [one.path, importsOf(one)]));
  const sentences: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const follow = (path: string): void => {
    const at = way.indexOf(path);
    if (at >= 0) {
      const circle = [...way.slice(at), path].join(" imports ");
      sentences.push(
        `${circle}: take a callback, or move what they share to a file of its own`,
      );
    } else if (!done.has(path)) {
      way.push(path);
      imports.get(path)?.forEach(follow);
      way.pop();
      done.add(path);
    }
  };
  for (const { path } of sources) follow(path);
  return sentences;
}

/** Names the files that a file imports and that are not there: the type check does not look at all of them. */
export function* judgeTargets(
  source: Source,
  paths: ReadonlySet<string>,
): Generator<string> {
  for (const target of importsOf(source)) {
    if (target.endsWith(".ts") && !paths.has(target)) {
      yield `${source.path}: imports ${target}, which is not there`;
    }
  }
}

/** Names folders with too many files. */
export function* judgeFolders(paths: readonly string[]): Generator<string> {
  const counts = new Map<string, number>();
  for (const path of paths.filter((one) => !isTest(one))) {
    const folder = posix.dirname(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  for (const [folder, count] of counts) {
    if (count > MOST_FILES) {
      yield `${folder}: has ${count} files; give its second idea a room of its own (at most ${MOST_FILES})`;
    }
  }
}

/** Names the files of which comments speak and that are not there. */
export function* judgeMentions(
  { path, text }: Source,
  paths: ReadonlySet<string>,
): Generator<string> {
  for (const { line, match } of find(text, COMMENT)) {
    for (const [name] of match[0].matchAll(/(?<![\w*/.-])[\w./-]*\w\.ts\b/g)) {
      const places = [posix.dirname(path), "src", "."];
      if (places.some((place) => paths.has(posix.join(place, name)))) continue;
      yield `${path}:${line}: speaks of ${name}, which is not there; name it from this file's folder, from src or from the top`;
    }
  }
}

/** Says whether a file is too long. */
export function* judgeLength({ path, text }: Source): Generator<string> {
  const lines = text.split("\n").length - 1;
  if (lines > LONGEST_FILE) {
    yield `${path}: has ${lines} lines; move its second idea to a file of its own (at most ${LONGEST_FILE})`;
  }
}

/** Says what is wrong with a test file, wherever it stands. */
export function* judgeTest({ path, text }: Source): Generator<string> {
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
export function assertNone(sentences: Iterable<string>): void {
  const all = [...sentences];
  assert.equal(all.length, 0, `\n${all.join("\n")}`);
}
