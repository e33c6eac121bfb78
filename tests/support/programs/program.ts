import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { deadline } from "@std/async/deadline";
import { PATIENCE } from "../clients/inbox.ts";

const ROOT = new URL("../../../", import.meta.url);

/** How `deno task start` runs the program: what is tested is what its users run. */
const RUN = config.tasks.start.command.split(" ").slice(1, -1);

/** What it runs. */
const MAIN = "main.ts";

/** A compiled program that is to be tested in place of the source. */
const BINARY = Deno.env.get("MAILBOXQTT");

/** What runs that program where it is for another processor, with its arguments. */
const EMULATOR = Deno.env.get("MAILBOXQTT_EMULATOR")?.split(" ") ?? [];

/** What starts the program on the command line. */
const PROGRAM = BINARY === undefined
  ? [Deno.execPath(), ...RUN, MAIN]
  : [...EMULATOR, BINARY];

/** The version of Deno that runs the program. */
const DENO = BINARY === undefined ? Deno.version.deno : await denoOf(PROGRAM);

/** What Deno's `node:tls` server needs. */
const OLDEST_FOR_TLS = [2, 9];

/** Whether the program is run by a Deno whose `node:tls` server lacks what TLS listeners are built on. */
export const CANNOT_SERVE_TLS: boolean = isOlder(DENO, OLDEST_FOR_TLS);

function isOlder(version: string, [major, minor]: readonly number[]): boolean {
  const [thisMajor, thisMinor] = version.split(".").map(Number);
  return thisMajor! < major! || (thisMajor === major && thisMinor! < minor!);
}

/**
 * Registers a test of the program that Deno before 2.9 cannot pass, since its `node:tls` server lacks what TLS listeners
 * are built on. With an older program it is ignored, by its name.
 */
export function testNeedingDeno29(
  name: string,
  fn: () => void | Promise<void>,
): void {
  const why = CANNOT_SERVE_TLS ? ` (not run: this is ${DENO})` : "";
  Deno.test({
    name: `${name} [needs Deno 2.9]${why}`,
    ignore: CANNOT_SERVE_TLS,
    fn,
  });
}

async function denoOf(program: readonly string[]): Promise<string> {
  const [first, ...rest] = program;
  const { stdout } = await new Deno.Command(first!, {
    args: [...rest, "--version"],
  }).output();
  const version = /Deno (\d+\.\d+\.\d+)/.exec(new TextDecoder().decode(stdout));
  assert.ok(version, `${program.join(" ")} tells its version`);
  return version[1]!;
}

/** Whatever a test forgets to say, the program keeps things in memory, and has no socket for others to find. */
const NOWHERE = {
  STATE_DIRECTORY: "/dev/null/mailboxqtt",
  MAILBOXQTT_STORE_WHEN_UNUSABLE: "memory",
  RUNTIME_DIRECTORY: "",
  XDG_RUNTIME_DIR: "",
  JOURNAL_STREAM: "",
};

/** What a run of the program that ended by itself left behind. */
export interface Outcome {
  /** The exit status. */
  readonly status: number;
  /** All of standard output. */
  readonly stdout: string;
  /** All of standard error. */
  readonly stderr: string;
}

function command(
  args: readonly string[],
  { wrapper = [], env = {}, main = MAIN, run, stdin = "null" }: {
    wrapper?: readonly string[];
    run?: readonly string[] | undefined;
    stdin?: "null" | "piped";
    env?: Readonly<Record<string, string>>;
    main?: string;
  } = {},
): Deno.Command {
  const program = main === MAIN ? PROGRAM : [Deno.execPath(), ...RUN, main];
  const [first, ...rest] = run ?? [...wrapper, ...program, ...args];
  return new Deno.Command(first!, {
    args: rest,
    cwd: ROOT,
    env: { ...strangers(), ...NOWHERE, ...env },
    clearEnv: true,
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** This process's variables without the tests' own, which the program would take for settings. */
function strangers(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) =>
      !name.startsWith("MAILBOXQTT_")
    ),
  );
}

/** Runs the program with arguments with which it ends by itself. */
export async function runProgram(...args: string[]): Promise<Outcome> {
  return outcomeOf(await command(args).output());
}

