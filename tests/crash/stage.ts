// Where a crash test plays: the program on its folder, started and killed again and again.

import { deadline } from "@std/async/deadline";
import { Client } from "../support/clients/client.ts";
import { describe, PATIENCE } from "../support/clients/inbox.ts";
import { Program } from "../support/programs/program.ts";
import type { Received } from "../support/clients/read_packets.ts";
import type { Version } from "../support/clients/write_packets.ts";
import { Model } from "./model.ts";

/** When to kill the program: after so many acknowledgements, or milliseconds after it listens. */
export type Moment =
  | { readonly acknowledgements: number }
  | { readonly milliseconds: number };

/** What becomes of {@linkcode Stage.after} when the time has come, or the program has ended. */
interface Waiting {
  readonly at: number;
  readonly resolve: (up: boolean) => void;
}

/** What a {@linkcode Stage} is made with. */
export interface StageOptions {
  /** Where the program keeps what it keeps. */
  readonly folder: string;
  /** No run takes longer, in milliseconds. */
  readonly patience?: number | undefined;
  /** Starts what is to be tested, on a folder; left out, the program. */
  readonly start?: ((folder: string) => Program) | undefined;
}

/** Runs the program on one folder, one run after the other. */
export class Stage {
  /** What its clients may assume. */
  readonly model: Model = new Model();
  readonly #start: () => Program;
  readonly #patience: number;
  #program: Program | undefined;
  #port = 0;
  #acknowledgements = 0;
  #waiting: Waiting[] = [];
  #startTime = 0;

  /** Starts nothing yet. */
  constructor(options: StageOptions) {
    const { folder, patience = PATIENCE, start = startProgram } = options;
    this.#patience = patience;
    this.#start = () => start(folder);
  }

  /** Whether the program listens, and has not been killed. */
  get up(): boolean {
    return this.#program !== undefined;
  }

  /** Starts the program, and ends it at once: when a part of the time has passed that the last start took. */
  async interruptedStart(part: number): Promise<void> {
    await using program = this.#start();
    const listening = program.port().catch(() => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, part * this.#startTime);
    await Promise.race([promise, listening]);
    clearTimeout(timer);
    send(program, "SIGKILL");
    await program.end();
    await listening;
    this.#checkLog(program);
  }

  /**
   * Runs the program and has `play` done with it. It is killed at the moment given, else told to end when `play`
   * is done. What plays must end when the program does.
   */
  async run(play: () => Promise<void>, moment?: Moment): Promise<void> {
    await using program = this.#start();
    const start = performance.now();
    this.#port = await program.port();
    this.#startTime = performance.now() - start;
    this.#program = program;
    const late = () => {
      this.model.violation(`Neither killed nor done in ${this.#patience} ms`);
      this.#kill();
    };
    const timers = [setTimeout(late, this.#patience)];
    if (moment === undefined) { /* ends when all is done */ }
    else if ("milliseconds" in moment) {
      timers.push(setTimeout(() => this.#kill(), moment.milliseconds));
    } else {
      const at = this.#acknowledgements + moment.acknowledgements;
      this.#waiting.push({ at, resolve: () => this.#kill() });
    }
    try {
      await play();
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
    await this.#end(program, moment !== undefined);
  }

  async #end(program: Program, killed: boolean): Promise<void> {
    if (this.up) {
      if (killed) this.model.violation("All went home before the kill");
      this.#down();
      send(program, "SIGTERM");
      const { status } = await program.end();
      if (status !== 0) this.model.violation(`Ended with status ${status}`);
    } else await program.end();
    this.#checkLog(program);
  }

  #kill(): void {
    if (!this.up) return;
    send(this.#program!, "SIGKILL");
    this.#down();
  }

  #down(): void {
    this.#program = undefined;
    for (const { resolve } of this.#waiting.splice(0)) resolve(false);
  }

  #checkLog(program: Program): void {
    for (const line of program.lines) {
      if (/ (ERROR|CRITICAL) /.test(line)) this.model.violation(line);
    }
  }

  /** Opens a connection; `undefined` where the program has been killed. */
  async open(version: Version): Promise<Client | undefined> {
    if (!this.up) return undefined;
    const address = { hostname: "127.0.0.1", port: this.#port };
    try {
      return await deadline(Client.open(address, version), PATIENCE);
    } catch (error) {
      if (this.up) throw error;
      return undefined;
    }
  }

  /** Notes that a client was told something that must hold from now on. */
  acknowledged(): void {
    this.#acknowledgements++;
    const due = this.#waiting.filter(({ at }) => at <= this.#acknowledgements);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !due.includes(one));
    for (const { resolve } of due) resolve(this.up);
  }

  /** Returns after so many more acknowledgements; says whether the program is up still. */
  after(acknowledgements: number): Promise<boolean> {
    if (!this.up) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const at = this.#acknowledgements + acknowledgements;
    this.#waiting.push({ at, resolve });
    return promise;
  }

  /** Notes that a connection ended that its client did not end: only the kill may do that. */
  ended(client: string, last: Received | undefined): void {
    if (!this.up) return;
    this.model.violation(`${client}: turned out after ${describe(last)}`);
  }
}

function startProgram(folder: string): Program {
  return new Program(
    "start",
    "--listen",
    "mqtt://127.0.0.1:0",
    "--data",
    folder,
  );
}

/** Sends a signal; harmless where the program has ended by itself, which its clients see. */
function send(program: Program, signal: Deno.Signal): void {
  try {
    program.signal(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
