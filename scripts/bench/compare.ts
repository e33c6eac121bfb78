/**
 * `deno task compare [--seconds 3] [--rounds 3] [--only REGEX]`: how much work the broker gets done in a second of
 * CPU time, beside Debian's mosquitto under the same load. Every figure is the median of some rounds, each with
 * brokers that were started for it, one after the other. Ends with status 1 if anything got lost.
 *
 * Read next: compare_scenarios.ts, what is measured; compare_clients.ts and compare_roles.ts, what the clients do.
 */

import { parseArgs } from "@std/cli/parse-args";
import { deadline } from "@std/async/deadline";
import config from "../../deno.json" with { type: "json" };
import {
  type Broker,
  BrokerProcess,
  MosquittoProcess,
} from "./broker_process.ts";
import { type Scenario, SCENARIOS } from "./compare_scenarios.ts";
import { median } from "./process_figures.ts";

/** Milliseconds that a measurement may take beside the seconds that are measured. */
const SPARE_TIME = 60_000;

/** A broker that can be started. */
interface Candidate {
  readonly name: string;
  readonly version: string;
  readonly start: () => Broker;
}

/** The broker that runs now. */
let running: Broker | undefined;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

/** What a program writes to standard output; nothing if there is no such program. */
async function outputOf(program: string, ...args: string[]): Promise<string> {
  const command = new Deno.Command(program, {
    args,
    stdin: "null",
    stderr: "null",
  });
  try {
    return new TextDecoder().decode((await command.output()).stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Moves this process to the second core and returns the command that starts another on the first; else nothing. */
async function pin(): Promise<string[]> {
  const launcher = ["taskset", "-c", "0"];
  if (await outputOf("taskset", "-c", "0", "echo", "there") === "") return [];
  const said = await outputOf("taskset", "-a", "-c", "-p", "1", `${Deno.pid}`);
  return /new affinity list: 1$/m.test(said) ? launcher : [];
}

/** Finds mosquitto, also where only root's PATH leads. */
async function findMosquitto(
  launcher: readonly string[],
): Promise<Candidate | undefined> {
  for (const program of ["mosquitto", "/usr/sbin/mosquitto"]) {
    const help = await outputOf(program, "-h");
    const version = /^mosquitto version (\S+)/m.exec(help)?.[1];
    if (version === undefined) continue;
    const start = () => new MosquittoProcess(program, { launcher });
    return { name: "mosquitto", version, start };
  }
  return undefined;
}

/** Measures one scenario with one broker, and ends the broker. */
async function measure(
  { start }: Candidate,
  scenario: Scenario,
  seconds: number,
): Promise<number> {
  running = start();
  try {
    const measuring = scenario.measure(running, seconds);
    const figure = await deadline(measuring, seconds * 1000 + SPARE_TIME);
    if (running.errors.length > 0) throw new Error(running.errors.join("\n"));
    return figure;
  } finally {
    await running.end();
    running = undefined;
  }
}

function row(cells: readonly string[]): string {
  const [name, ...figures] = cells;
  const padded = figures.map((figure) => figure.padStart(12));
  return `| ${[name!.padEnd(36), ...padded].join(" | ")} |`;
}

/** A figure in three digits; a dash where there is none. */
function rounded(figure: number): string {
  if (Number.isNaN(figure)) return "-";
  return Number(figure.toPrecision(3)).toLocaleString("en");
}

function ratio(figure: number, base: number): string {
  const times = figure / base;
  return Number.isNaN(times) ? "-" : `${times.toFixed(times < 10 ? 1 : 0)}x`;
}

/** Measures one scenario in all rounds and prints its row; returns what went wrong. */
async function compare(
  candidates: readonly Candidate[],
  scenario: Scenario,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<string[]> {
  const wrong: string[] = [];
  const figures = candidates.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [which, candidate] of candidates.entries()) {
      try {
        figures[which]!.push(await measure(candidate, scenario, seconds));
      } catch (error) {
        wrong.push(`${scenario.name}, ${candidate.name}: ${error}`);
      }
    }
  }
  const middle = figures.map((all) => all.length > 0 ? median(all) : NaN);
  const cells = middle.map(rounded);
  if (middle.length === 2) cells.push(ratio(middle[1]!, middle[0]!));
  print(row([scenario.name, ...cells]));
  return wrong;
}

/** A number above 0 that is given as a flag. */
function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  print(`Cannot use --${name} ${text}: it must be a number above 0`);
  Deno.exit(2);
}

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, {
    string: ["seconds", "rounds", "only"],
    default: { seconds: "3", rounds: "3", only: "" },
  });
  const seconds = positive("seconds", args.seconds);
  const rounds = positive("rounds", args.rounds);
  const only = new RegExp(args.only, "i");
  const launcher = await pin();
  const candidates: Candidate[] = [{
    name: "mailboxqtt",
    version: config.version,
    start: () => new BrokerProcess([], [], { launcher }),
  }];
  const mosquitto = await findMosquitto(launcher);
  if (mosquitto !== undefined) candidates.unshift(mosquitto);
  else print("No mosquitto here to compare with: apt install mosquitto\n");

  const versions = candidates.map(({ name, version }) => `${name} ${version}`);
  print(`${versions.join(" and ")}, rounds: ${rounds}, seconds: ${seconds}`);
  print(
    launcher.length > 0
      ? "The broker has the first core to itself, its clients the second."
      : "Broker and clients share all cores: taskset and a second core would part them.",
  );
  print(
    "Messages delivered, or connections accepted, per CPU second of the broker:\n",
  );
  const names = candidates.map(({ name }) => name);
  if (mosquitto !== undefined) names.push("ratio");
  print(row(["traffic", ...names]));
  print(row([":---", ...names.map(() => "---:")]));
  const wrong: string[] = [];
  for (const scenario of SCENARIOS) {
    if (!only.test(scenario.name)) continue;
    wrong.push(...await compare(candidates, scenario, { rounds, seconds }));
  }
  for (const sentence of wrong) print(`WRONG: ${sentence}`);
  return wrong.length === 0 ? 0 : 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await running?.end();
    Deno.exit(130);
  });
}
Deno.exit(await main());
