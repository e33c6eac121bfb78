import { join } from "node:path";
import { until } from "./broker.ts";

/** Why there is no mosquitto broker here; `undefined` if there is one. */
export const MOSQUITTO_MISSING: string | undefined = findBroker() === undefined
  ? "not run: Debian's package mosquitto is not installed"
  : undefined;

function findBroker(): string | undefined {
  return ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].find((file) => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  });
}

/** A port of the loopback interface that is free now. */
export function freePort(): number {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  return port;
}

/** Debian's mosquitto broker. To be had with `await using`. */
export class MosquittoBroker implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(
    process: Deno.ChildProcess,
    folder: string,
    port: number,
  ) {
    this.#process = process;
    this.#folder = folder;
    this.port = port;
  }

  /** Starts it on a free port, with more lines of configuration if wanted, and returns when it listens. */
  static async start(more = ""): Promise<MosquittoBroker> {
    const folder = await Deno.makeTempDir();
    const port = freePort();
    const file = join(folder, "mosquitto.conf");
    await Deno.writeTextFile(
      file,
      `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n${more}\n`,
    );
    const process = new Deno.Command(findBroker()!, {
      args: ["-c", file],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const broker = new MosquittoBroker(process, folder, port);
    let isUp = false;
    const look = async (): Promise<void> => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        isUp = true;
      } catch {
        setTimeout(look, 5);
      }
    };
    void look();
    await until("mosquitto listens", () => isUp);
    return broker;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}
