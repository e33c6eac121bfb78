/** The broker of durable.ts: one that keeps everything in a folder, and can be killed and started again. */

import type { Address } from "../../tests/support/clients/client.ts";
import { BrokerProcess } from "./broker_process.ts";
import { rounded } from "./durable_report.ts";
import { cpuTime, readProcess } from "./process_figures.ts";

/** Limits that the figures do not meet, whatever the defaults are. */
const FLAGS = [
  ...["--max-queued-messages", "2000000"],
  ...["--max-queued-bytes", "4GiB"],
  ...["--max-retained-messages", "2000000"],
  ...["--memory-ceiling", "2GiB"],
  ...["--max-retained-bytes", "1GiB"],
];

/** How brokers are started. */
export interface DurableOptions {
  /** Where a folder is made for each. */
  readonly folder: string;
  /** Flags for the runtime. */
  readonly runtimeFlags: readonly string[];
  /** Flags for the broker, beside those that every figure needs. */
  readonly brokerFlags: readonly string[];
}

/** What runs, so that it can be ended, and what is to be cleared up. */
const running = new Set<BrokerProcess>();
const folders = new Set<string>();

/** A folder for one broker after the other, and the broker that runs there. */
export class DurableBroker {
  /** Where everything is kept; `undefined` for memory only. */
  readonly data: string | undefined;
  readonly #options: DurableOptions;
  #process: BrokerProcess | undefined;
  #address: Address | undefined;

  /** Makes a folder, unless everything is to be in memory. */
  constructor(options: DurableOptions, { memory = false } = {}) {
    this.#options = options;
    if (memory) return;
    const { folder: dir } = options;
    this.data = Deno.makeTempDirSync({ dir, prefix: "mailboxqtt-durable-" });
    folders.add(this.data);
  }

  /** Where it listens. */
  get address(): Address {
    return this.#address!;
  }

  /** The process that runs. */
  get process(): BrokerProcess {
    return this.#process!;
  }

  /** Resident memory in MiB. */
  get resident(): number {
    return readProcess(this.process.pid).residentKiB / 1024;
  }

  /** The most resident memory since {@linkcode DurableBroker.resetPeak}, in MiB. */
  get peak(): number {
    const status = Deno.readTextFileSync(`/proc/${this.process.pid}/status`);
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)![1]) / 1024;
  }

  /** CPU time that it has used since its start, in milliseconds. */
  get cpu(): number {
    return cpuTime(this.process.pid);
  }

  /** What it took to start: the time until it listened, CPU time, memory now. To be asked right after that. */
  started(ms: number): string {
    const cpu = rounded(this.cpu / 1000);
    return `${rounded(ms / 1000)} s (${cpu} s of CPU, ${
      rounded(this.resident)
    } MiB)`;
  }

  /** Begins to look for the most resident memory. */
  resetPeak(): void {
    Deno.writeTextFileSync(`/proc/${this.process.pid}/clear_refs`, "5");
  }

  /** Starts it; returns the milliseconds until it listened. */
  async start(): Promise<number> {
    const start = performance.now();
    const { runtimeFlags, brokerFlags } = this.#options;
    const flags = [...FLAGS, ...brokerFlags, "--data", this.data ?? "none"];
    this.#process = new BrokerProcess(flags, runtimeFlags);
    running.add(this.#process);
    this.#address = await this.#process.address;
    return performance.now() - start;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    Deno.kill(this.process.pid, "SIGKILL");
    await this.#ended();
  }

  /** Ends it as an operator would; returns the milliseconds that it took. Throws if it was not content. */
  async end(): Promise<number> {
    const start = performance.now();
    const status = await this.#ended();
    if (status !== 0) throw new Error(`The broker ended with status ${status}`);
    return performance.now() - start;
  }

  /** Ends it if it runs, and removes the folder. */
  async remove(): Promise<void> {
    if (this.#process !== undefined) await this.#ended();
    if (this.data === undefined) return;
    await Deno.remove(this.data, { recursive: true });
    folders.delete(this.data);
  }

  /** Megabytes of the files in the folder. */
  get megabytes(): number {
    const files = [...Deno.readDirSync(this.data!)];
    const sizes = files.map(({ name }) =>
      Deno.statSync(`${this.data}/${name}`).size
    );
    return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
  }

  async #ended(): Promise<number> {
    const process = this.process;
    this.#process = undefined;
    const status = await process.end();
    running.delete(process);
    if (process.errors.length > 0) throw new Error(process.errors.join("\n"));
    return status;
  }
}

/** Has a broker started for some work, and cleared up behind it. */
export async function withBroker<T>(
  broker: DurableBroker,
  work: (broker: DurableBroker) => Promise<T>,
): Promise<T> {
  try {
    await broker.start();
    return await work(broker);
  } finally {
    await broker.remove();
  }
}

/** Ends all brokers and removes all folders: the program is about to end. */
export async function clearUp(): Promise<void> {
  await Promise.all([...running].map((process) => process.end()));
  for (const folder of folders) Deno.removeSync(folder, { recursive: true });
}