/** Starts the program with pipes on all sides. Whoever calls this reads them, and ends it. */
export function spawnProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  return command(args, { env, stdin: "piped" }).spawn();
}

/** What the program reads from standard input. */
export interface Input {
  /** All of it. */
  readonly input: string;
  /** Whether it is typed on a terminal, which standard output and standard error then are too. */
  readonly terminal?: boolean;
}

/** Runs the program with something on standard input. */
export async function runWith(
  { input, terminal = false }: Input,
  ...args: string[]
): Promise<Outcome> {
  // `script` of util-linux makes a terminal, hands what it reads on to it, and ends as its command does.
  const run = terminal
    ? ["script", "--quiet", "--return", "--command", quote(args), "/dev/null"]
    : undefined;
  const process = command(args, { run, stdin: "piped" }).spawn();
  const writer = process.stdin.getWriter();
  // It may end without having read all, or anything.
  const written = writer.write(new TextEncoder().encode(input))
    .then(() => terminal ? undefined : writer.close()).catch(() => {});
  const output = await process.output();
  await written;
  await writer.close().catch(() => {});
  return outcomeOf(output);
}

function outcomeOf({ code, stdout, stderr }: Deno.CommandOutput): Outcome {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

/** The program's command line for a shell. */
function quote(args: readonly string[]): string {
  return [...PROGRAM, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`)
    .join(" ");
}

/** The program in a process of its own, with what it logs. To be had with `await using`. */
export class Program implements AsyncDisposable {
  /** All lines of standard error so far. */
  readonly lines: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** Starts it. */
  constructor(...args: string[]) {
    const { wrapper, env, main } = new.target;
    const isTold = main !== MAIN ||
      args.some((arg) => /^--data(=|$)/.test(arg));
    const data = isTold || "STATE_DIRECTORY" in env ? [] : ["--data", "none"];
    this.#process = command([...args, ...data], { wrapper, env, main }).spawn();
    this.#reading = this.#read();
  }

  /** What runs it, with its command line behind it. */
  protected static readonly wrapper: readonly string[] = [];

  /** The module that is run, in place of which another one may play the program. */
  protected static readonly main: string = MAIN;
  /** Variables of its environment other than this process's. With one that says where to keep things it does so. */
  protected static readonly env: Readonly<Record<string, string>> = {};

  /** Its process identifier, or the wrapper's if that does not turn into it. */
  get pid(): number {
    return this.#process.pid;
  }

  async #read(): Promise<void> {
    let rest = "";
    try {
      const text = this.#process.stderr.pipeThrough(new TextDecoderStream(), {
        signal: this.#stop.signal,
      });
      for await (const chunk of text) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        this.lines.push(...lines);
        this.#notify();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
    this.#ended = true;
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The first line of standard error that matches, past or to come. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (let at = 0;;) {
      for (; at < this.lines.length; at++) {
        const match = pattern.exec(this.lines[at]!);
        if (match !== null) return match;
      }
      assert.ok(
        !this.#ended,
        `Ended without ${pattern}: ${this.lines.join("\n")}`,
      );
      await inTime(
        this.#changed.promise,
        () => `No ${pattern} in time: ${this.lines.join("\n")}`,
      );
    }
  }

  /** The port on which it says that it listens. */
  async port(protocol = "mqtt"): Promise<number> {
    const pattern = `Listening.*\\b${protocol}://[^ "/]*:(\\d+)`;
    const [, port] = await this.line(new RegExp(pattern));
    return Number(port);
  }

  /** Closes the other end of its standard error, as a log collector does that dies. */
  async closeLog(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for its end and returns the exit status, and how many milliseconds it took. */
  async end(): Promise<{ status: number; took: number }> {
    const start = performance.now();
    const { code } = await inTime(
      this.#process.status,
      () => "Does not end in time",
    );
    await this.#reading;
    return { status: code, took: performance.now() - start };
  }

  /** Ends it at once, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    this.#stop.abort();
    await this.#process.status;
    await this.#reading;
    await this.#process.stdout.cancel();
  }
}

async function inTime<T>(
  promise: Promise<T>,
  message: () => string,
): Promise<T> {
  try {
    return await deadline(promise, PATIENCE);
  } catch (error) {
    if (error instanceof DOMException) assert.fail(message());
    throw error;
  }
}
