/** `install.sh` with programs that are scripts themselves, on machines that only `uname` and `getconf` make up. */

import assert from "node:assert/strict";
import { ConfigFolder } from "../tests/support/programs/config_folder.ts";
import { programName } from "./compile/targets.ts";

const SCRIPT = new URL("install.sh", import.meta.url).pathname;
const X86_64 = "x86_64-unknown-linux-gnu";
const AARCH64 = "aarch64-unknown-linux-gnu";

/** What a machine says of itself. */
interface Machine {
  readonly system?: string;
  readonly name?: string;
  readonly bits?: number;
}

/** A place with programs in it, and one to which they are installed. */
class Releases implements AsyncDisposable {
  readonly #folder: ConfigFolder;

  private constructor(folder: ConfigFolder) {
    this.#folder = folder;
  }

  /** Makes both, and the machine. */
  static async make(
    { system = "Linux", name = "x86_64", bits = 64 }: Machine = {},
  ): Promise<Releases> {
    const releases = new Releases(await ConfigFolder.make());
    const { tools, from } = releases;
    for (const folder of [tools, from]) await Deno.mkdir(folder);
    const uname = `[ "$1" = -s ] && echo ${system} || echo ${name}`;
    await writeScript(`${tools}/uname`, uname);
    await writeScript(`${tools}/getconf`, `echo ${bits}`);
    return releases;
  }

  /** Where the programs lie. */
  get from(): string {
    return this.#folder.file("from");
  }

  /** Where they go to. */
  get to(): string {
    return this.#folder.file("to");
  }

  /** What stands before the system's own commands. */
  get tools(): string {
    return this.#folder.file("tools");
  }

  /** Adds a program, by default one that says its name, and the list of sums. */
  async add(name: string, text = `echo "this is ${name}"`): Promise<void> {
    await writeScript(`${this.from}/${name}`, text);
    await this.sum();
  }

  /** Writes the list of sums anew. */
  async sum(): Promise<void> {
    const script =
      `cd '${this.from}' && sha256sum mailboxqtt-* > ../sums && mv ../sums SHA256SUMS`;
    await sh(["-c", script]);
  }

  /** Runs the script with that machine. */
  install(...args: string[]): Promise<Outcome> {
    return this.run("--from", this.from, ...args);
  }

  /** Runs the script with that machine, to take the program from elsewhere. */
  run(...args: string[]): Promise<Outcome> {
    return sh([SCRIPT, "--to", this.to, ...args], {
      PATH: `${this.tools}:${Deno.env.get("PATH")}`,
    });
  }

