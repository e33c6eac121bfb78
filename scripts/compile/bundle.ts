import type { BuildInfo } from "../../src/terminal/build_info.ts";
import { ROOT, runCommand } from "./run_command.ts";

/** Where the program's threads begin, beside `main.ts`. */
export const WORKERS = [
  "src/store/sqlite/worker.ts",
  "src/auth/passwords/argon2_worker.ts",
];

/** The file of a worker in the bundle. */
export function bundledName(worker: string): string {
  return worker.split("/").at(-1)!.replace(/ts$/, "js");
}

/** How the bundler has CommonJS modules load Node's own; costs every program that starts 6 MiB. */
const REQUIRE =
  /^import \{ createRequire as (\w+) \} from "node:module";\nvar __require = \1\(import\.meta\.url\);$/m;

/** The same for what needs it alone. */
const LAZY_REQUIRE = `var __require = (name) => {
  const module = globalThis.process.getBuiltinModule(name);
  if (module === undefined) throw new Error(\`Cannot find module \${name}\`);
  return module;
};`;

/** Where the bundler found a package, which depends on the machine. */
const CACHE = /(?:\.\.\/)*[^\s"]*\/npm\/registry\.npmjs\.org\//g;

/** Where it found the module that tells of the build, which depends on the folder that is written to. */
const SCRATCH = /^\/\/ .*\.scratch\/build_info\.ts$/m;

/**
 * Bundles the program into `folder`: `main.js`, its workers, and what is loaded only when it is needed in files of its
 * own. The same source makes the same files, on every machine.
 */
export async function bundle(folder: string, build: BuildInfo): Promise<void> {
  // Not one of the system's: the bundler writes down where modules come from.
  const scratch = `${folder}.scratch`;
  await Deno.mkdir(scratch, { recursive: true });
  try {
    const importMap = `${scratch}/imports.json`;
    await writeImportMap(importMap, scratch, build);
    await runCommand(Deno.execPath(), [
      "bundle",
      "--quiet",
      "--platform",
      "deno",
      "--code-splitting",
      `--import-map=${importMap}`,
      "--lock=.deno/deno.lock",
      `--outdir=${scratch}/out`,
      "main.ts",
      ...WORKERS,
    ]);
    await Deno.mkdir(folder, { recursive: true });
    // The program remembers when its files were changed.
    const changed = new Date(build.date);
    for (const [name, text] of normalised(await readAll(`${scratch}/out`))) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      await Deno.utime(`${folder}/${name}`, changed, changed);
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** The import map that all tasks use, with the module that tells of the build in the place of the source's. */
async function writeImportMap(
  path: string,
  scratch: string,
  build: BuildInfo,
): Promise<void> {
  const map = JSON.parse(await Deno.readTextFile(`${ROOT}.deno/imports.json`));
  for (const [name, target] of Object.entries<string>(map.imports)) {
    if (target.startsWith(".")) {
      map.imports[name] = new URL(target, `file://${ROOT}.deno/`).href;
    }
  }
  map.imports[`file://${ROOT}src/terminal/build_info.ts`] =
    `file://${scratch}/build_info.ts`;
  await Deno.writeTextFile(
    `${scratch}/build_info.ts`,
    `export const BUILD = ${JSON.stringify(build)};\n`,
  );
  await Deno.writeTextFile(path, JSON.stringify(map));
}

/** All JavaScript files below a folder, by their paths in it. */
async function readAll(
  folder: string,
  prefix = "",
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${prefix}${name}`;
    if (isDirectory) {
      for (const file of await readAll(`${folder}/${name}`, `${path}/`)) {
        files.set(...file);
      }
    } else files.set(path, await Deno.readTextFile(`${folder}/${name}`));
  }
  return files;
}

/**
 * The bundler's files with names and contents that do not depend on where it ran: all in one folder, the entries under
 * their own names, and the others numbered in the order in which they are come across.
 */
function normalised(files: ReadonlyMap<string, string>): Map<string, string> {
  const names = new Map<string, string>();
  names.set("main.js", "main.js");
  for (const worker of WORKERS) {
    names.set(worker.replace(/ts$/, "js"), bundledName(worker));
  }
  // Grows while it is walked.
  for (const path of names.keys()) {
    const text = files.get(path);
    if (text === undefined) {
      throw new Error(`Cannot find ${path} in the bundle`);
    }
    for (const reference of references(path, text)) {
      if (!names.has(reference)) names.set(reference, `part_${names.size}.js`);
    }
  }
  const result = new Map<string, string>();
  for (const [path, name] of names) {
    result.set(name, rewritten(path, files.get(path)!, names));
  }
  return result;
}

/** What a module imports of the bundle's other files: at once, at the beginning of a line, or later, not in a comment. */
const IMPORT =
  /(^(?:import|export|\})(?:.* from)? |(?<!^\s*\*.*)\bimport\()"(\.{1,2}\/[^"]+\.js)"/gm;

function* references(path: string, text: string): Generator<string> {
  for (const [, , target] of text.matchAll(IMPORT)) {
    yield resolve(path, target!);
  }
}

function rewritten(
  path: string,
  text: string,
  names: ReadonlyMap<string, string>,
): string {
  return text
    .replace(
      IMPORT,
      (_, before, target) => `${before}"./${names.get(resolve(path, target))}"`,
    )
    .replace(
      /new URL\("\.\/(\w+)\.ts", import\.meta\.url\)/g,
      (_, name) => `new URL("./${name}.js", import.meta.url)`,
    )
    .replace(REQUIRE, LAZY_REQUIRE)
    .replace(CACHE, "npm/")
    .replace(SCRATCH, "// build_info.ts");
}

/** A path in the bundle that a module at `path` refers to. */
function resolve(path: string, reference: string): string {
  return new URL(reference, `file:///${path}`).pathname.slice(1);
}
