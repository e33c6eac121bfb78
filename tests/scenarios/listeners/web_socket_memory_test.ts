import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import { PATIENCE } from "../../support/clients/inbox.ts";
import {
  frame,
  WebSocketClient,
} from "../../support/clients/web_socket_client.ts";

const MiB = 1024 * 1024;
/** What a client sends in all, in bytes of messages. */
const TOTAL = 200 * MiB;
/** How long a write must have been stuck to be taken for held back, in milliseconds. */
const STUCK = 1000;

/** The process that reads. To be had with `await using`. */
class Reader implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #rest = "";

  constructor(...args: number[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "--v8-flags=--min-semi-space-size=4,--max-semi-space-size=4",
        "--import-map=.deno/imports.json",
        "--lock=.deno/deno.lock",
        "--allow-all",
        "tests/support/clients/paused_reader.ts",
        ...args.map(String),
      ],
      cwd: new URL("../../../", import.meta.url),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    this.#input = this.#process.stdin.getWriter();
  }

  /** The number that comes with the next line, which must tell of this event. */
  async told(event: string): Promise<number> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await deadline(this.#lines.read(), PATIENCE);
      assert.ok(!done, `Ended before ${event}`);
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const [word, number] = this.#rest.slice(0, end).split(" ");
    this.#rest = this.#rest.slice(end + 1);
    assert.equal(word, event);
    return Number(number);
  }

  /** Ends the pause. */
  async readOn(): Promise<void> {
    await this.#input.write(new Uint8Array(1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#process.status;
    await this.#lines.cancel();
    await this.#input.close().catch(() => {});
  }
}

for (const size of [2, 1000, 64 * 1024, MiB]) {
  Deno.test(`WebSocket: a client that sends frames of ${size} bytes at full speed to who does not read costs a few MiB`, async () => {
    // Of the smallest frames, which are the most work, fewer must do.
    const total = size === 2 ? TOTAL / 20 : TOTAL;
    const warm = total / 10;
    await using reader = new Reader(warm, total);
    const port = await reader.told("port");
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = await WebSocketClient.open(connection);
    await client.frame();

    // As many frames at once as make a MiB, so that the client is not what is slow.
    const frames = Math.ceil(MiB / (size + 14));
    const one = frame(2, new Uint8Array(size));
    const many = new Uint8Array(frames * one.length);
    for (let index = 0; index < frames; index++) {
      many.set(one, index * one.length);
    }
    let sent = 0;
    const sending = (async () => {
      for (let at = 0; at < total; at += frames * size) {
        await client.send(many);
        sent += frames * size;
      }
    })();
    sending.catch(() => {});
    const paused = await reader.told("paused");
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, STUCK));
    }
    assert.ok(sent < warm + 20 * MiB, `Nothing held the client back: ${sent}`);

    await reader.readOn();
    const held = await reader.told("held");
    const most = await reader.told("most");
    await sending;
    const grown = (bytes: number) => ((bytes - paused) / MiB).toFixed(1);
    assert.ok(held - paused < 5 * MiB, `Held ${grown(held)} MiB more`);
    assert.ok(most - paused < 100 * MiB, `Took ${grown(most)} MiB more`);
  });
}