  /** What the program that is installed says; `undefined` where there is none. */
  async installed(): Promise<string | undefined> {
    try {
      const program = `${this.to}/mailboxqtt`;
      const { stdout } = await new Deno.Command(program).output();
      return new TextDecoder().decode(stdout).trim();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** The names of all that lies where programs go to. */
  async left(): Promise<string[]> {
    try {
      return (await Array.fromAsync(Deno.readDir(this.to)))
        .map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Clears up. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#folder[Symbol.asyncDispose]();
  }
}

/** How the script ended. */
interface Outcome {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the plainest of shells. */
async function sh(
  args: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args,
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

async function writeScript(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${text}\n`);
  await Deno.chmod(path, 0o755);
}

/** Requires that nothing was installed, and one sentence that says why. */
async function expectRefusal(
  releases: Releases,
  sentence: RegExp,
  ...args: string[]
): Promise<void> {
  const before = await releases.installed();
  const { success, stderr } = await releases.install(...args);
  assert.ok(!success, "ends with a status that is not 0");
  assert.match(stderr, sentence);
  assert.equal(await releases.installed(), before);
  const kept = before === undefined ? [] : ["mailboxqtt"];
  assert.deepEqual(await releases.left(), kept, "leaves nothing behind");
}

for (
  const [machine, target] of [
    [{ name: "x86_64" }, X86_64],
    [{ name: "amd64" }, X86_64],
    [{ name: "aarch64" }, AARCH64],
    [{ system: "Darwin", name: "arm64" }, "aarch64-apple-darwin"],
    [{ system: "Darwin", name: "x86_64" }, "x86_64-apple-darwin"],
  ] as const
) {
  Deno.test(`install.sh takes the program for ${target} where uname says ${machine.name}`, async () => {
    await using releases = await Releases.make(machine);
    await releases.add(programName("1.2.3", target));
    await releases.add(programName("1.2.3", "x86_64-pc-windows-msvc"));
    await Deno.writeTextFile(
      `${releases.from}/${programName("1.2.3", target)}.cdx.json`,
      "{}",
    );
    await releases.sum();
    const { success, stdout, stderr } = await releases.install();
    assert.ok(success, stderr);
    const name = `mailboxqtt-1.2.3-${target}`;
    assert.match(stdout, new RegExp(`^Installed in .*: this is ${name}$`, "m"));
    assert.equal(await releases.installed(), `this is ${name}`);
    assert.deepEqual(await releases.left(), ["mailboxqtt"]);
    const { mode } = await Deno.stat(`${releases.to}/mailboxqtt`);
    assert.equal(mode! & 0o777, 0o755);
  });
}

Deno.test("install.sh replaces a program that runs", async () => {
  await using releases = await Releases.make();
  const name = programName("1.2.3", X86_64);
  await Deno.mkdir(releases.to);
  await Deno.copyFile("/bin/sleep", `${releases.to}/mailboxqtt`);
  await using running = new Deno.Command(`${releases.to}/mailboxqtt`, {
    args: ["60"],
  }).spawn();
  await releases.add(name);
  const { success, stderr } = await releases.install();
  assert.ok(success, stderr);
  assert.equal(await releases.installed(), `this is ${name}`);
  running.kill();
});

const canFetch =
  (await sh(["-c", "command -v curl || command -v wget"])).success;

Deno.test({
  name: `install.sh fetches over HTTP, and names what is not there${
    canFetch ? "" : " (not run: there is no curl and no wget)"
  }`,
  ignore: !canFetch,
  fn: fetchesOverHttp,
});

async function fetchesOverHttp(): Promise<void> {
  await using releases = await Releases.make();
  const name = programName("1.2.3", X86_64);
  await releases.add(name);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const file = pathname.replace("/some/where/", "");
      if (file.includes("/")) return new Response("", { status: 404 });
      return new Response(await Deno.readFile(`${releases.from}/${file}`));
    },
  );
  const address = `http://127.0.0.1:${server.addr.port}`;
  const wrong = await releases.run("--from", `${address}/else/where`);
  assert.ok(!wrong.success);
  assert.match(wrong.stderr, /Cannot fetch SHA256SUMS from .*\/else\/where$/m);
  const { success, stderr } = await releases.run(
    "--from",
    `${address}/some/where/`,
  );
  assert.ok(success, stderr);
  assert.equal(await releases.installed(), `this is ${name}`);
}

Deno.test("install.sh asks the releases for the newest version or the one that is wanted", async () => {
  await using releases = await Releases.make();
  await writeScript(
    `${releases.tools}/curl`,
    `for last; do :; done; echo "asked for $last" >&2; exit 22`,
  );
  const newest = await releases.run();
  assert.match(
    newest.stderr,
    /^asked for https:.*\/releases\/latest\/download\/SHA256SUMS$/m,
  );
  const wanted = await releases.run("--version", "1.2.3");
  assert.match(
    wanted.stderr,
    /^asked for https:.*\/releases\/download\/v1\.2\.3\/SHA256SUMS$/m,
  );
});

Deno.test("install.sh says what to do where it cannot write", async () => {
  await using releases = await Releases.make();
  await releases.add(programName("1.2.3", X86_64));
  await expectRefusal(
    releases,
    /Cannot write to \/dev\/null\/bin: run this as root .* --to$/m,
    "--to",
    "/dev/null/bin",
  );
});

Deno.test("install.sh takes the version that is wanted, and asks which where there are some", async () => {
  await using releases = await Releases.make();
  await releases.add(programName("1.2.3", X86_64));
  await releases.add(programName("1.3.0", X86_64));
  await expectRefusal(releases, /more than one .* say which with --version/);
  await expectRefusal(
    releases,
    /has no mailboxqtt 1\.4\.0 for x86_64/,
    "--version",
    "1.4.0",
  );
  await releases.install("--version", "v1.3.0");
  assert.equal(
    await releases.installed(),
    `this is mailboxqtt-1.3.0-${X86_64}`,
  );
});

Deno.test("install.sh keeps the program that is there where the new one is damaged or does not run", async () => {
  await using releases = await Releases.make();
  const name = programName("1.2.3", X86_64);
  await releases.add(name);
  await releases.install();
  await writeScript(`${releases.from}/${name}`, "echo changed");
  await expectRefusal(releases, /sum of mailboxqtt-1\.2\.3-.* SHA256SUMS/);
  await releases.add(name, "echo no such library >&2; exit 127");
  await expectRefusal(releases, /does not run .* no such library$/m);
});

for (
  const [what, machine, sentence] of [
    ["a 32-bit machine", { name: "armv7l" }, /armv7l\) is a 32-bit one/],
    ["a 32-bit PC", { name: "i686" }, /i686\) is a 32-bit one/],
    [
      "a 32-bit system on a 64-bit machine",
      { name: "aarch64", bits: 32 },
      /system is a 32-bit one.* 64-bit Raspberry Pi OS/,
    ],
    ["another processor", { name: "riscv64" }, /no build for riscv64/],
    ["another system", { system: "FreeBSD" }, /no build for FreeBSD/],
    [
      "Windows",
      { system: "MINGW64_NT-10.0" },
      /on Windows, download the file that ends in \.exe/,
    ],
  ] as const
) {
  Deno.test(`install.sh says clearly that there is nothing for ${what}`, async () => {
    await using releases = await Releases.make(machine);
    await releases.add(programName("1.2.3", X86_64));
    await releases.add(programName("1.2.3", AARCH64));
    await expectRefusal(releases, sentence);
  });
}
