/**
 * `deno task soak [--minutes 10]`: does the broker's memory stay level under mixed load? Starts it in a process of
 * its own; every minute is 45 s of load and 15 s of quiet without any client, in which memory can settle. Ends with
 * status 1 if memory grows, descriptors stay open, the idle process uses CPU, or a message went astray.
 *
 * Read next: soak_roles.ts, what the clients do.
 */

import { parseArgs } from "@std/cli/parse-args";
import { delay } from "@std/async/delay";
import { BrokerProcess } from "./broker_process.ts";
import {
  cpuPercent,
  type ProcessFigures,
  readProcess,
  slope,
} from "./process_figures.ts";
import { Load } from "./soak_load.ts";
import { ROLES } from "./soak_roles.ts";

/** Milliseconds of load, and of the quiet after it: a minute together. */
const LOAD_TIME = 45_000;
const QUIET_TIME = 15_000;
/** Milliseconds between two looks at the process. */
const SAMPLE_TIME = 3_000;
/** Milliseconds in which V8 gives memory back after the last load; then CPU use is measured over as many. */
const IDLE_TIME = 20_000;
/** Percent of one core that an idle process may use: one step of the kernel's clock in that time. */
const IDLE_PERCENT = 0.1;
/** Memory is level if, over the second half, it rises from minute to minute by less than so many KiB. */
const LEVEL_KIB = 512;
/** Sessions must end within the quiet time; that a client is slow must be felt soon. */
const BROKER_FLAGS = [
  ...["--max-session-expiry", "6s"],
  ...["--max-outbox-bytes", "4MiB"],
];

/** What was measured in one minute. */
interface Minute {
  /** The process under load, every few seconds. */
  readonly busy: readonly ProcessFigures[];
  /** The process after the quiet. */
  readonly quiet: ProcessFigures;
  readonly load: Load;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function mib(kib: number): string {
  return (kib / 1024).toFixed(1);
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.map((cell) => String(cell).padStart(9)).join(" | ")} |`;
}

async function playMinute(broker: BrokerProcess): Promise<Minute> {
  const busy = [readProcess(broker.pid)];
  const load = new Load(await broker.address, ROLES);
  for (let time = 0; time < LOAD_TIME; time += SAMPLE_TIME) {
    await delay(SAMPLE_TIME);
    busy.push(readProcess(broker.pid));
  }
  await load.stop();
  await delay(QUIET_TIME);
  return { busy, quiet: readProcess(broker.pid), load };
}

function minuteRow(number: number, { busy, quiet, load }: Minute): string {
  const resident = busy.slice(1).map((figures) => figures.residentKiB);
  return row([
    number,
    mib(mean(resident)),
    mib(Math.max(...resident)),
    mib(quiet.residentKiB),
    Math.max(...busy.map((figures) => figures.descriptors)),
    quiet.descriptors,
    cpuPercent(busy[0]!, busy.at(-1)!).toFixed(1),
    load.published,
    load.delivered,
    load.connections,
  ]);
}

/** Plays all minutes and returns what was wrong, sentence by sentence. */
async function soak(broker: BrokerProcess, minutes: number): Promise<string[]> {
  const wrong: string[] = [];
  await broker.address;
  await delay(2_000);
  const start = readProcess(broker.pid);
  print(`Resident at the start: ${mib(start.residentKiB)} MiB`);
  print(row([
    ...["minute", "MiB mean", "MiB most", "MiB quiet"],
    ...["fds most", "fds quiet", "CPU %"],
    ...["sent", "received", "connects"],
  ]));
  print(row(Array(10).fill("---:")));
  const quiet: number[] = [];
  for (let minute = 1; minute <= minutes; minute++) {
    const figures = await playMinute(broker);
    print(minuteRow(minute, figures));
    quiet.push(figures.quiet.residentKiB);
    wrong.push(...figures.load.faults);
  }

  const half = quiet.slice(Math.floor(quiet.length / 2));
  const rise = slope(half);
  print(
    `Memory after the quiet of a minute, second half: ` +
      `${mib(half[0]!)} to ${mib(half.at(-1)!)} MiB, ${
        rise.toFixed(0)
      } KiB a minute`,
  );
  if (rise > LEVEL_KIB) wrong.push(`Memory grows: ${rise.toFixed(0)} KiB/min`);

  await delay(IDLE_TIME);
  const before = readProcess(broker.pid);
  await delay(IDLE_TIME);
  const after = readProcess(broker.pid);
  const idle = cpuPercent(before, after);
  print(`Idle: ${idle.toFixed(2)} % CPU`);
  print(`Descriptors: ${start.descriptors} before, ${after.descriptors} after`);
  if (idle > IDLE_PERCENT) wrong.push(`Idle process uses ${idle} % CPU`);
  if (after.descriptors > start.descriptors) {
    wrong.push("Descriptors were left open");
  }
  return wrong;
}

async function main(): Promise<number> {
  // --runtime-flag: for whoever looks for the cause, such as --inspect or --v8-flags=--expose-gc.
  const args = parseArgs(Deno.args, {
    string: ["minutes", "runtime-flag"],
    collect: ["runtime-flag"],
  });
  const minutes = Number(args.minutes ?? 10);
  const broker = new BrokerProcess(BROKER_FLAGS, args["runtime-flag"]);
  let wrong: string[];
  try {
    wrong = await soak(broker, minutes);
  } finally {
    const status = await broker.end();
    print(`The broker ended with status ${status}`);
  }
  for (const [sentence, count] of broker.complaints) {
    print(`Logged ${count} times: ${sentence}`);
  }
  wrong.push(...broker.errors);
  for (const sentence of wrong) print(`WRONG: ${sentence}`);
  return wrong.length === 0 ? 0 : 1;
}

Deno.exit(await main());
