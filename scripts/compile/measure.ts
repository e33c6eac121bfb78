import { type ProcessFigures, readProcess } from "../bench/process_figures.ts";

/** What a person wants to know of a program that was just made. */
export interface Figures {
  /** Milliseconds from its start until it listens, the best of some. */
  readonly ready: number;
  /** What it has in memory when nobody is connected, with a store; `undefined` where that cannot be seen. */
  readonly memory: ProcessFigures | undefined;
}

/** Starts that are measured, behind a first one that finds the file in no cache. */
const STARTS = 3;
/** Milliseconds until a program that listens has come to rest. */
const REST = 2000;

/** Starts the program a few times and looks. */
export async function measure(program: string): Promise<Figures> {
  const folder = await Deno.makeTempDir();
  try {
    await startOnce(program, folder);
    const starts: Figures[] = [];
    for (let at = 0; at < STARTS; at++) {
      starts.push(await startOnce(program, folder, at === 0));
    }
    return {
      ready: Math.min(...starts.map(({ ready }) => ready)),
      memory: starts[0]!.memory,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function startOnce(
  program: string,
  folder: string,
  rests = false,
): Promise<Figures> {
  const before = performance.now();
  const process = new Deno.Command(program, {
    args: ["--data", folder, "--listen", "mqtt://127.0.0.1:0", "--control"]
      .concat("none"),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    await listening(process.stderr);
    const ready = performance.now() - before;
    if (rests) await new Promise((resolve) => setTimeout(resolve, REST));
    return {
      ready,
      memory: rests && Deno.build.os === "linux"
        ? readProcess(process.pid)
        : undefined,
    };
  } finally {
    process.kill("SIGTERM");
    await process.status;
  }
}

/** Reads a log until it says that the program listens. */
async function listening(log: ReadableStream<Uint8Array>): Promise<void> {
  let text = "";
  for await (
    const part of log.pipeThrough(new TextDecoderStream())
  ) {
    text += part;
    if (text.includes("Listening")) return;
  }
  throw new Error(`Cannot start the program: ${text}`);
}
