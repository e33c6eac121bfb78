/**
 * Makes programs out of the source: `deno task compile [--target TARGET]... [--all]`. Read `bundle.ts` next.
 *
 * `deno compile` joins what is bundled to Deno's bare runtime, which it downloads. Where that is not possible,
 * `DENORT_BIN` names the runtime's file, `DENO_COMPILE` a Deno of the same version, and `DENO_TARGET` what it is for.
 */

import { parseArgs } from "@std/cli/parse-args";
import config from "../../deno.json" with { type: "json" };
import { formatBytes } from "../../src/terminal/human.ts";
import { bundle, bundledName, WORKERS } from "./bundle.ts";
import { commitInfo } from "./commit.ts";
import { measure } from "./measure.ts";
import { ROOT, runCommand } from "./run_command.ts";
import { billOfMaterials, packagesOfTheProgram } from "./sbom.ts";
import { isTarget, programName, type Target, TARGETS } from "./targets.ts";

const DIST = `${ROOT}dist`;
const { version } = config;

/**
 * What the program may do and how it runs, as `deno task start` has it; and the service is installed by `systemctl`. But
 * for `--unstable-lazy-dynamic-imports`, with which the compiler would leave out what is imported later.
 */
const FLAGS = [
  ...config.tasks.start.command.split(" ").filter((flag) =>
    /^--(allow|v8-flags|unstable-net|no-prompt|no-code-cache)/.test(flag)
  ),
  "--allow-run=systemctl,useradd",
];

const given = parseArgs(Deno.args, {
  boolean: ["all"],
  string: ["target"],
  collect: ["target"],
});
const targets = given.all ? TARGETS : wanted(given.target);
const compiler = Deno.env.get("DENO_COMPILE") ?? Deno.execPath();
for (const target of targets) requireRuntimeFor(target);
const build = await commitInfo();
const deno = (await runCommand(compiler, ["--version"])).split(" ")[1]!;

await Deno.mkdir(DIST, { recursive: true });
const folder = `${DIST}/bundle`;
await Deno.remove(folder, { recursive: true }).catch(() => {});
await bundle(folder, build);
const packages = await packagesOfTheProgram();
for (const target of targets) await compile(target);
await writeSums();

function wanted(names: readonly string[]): Target[] {
  const fallback = Deno.env.get("DENO_TARGET") ?? Deno.build.target;
  return (names.length === 0 ? [fallback] : names).map((name) => {
    if (isTarget(name)) return name;
    throw new Error(
      `Cannot compile for ${name}: there are ${TARGETS.join(", ")}`,
    );
  });
}

/** Fails if `DENORT_BIN` is told to be for another target: what is made of it would not run, under a wrong name. */
function requireRuntimeFor(target: Target): void {
  const only = Deno.env.get("DENO_TARGET");
  if (Deno.env.has("DENORT_BIN") && only !== undefined && only !== target) {
    throw new Error(
      `Cannot compile for ${target}: DENORT_BIN is the runtime for ${only}, as DENO_TARGET says`,
    );
  }
}

async function compile(target: Target): Promise<void> {
  const name = programName(version, target);
  const path = `${DIST}/${name}`;
  await runCommand(compiler, [
    "compile",
    "--quiet",
    "--no-check",
    "--no-config",
    "--no-lock",
    ...FLAGS,
    `--target=${target}`,
    `--output=${path}`,
    ...WORKERS.map((worker) => `--include=${folder}/${bundledName(worker)}`),
    `${folder}/main.js`,
  ]);
  const bytes = await Deno.readFile(path);
  const bill = billOfMaterials(
    { version, build, target, deno, sha256: await sha256(bytes) },
    packages,
  );
  await Deno.writeTextFile(
    `${path}.cdx.json`,
    JSON.stringify(bill, undefined, 2) + "\n",
  );
  tell(`${name}: ${(bytes.length / 1e6).toFixed(1)} MB, Deno ${deno}`);
  if (target === Deno.build.target) {
    const { ready, memory } = await measure(path);
    tell(`  listens ${ready.toFixed()} ms after its start`);
    if (memory !== undefined) {
      tell(
        `  ${formatBytes(memory.residentKiB * 1024)} resident (${
          formatBytes(memory.anonymousKiB * 1024)
        } not in files), idle, with a store`,
      );
    }
  }
}

/** The sums of all that is in the folder, as `sha256sum --check` reads them. */
async function writeSums(): Promise<void> {
  const lines: string[] = [];
  for await (const { name, isFile } of Deno.readDir(DIST)) {
    if (!isFile || !name.startsWith("mailboxqtt-")) continue;
    const sum = await sha256(await Deno.readFile(`${DIST}/${name}`));
    lines.push(`${sum}  ${name}\n`);
  }
  await Deno.writeTextFile(`${DIST}/SHA256SUMS`, lines.sort().join(""));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function tell(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
