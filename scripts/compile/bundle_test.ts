import assert from "node:assert/strict";
import { bundle } from "./bundle.ts";
import { ROOT, runCommand } from "./run_command.ts";

const BUILD = { commit: "0123456789ab", date: "2026-07-30" };

/** What `bundle.ts` and what it bundles is made of. */
const SOURCE = [".deno", "deno.json", "main.ts", "scripts", "src"];

/** What a module imports before it runs itself; lines of comments begin with an asterisk. */
const IMPORT = /^(?:import|export|\})(?:.* from)? "([^"]+)"/gm;

/** All files of a folder, by their names. */
async function read(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const names = (await Array.fromAsync(Deno.readDir(folder)))
    .map(({ name }) => name);
  for (const name of names.sort()) {
    files.set(name, await Deno.readTextFile(`${folder}/${name}`));
  }
  return files;
}

/** Does the same in a copy of the source that lies elsewhere. */
async function bundleElsewhere(copy: string, folder: string): Promise<void> {
  await Deno.mkdir(copy);
  await runCommand("cp", ["-r", ...SOURCE, copy]);
  const module = JSON.stringify(`file://${copy}/scripts/compile/bundle.ts`);
  const args = JSON.stringify([folder, BUILD]);
  await runCommand(Deno.execPath(), [
    "eval",
    "--no-config",
    "--no-lock",
    `const { bundle } = await import(${module}); await bundle(...${args});`,
  ]);
}

/** What a module imports of others, with what those import, and so on: all that is not in the bundle. */
function outside(files: Map<string, string>, entry: string): string[] {
  const found = new Set<string>();
  const seen = new Set([entry]);
  // Grows while it is walked.
  for (const name of seen) {
    for (const [, specifier] of files.get(name)!.matchAll(IMPORT)) {
      if (specifier!.startsWith("./")) seen.add(specifier!.slice(2));
      else found.add(specifier!);
    }
  }
  return [...found].sort();
}

Deno.test("bundle_test sees imports, and no examples in comments", () => {
  const files = new Map([
    [
      "main.js",
      `/**
 * import { a } from "@std/log/levels";
 */
import { b } from "./part_1.js";
import "node:fs";
export * from "node:net";
import {
  c
} from "node:tls";
`,
    ],
    ["part_1.js", `import { d } from "node:sqlite";`],
  ]);
  assert.deepEqual(outside(files, "main.js"), [
    "node:fs",
    "node:net",
    "node:sqlite",
    "node:tls",
  ]);
});

Deno.test("bundle makes the same of the same source wherever it lies, and an idle broker loads nothing of Node.js but the database", async () => {
  const scratch = await Deno.makeTempDir();
  try {
    await Promise.all([
      bundle(`${scratch}/here`, BUILD),
      bundleElsewhere(`${scratch}/copy`, `${scratch}/elsewhere`),
    ]);
    const files = await read(`${scratch}/here`);
    assert.deepEqual([...await read(`${scratch}/elsewhere`)], [...files]);
    for (const [name, text] of files) {
      assert.ok(
        !text.includes(ROOT),
        `${name} names the folder it was made from`,
      );
      assert.ok(
        !text.includes("/registry.npmjs.org/"),
        `${name} names the folder that packages lie in`,
      );
      const { mtime } = await Deno.stat(`${scratch}/here/${name}`);
      assert.equal(mtime!.toISOString().slice(0, 10), BUILD.date);
    }
    assert.ok([...files.values()].some((text) => text.includes(BUILD.commit)));

    const [broker] = [...files].find(([, text]) =>
      text.includes("// src/daemon/start_broker.ts\n")
    )!;
    assert.notEqual(broker, "main.js", "is loaded by those who need it");
    assert.deepEqual(outside(files, "main.js"), []);
    assert.deepEqual(outside(files, broker), []);
    assert.deepEqual(outside(files, "worker.js"), ["node:sqlite"]);
    assert.deepEqual(outside(files, "argon2_worker.js"), []);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
});
