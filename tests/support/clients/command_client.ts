import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import { joinAll, utf8 } from "../bytes.ts";
import { PATIENCE } from "./inbox.ts";
import { type Outcome, spawnProgram } from "../programs/program.ts";

/** `mailboxqtt pub` or `sub` in a process of its own. To be had with `await using`. */
export class CommandClient implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #stdout: Promise<Uint8Array>;
  readonly #closeOutput = new AbortController();
  readonly #reading: Promise<void>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #stderr = "";
  #hasEnded = false;
  #changed = Promise.withResolvers<void>();

  /** Starts it. */
  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.#process = spawnProgram(args, env);
    this.#stdout = this.#readOutput();
    this.#reading = this.#read();
    this.#input = this.#process.stdin.getWriter();
  }

  /** Starts `sub` and returns when it has subscribed. */
  static async subscribed(
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<CommandClient> {
    const client = new CommandClient(["sub", "-d", ...args], env);
    await client.told(/received SUBACK/);
    return client;
  }

  async #readOutput(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    const { signal } = this.#closeOutput;
    const sink = new WritableStream<Uint8Array>({
      write: (chunk) => void chunks.push(chunk),
    });
    await this.#process.stdout.pipeTo(sink, { signal }).catch(() => {});
    return joinAll(chunks);
  }

  /** Closes the other end of its standard output, as `head` does. */
  async closeOutput(): Promise<void> {
    this.#closeOutput.abort();
    await this.#stdout;
  }

  async #read(): Promise<void> {
    const text = this.#process.stderr.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) {
      this.#stderr += chunk;
      this.#notify();
    }
    this.#hasEnded = true;
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Waits until it has told something on standard error. */
  async told(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      assert.ok(!this.#hasEnded, `Ended without ${pattern}: ${this.#stderr}`);
      await deadline(this.#changed.promise, PATIENCE);
    }
  }

  /** Types a text, or with `undefined` ends it. */
  async type(text: string | undefined): Promise<void> {
    await (text === undefined
      ? this.#input.close()
      : this.#input.write(utf8(text)));
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for its end. */
  async outcome(): Promise<Outcome & { readonly bytes: Uint8Array }> {
    const { code } = await deadline(this.#process.status, PATIENCE);
    const bytes = await this.#stdout;
    await this.#reading;
    const stdout = new TextDecoder().decode(bytes);
    return { status: code, stdout, stderr: this.#stderr, bytes };
  }

  /** Ends it at once, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#input.close().catch(() => {});
    await this.outcome();
  }
}
