/**
 * Compiles the program and runs all tests against it that run the program: `deno task test:binary [FILES]`. Where no
 * program can be made, since Deno's bare runtime cannot be had, it says so and ends well. With `--target` the program is
 * one for another processor, and emulated.
 */

import { parseArgs } from "@std/cli/parse-args";
import { isTarget, programName, type Target } from "./compile/targets.ts";
import { ROOT } from "./compile/run_command.ts";
import config from "../deno.json" with { type: "json" };

const PROGRAM = `${ROOT}tests/support/programs/program.ts`;
/** What Deno says where its bare runtime cannot be downloaded. */
const NO_RUNTIME = /dl\.deno\.land|Setting up base binary/;
const OPTIONS = ["--import-map=.deno/imports.json", "--lock=.deno/deno.lock"];

/** What runs programs for other processors here, and the packages of Debian that it is in. */
const EMULATORS: Partial<Record<Target, { command: string; from: string }>> = {
  "aarch64-unknown-linux-gnu": {
    command: "qemu-aarch64-static -L /usr/aarch64-linux-gnu",
    from:
      "qemu-user-static libc6-arm64-cross libgcc-s1-arm64-cross libstdc++6-arm64-cross",
  },
};

const given = parseArgs(Deno.args, {
  string: ["target"],
  default: { target: Deno.build.target },
});
const target = wanted(given.target);
const emulator = await emulatorFor(target);
const files = given._.length > 0
  ? given._.map(String)
  : await testsOfTheProgram();
if (await compiled()) Deno.exit(await runTests(files));

function wanted(name: string): Target {
  if (isTarget(name)) return name;
  throw new Error(`Cannot compile for ${name}: it is no known target`);
}

/** The command line in front of a program's; empty where it runs by itself. */
async function emulatorFor(target: Target): Promise<string> {
  if (target === Deno.build.target) return "";
  const emulator = EMULATORS[target];
  if (emulator === undefined) {
    throw new Error(`Cannot run a program for ${target} on this machine`);
  }
  const [command, , libraries] = emulator.command.split(" ");
  try {
    await new Deno.Command(command!, { args: ["--version"] }).output();
    await Deno.stat(libraries!);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `Cannot run a program for ${target}: install Debian's ${emulator.from}`,
    );
  }
  return emulator.command;
}

/** Whether there is a program now; fails if that is for another reason than a missing runtime. */
async function compiled(): Promise<boolean> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      ...OPTIONS,
      "--allow-all",
      "scripts/compile/compile.ts",
      "--target",
      target,
    ],
    cwd: ROOT,
    stderr: "piped",
  });
  const { success, stderr } = await command.spawn().output();
  if (success) return true;
  const reason = new TextDecoder().decode(stderr);
  if (!NO_RUNTIME.test(reason)) throw new Error(reason);
  tell("NOT RUN: no program could be compiled, so that none was tested.");
  tell("Deno's bare runtime is neither to be downloaded nor in DENORT_BIN.");
  return false;
}

async function runTests(files: readonly string[]): Promise<number> {
  const name = programName(config.version, target);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--parallel", ...OPTIONS, "--allow-all", ...files],
    cwd: ROOT,
    env: {
      MAILBOXQTT: `${ROOT}dist/${name}`,
      ...emulator === "" ? {} : { MAILBOXQTT_EMULATOR: emulator },
    },
  }).spawn().status;
  return code;
}

/** The test files that run the program, or import what does. */
async function testsOfTheProgram(): Promise<string[]> {
  const imports = new Map<string, string[]>();
  for await (const path of sources(`${ROOT}tests`)) {
    const text = await Deno.readTextFile(path);
    imports.set(
      path,
      [...text.matchAll(/ from "(\.[^"]+)"/g)].map(([, target]) =>
        new URL(target!, `file://${path}`).pathname
      ),
    );
  }
  const runs = (path: string, seen = new Set<string>()): boolean => {
    if (path === PROGRAM) return true;
    if (seen.has(path)) return false;
    seen.add(path);
    return (imports.get(path) ?? []).some((target) => runs(target, seen));
  };
  return [...imports.keys()].filter((path) =>
    path.endsWith("_test.ts") && runs(path)
  ).sort();
}

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

function tell(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
