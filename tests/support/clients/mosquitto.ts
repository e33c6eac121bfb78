import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import type { Address } from "./client.ts";
import { PATIENCE } from "./inbox.ts";

function spawn(
  name: string,
  { hostname, port }: Address,
  flags: readonly string[],
  stdin: "null" | "piped" = "null",
): Deno.ChildProcess {
  // What goes into a pipe is buffered, unless somebody else decides it.
  return new Deno.Command("stdbuf", {
    args: ["-oL", name, "-h", hostname, "-p", String(port), ...flags],
    stdin,
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Runs mosquitto_pub and requires that it succeeds. */
export async function mosquittoPub(
  address: Address,
  ...flags: string[]
): Promise<void> {
  const process = spawn("mosquitto_pub", address, flags);
  const { code } = await deadline(process.output(), PATIENCE);
  assert.equal(code, 0, `mosquitto_pub ${flags.join(" ")}`);
}

/** Has mosquitto_pub publish each line of a text, and requires that it succeeds. */
export async function mosquittoPubLines(
  address: Address,
  lines: readonly string[],
  ...flags: string[]
): Promise<void> {
  const process = spawn("mosquitto_pub", address, ["-l", ...flags], "piped");
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("\n") + "\n"));
  await writer.close();
  const { code } = await deadline(process.output(), PATIENCE);
  assert.equal(code, 0, `mosquitto_pub ${flags.join(" ")}`);
}

/** A mosquitto_sub whose lines are "topic qos retain payload". To be had with `await using`. */
export class MosquittoSub implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #early: string[] = [];

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = linesOf(process.stdout);
  }

  /** Starts it and returns when it is subscribed. */
  static async start(
    address: Address,
    ...flags: string[]
  ): Promise<MosquittoSub> {
    const sub = new MosquittoSub(
      spawn("mosquitto_sub", address, ["-d", "-F", "%t %q %r %p", ...flags]),
    );
    return await sub.#subscribed();
  }

  /** A session that is resumed may bring messages before SUBACK: they are kept. */
  async #subscribed(): Promise<MosquittoSub> {
    for (;;) {
      const line = await this.#next();
      if (line.startsWith("Subscribed (mid:")) return this;
      if (!line.startsWith("Client ")) this.#early.push(line);
    }
  }

  async #next(): Promise<string> {
    const { value, done } = await deadline(this.#lines.next(), PATIENCE);
    assert.ok(!done, "mosquitto_sub ended");
    return value;
  }

  /** The next message. */
  async line(): Promise<string> {
    const early = this.#early.shift();
    if (early !== undefined) return early;
    for (;;) {
      const line = await this.#next();
      if (!line.startsWith("Client ")) return line;
    }
  }

  /** Lets it end with DISCONNECT. */
  end(): Promise<void> {
    return this.#stop("SIGTERM");
  }

  /** Ends it without DISCONNECT. */
  kill(): Promise<void> {
    return this.#stop("SIGKILL");
  }

  async #stop(signal: Deno.Signal): Promise<void> {
    try {
      this.#process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    while (!(await this.#lines.next()).done);
    await deadline(this.#process.status, PATIENCE);
  }

  /** Ends it, if it has not ended. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

async function* linesOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
