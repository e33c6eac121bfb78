import config from "../../deno.json" with { type: "json" };
import type { Address } from "../../tests/support/client.ts";

/** What is read of a line of the log. */
interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly url?: string;
}

/** The broker as `deno task start` runs it, in a process of its own, on a port that the system chooses. */
export class BrokerProcess {
  /** Its process id. */
  readonly pid: number;
  /** Where it listens; rejects if it ends before it does. */
  readonly address: Promise<Address>;
  /** How often it logged each sentence at levels `warn` and `error`. */
  readonly complaints: Map<string, number> = new Map();
  /** Lines of levels `error` in full, and all that is no log line. */
  readonly errors: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #listening = Promise.withResolvers<Address>();

  /** Starts it, with flags for the broker and for the runtime. */
  constructor(flags: readonly string[], runtimeFlags: readonly string[]) {
    const [, run, ...rest] = config.tasks.start.command.split(" ");
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        run!,
        ...runtimeFlags,
        ...rest,
        ...["--listen", "mqtt://127.0.0.1:0", "--log-format", "json"],
        ...flags,
      ],
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    this.address = this.#listening.promise;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    const text = this.#process.stderr.pipeThrough(new TextDecoderStream());
    let rest = "";
    for await (const chunk of text) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#line(line);
    }
    this.#listening.reject(new Error("The broker ended before it listened"));
  }

  #line(line: string): void {
    if (!line.startsWith("{")) {
      this.errors.push(line);
      return;
    }
    const { level, message, url } = JSON.parse(line) as LogLine;
    if (level === "error") this.errors.push(line);
    if (level === "error" || level === "warn") {
      const sentence = `${level}: ${message}`;
      this.complaints.set(sentence, (this.complaints.get(sentence) ?? 0) + 1);
    }
    if (url !== undefined) {
      const { hostname, port } = new URL(url);
      this.#listening.resolve({ hostname, port: Number(port) });
    }
  }

  /** Ends it as an operator would; returns its exit status. */
  async end(): Promise<number> {
    try {
      this.#process.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // It has ended before.
    }
    const { code } = await this.#process.status;
    await this.#reading;
    return code;
  }
}
