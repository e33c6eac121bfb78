// The broker's clock as the store keeps it over the starts, and what of the machine's clock is in doubt.

import {
  type KeptTime,
  type MachineTime,
  resumedTime,
} from "../tables/service_time.ts";

/** Milliseconds of the broker's clock after which a commit notes it again. */
const NOTE_EVERY = 1000;

/** Milliseconds that a clock in doubt must run on, without being set, to be believed. */
const RUN_ON = 15 * 60_000;

/** Milliseconds by which a clock may drift without counting as set. */
const DRIFT = 5000;

/** A file that systemd touches whenever it has set the clock by a time server; gone when the machine starts. */
const SYNCHRONISED = "/run/systemd/timesync/synchronized";

/** The clocks of a machine. */
export interface Machine {
  /** What it knows of the time now. */
  time(): MachineTime;
  /** Milliseconds since some fixed moment. */
  monotonic(): number;
}

/** This machine. */
export const THIS_MACHINE: Machine = {
  time: () => ({
    wall: Date.now(),
    up: attempt(() => Deno.osUptime() * 1000),
    synchronised: attempt(() => Deno.statSync(SYNCHRONISED)) !== undefined,
  }),
  monotonic: () => performance.now(),
};

/** Resumes the broker's clock, notes it, and finds out what it does not know of the time that the broker was down. */
export class ServiceClock {
  /** Where the broker's clock goes on. */
  readonly resumed: number;
  readonly #machine: Machine;
  /** Milliseconds that the machine's clock may be ahead by. */
  #doubted: number;
  /** The machine's clock, and the time that runs steadily, when the one was compared with the other last. */
  #wall: number;
  #monotonic: number;
  #unchangedSince: number;
  #notedAt = -Infinity;

  /** Goes on from what was kept. */
  constructor(kept: KeptTime | undefined, machine: Machine = THIS_MACHINE) {
    this.#machine = machine;
    const time = machine.time();
    const { service, doubted } = resumedTime(kept, time);
    this.resumed = service;
    this.#doubted = doubted;
    this.#wall = time.wall;
    this.#monotonic = this.#unchangedSince = machine.monotonic();
  }

  /** Milliseconds that may have passed while the broker was down, and are not counted. */
  get doubted(): number {
    return this.#doubted;
  }

  /** Whether the broker's clock, which shows `now`, is to be noted again. */
  isDue(now: number): boolean {
    return now - this.#notedAt >= NOTE_EVERY;
  }

  /** What is to be kept where the broker's clock shows `now`. */
  note(now: number): KeptTime {
    this.#notedAt = now;
    const { wall, up } = this.#machine.time();
    if (this.#doubted > 0) this.#compare(wall);
    return { service: now, wall: wall - this.#doubted, up };
  }

  /** Milliseconds that are in doubt no more, and have passed while the broker was down: to be asked now and then. */
  settle(): number {
    if (this.#doubted === 0) return 0;
    const { wall, synchronised } = this.#machine.time();
    this.#compare(wall);
    const runFor = this.#monotonic - this.#unchangedSince;
    if (!synchronised && runFor < RUN_ON) return 0;
    const passed = this.#doubted;
    this.#doubted = 0;
    return passed;
  }

  /** Takes into account that the machine's clock was set. */
  #compare(wall: number): void {
    const monotonic = this.#machine.monotonic();
    const change = wall - this.#wall - (monotonic - this.#monotonic);
    this.#wall = wall;
    this.#monotonic = monotonic;
    if (Math.abs(change) < DRIFT) return;
    this.#doubted = Math.max(0, this.#doubted + change);
    this.#unchangedSince = monotonic;
  }
}

function attempt<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
