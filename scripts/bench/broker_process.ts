import { delay } from "@std/async/delay";
import config from "../../deno.json" with { type: "json" };
import type { Address } from "../../tests/support/clients/client.ts";

/** Milliseconds that a process has to end. */
const END_TIME = 10_000;

/** A broker in a process of its own. */
export interface Broker {
  /** Its process id. */
  readonly pid: number;
  /** Where it listens; rejects if it ends before it does. */
  readonly address: Promise<Address>;
  /** What it said that no broker should have to say. */
  readonly errors: readonly string[];
  /** Ends it as an operator would; returns its exit status. */
  end(): Promise<number>;
}

/** What is read of a line of the log. */
interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly url?: string;
}

/** How a broker is started. */
export interface BrokerProcessOptions {
  /** A command that starts it with its own arguments behind, such as `taskset -c 0`. */
  readonly launcher?: readonly string[];
  /** The URL to listen on; left out, MQTT on a port that the system chooses. */
  readonly listen?: string;
}

/** The broker as `deno task start` runs it, in a process of its own, on a port that the system chooses. */
export class BrokerProcess implements Broker {
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
  constructor(
    flags: readonly string[],
    runtimeFlags: readonly string[],
    { launcher = [], listen = "mqtt://127.0.0.1:0" }: BrokerProcessOptions = {},
  ) {
    const [, run, ...rest] = config.tasks.start.command.split(" ");
    const [program, ...before] = [...launcher, Deno.execPath()];
    this.#process = new Deno.Command(program!, {
      args: [
        ...before,
        run!,
        ...runtimeFlags,
        ...rest,
        ...["--listen", listen, "--log-format", "json"],
        ...(flags.some((flag) => /^--data(=|$)/.test(flag))
          ? []
          : ["--data", "none"]),
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
    const status = await endProcess(this.#process);
    await this.#reading;
    return status;
  }
}

/** Nothing in it that costs time, and no limit in messages that drops what is under way. */
function mosquittoConfig({ hostname, port }: Address): string {
  const lines = [
    `listener ${port} ${hostname}`,
    "allow_anonymous true",
    "max_queued_messages 0",
    "max_inflight_messages 1000",
    "set_tcp_nodelay true",
    "persistence false",
    "log_dest none",
  ];
  if (Deno.uid() === 0) lines.push("user root");
  return lines.join("\n") + "\n";
}

/** A port of this machine that is free now. */
function freePort(hostname: string): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}

/** Debian's mosquitto in a process of its own. */
export class MosquittoProcess implements Broker {
  /** Its process id. */
  readonly pid: number;
  /** Where it listens; rejects if it ends before it does. */
  readonly address: Promise<Address>;
  /** None: it is told to write no log. */
  readonly errors: readonly string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #config = Deno.makeTempFileSync({ suffix: ".conf" });
  #ended = false;

  /** Starts it, by its path. */
  constructor(program: string, { launcher = [] }: BrokerProcessOptions = {}) {
    const hostname = "127.0.0.1";
    const address = { hostname, port: freePort(hostname) };
    Deno.writeTextFileSync(this.#config, mosquittoConfig(address));
    const [first, ...before] = [...launcher, program];
    this.#process = new Deno.Command(first!, {
      args: [...before, "-c", this.#config],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#process.status.then(() => {
      this.#ended = true;
      Deno.removeSync(this.#config);
    });
    this.pid = this.#process.pid;
    this.address = this.#answers(address);
  }

  async #answers(address: Address): Promise<Address> {
    while (!this.#ended) {
      try {
        (await Deno.connect(address)).close();
        return address;
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
        await delay(20);
      }
    }
    throw new Error("mosquitto ended before it listened");
  }

  /** Ends it as an operator would; returns its exit status. */
  end(): Promise<number> {
    return endProcess(this.#process);
  }
}

/** Ends a process as an operator would, and by force if that takes too long; returns its exit status. */
async function endProcess(process: Deno.ChildProcess): Promise<number> {
  const signal = (name: Deno.Signal) => {
    try {
      process.kill(name);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // It has ended before.
    }
  };
  signal("SIGTERM");
  const force = setTimeout(signal, END_TIME, "SIGKILL");
  const { code } = await process.status;
  clearTimeout(force);
  return code;
}
