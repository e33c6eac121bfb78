/**
 * `deno task durable [--only 1,5] [--folder DIR] [--messages 1000000] [--sessions 100000] [--retained 1000000]
 * [--seconds 5] [--rounds 5] [--quick] [--broker-flags FLAGS] [--runtime-flags FLAGS]`: the figures of the durable
 * store, each with its target beside it, as a table for the README. Ends with status 1 if a message was lost, doubled
 * or out of order. The parts:
 *
 * 1. a long backlog: memory; 2. restarts with it; 3. its client drains it; 4. restarts with many sessions and retained
 * messages; 5. durable messages a second; 6. the time that one takes; 7. what QoS 0 traffic feels of that; 8. what the
 * store costs traffic that needs none.
 *
 * Read next: durable_backlog.ts, durable_many.ts, durable_traffic.ts, durable_none.ts, what is measured;
 * durable_clients.ts, what the clients do; durable_broker.ts.
 */

import { parseArgs } from "@std/cli/parse-args";
import { measureBacklog } from "./durable_backlog.ts";
import { clearUp, DurableBroker, withBroker } from "./durable_broker.ts";
import { measureMany } from "./durable_many.ts";
import { measureNone } from "./durable_none.ts";
import { type Figure, print, type Report, table } from "./durable_report.ts";
import {
  measureLatency,
  measureNeighbour,
  measureThroughput,
} from "./durable_traffic.ts";

/** What divides the sizes with `--quick`. */
const QUICK = 20;
const PARTS = [1, 2, 3, 4, 5, 6, 7, 8];

/** A number above 0 that is given as a flag. */
function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  print(`Cannot use --${name} ${text}: it must be a number above 0`);
  Deno.exit(2);
}

/** The parts that are asked for. */
function chosen(text: string): ReadonlySet<number> {
  if (text === "") return new Set(PARTS);
  const parts = text.split(",").map(Number);
  if (parts.every((part) => PARTS.includes(part))) return new Set(parts);
  print(`Cannot use --only ${text}: write it as 1,3,5, with numbers up to 8`);
  Deno.exit(2);
}

/** The flags in one text. */
function words(text: string): readonly string[] {
  return text.split(" ").filter(Boolean);
}

/** The kind of file system on which a folder is, and where that is mounted. */
function fileSystem(folder: string): string {
  const path = Deno.realPathSync(folder) + "/";
  let found = { point: "", kind: "unknown" };
  for (const line of Deno.readTextFileSync("/proc/self/mounts").split("\n")) {
    const [, point = "", kind = ""] = line.split(" ");
    const inside = path.startsWith(point.endsWith("/") ? point : `${point}/`);
    if (inside && point.length >= found.point.length) found = { point, kind };
  }
  return found.kind;
}

/** Prints what is found as it comes, and keeps it for the table. */
class Findings implements Report {
  readonly figures: Figure[] = [];
  readonly wrongs: string[] = [];
  readonly #parts: ReadonlySet<number>;

  constructor(parts: ReadonlySet<number>) {
    this.#parts = parts;
  }

  figure(figure: Figure): void {
    if (!this.#parts.has(figure.part)) return;
    this.figures.push(figure);
    const { part, name, value, target, met } = figure;
    const verdict = met === undefined ? "" : met ? ": met" : ": MISSED";
    print(
      `${part}. ${name}: ${value}${target ? ` [${target}${verdict}]` : ""}`,
    );
  }

  wrong(sentence: string): void {
    this.wrongs.push(sentence);
    print(`WRONG: ${sentence}`);
  }
}

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, {
    string: [
      ...["only", "folder", "messages", "sessions", "retained"],
      ...["seconds", "rounds", "runtime-flags", "broker-flags"],
    ],
    boolean: ["quick"],
    default: { only: "", folder: "", "runtime-flags": "", "broker-flags": "" },
  });
  const divisor = args.quick ? QUICK : 1;
  const size = (name: "messages" | "sessions" | "retained", whole: number) =>
    positive(name, args[name] ?? String(Math.ceil(whole / divisor)));
  const seconds = positive("seconds", args.seconds ?? (args.quick ? "1" : "5"));
  const rounds = positive("rounds", args.rounds ?? (args.quick ? "1" : "5"));
  const parts = chosen(args.only);
  const has = (...numbers: number[]) => numbers.some((one) => parts.has(one));
  const temporary = args.folder === "" ? Deno.makeTempDirSync() : undefined;
  const folder = temporary ?? args.folder;
  const options = {
    folder,
    runtimeFlags: words(args["runtime-flags"]),
    brokerFlags: words(args["broker-flags"]),
  };
  const make = (memory = false) => new DurableBroker(options, { memory });
  const found = new Findings(parts);

  const kind = fileSystem(folder);
  print(
    `The folder is on ${kind}${
      kind === "tmpfs"
        ? ": its fsyncs cost nothing, give a --folder elsewhere"
        : ""
    }; cores: ${navigator.hardwareConcurrency}, load: ${Deno.loadavg()[0]}\n`,
  );
  try {
    if (has(1, 2, 3)) {
      const backlog = { messages: size("messages", 1_000_000), parts };
      await withBroker(
        make(),
        (broker) => measureBacklog(broker, backlog, found),
      );
    }
    if (has(4)) {
      const many = {
        sessions: size("sessions", 100_000),
        retained: size("retained", 1_000_000),
      };
      const broker = make();
      try {
        await measureMany(broker, many, found);
      } finally {
        await broker.remove();
      }
    }
    if (has(5)) {
      for (const payloadSize of [200, 64]) {
        await withBroker(
          make(),
          (broker) =>
            measureThroughput(broker, { payloadSize, seconds }, found),
        );
      }
    }
    if (has(6)) {
      const count = Math.ceil(1_000 / divisor);
      await withBroker(
        make(),
        (broker) => measureLatency(broker, count, found),
      );
    }
    if (has(7)) {
      await withBroker(
        make(),
        (disk) =>
          withBroker(
            make(true),
            (memory) =>
              measureNeighbour({ disk, memory }, { seconds, rounds }, found),
          ),
      );
    }
    if (has(8)) await measureNone(make, { seconds, rounds }, found);
  } catch (error) {
    found.wrong(error instanceof Error ? error.stack! : String(error));
  } finally {
    if (temporary !== undefined) {
      Deno.removeSync(temporary, { recursive: true });
    }
  }
  print(`\n${table(found.figures)}\n\nLoad at the end: ${Deno.loadavg()[0]}`);
  for (const sentence of found.wrongs) print(`WRONG: ${sentence}`);
  return found.wrongs.length === 0 ? 0 : 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await clearUp();
    Deno.exit(130);
  });
}
Deno.exit(await main());
