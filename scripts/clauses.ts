/**
 * `deno task clauses`: which numbered clauses of the MQTT standards have a test, and which have none.
 *
 * The clauses stand in `tests/conformance/mqtt5.txt` and `mqtt311.txt`. A test covers a clause by naming it, as
 * `[MQTT-3.1.0-1]` for MQTT 5.0 or `[MQTT3-3.1.0-1]` for MQTT 3.1.1, in a string: its own name, a step's, or a packet
 * vector's.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);
const NUMBER = /^\d+\.\d+\.\d+-\d+$/;
const MENTION = /\bMQTT3?-\d+\.\d+\.\d+-\d+/g;

/** One numbered clause of a standard. */
export interface Clause {
  /** Its name as tests write it, e.g. `MQTT-3.1.0-1` or `MQTT3-3.1.0-1`. */
  readonly id: string;
  /** What it asks of a server, in a few words. */
  readonly text: string;
  /** Why no test from outside can show it; absent for clauses that must have a test. */
  readonly untestable?: string;
}

/** Parses a clause file; a line that is neither a clause, a comment nor empty is an error. */
export function parseClauses(text: string, prefix: string): Clause[] {
  const clauses: Clause[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const gap = line.indexOf("  ");
    const number = line.slice(0, Math.max(gap, 0));
    if (!NUMBER.test(number)) throw new Error(`Cannot read clause: ${line}`);
    const [what, reason] = line.slice(gap + 2).split(" -- ");
    const clause = { id: `${prefix}-${number}`, text: what ?? "" };
    clauses.push(
      reason === undefined ? clause : { ...clause, untestable: reason },
    );
  }
  return clauses;
}

/** The clauses of both standards. */
export async function readClauses(): Promise<Clause[]> {
  const table = (name: string) =>
    Deno.readTextFile(new URL(`tests/conformance/${name}`, ROOT));
  return [
    ...parseClauses(await table("mqtt5.txt"), "MQTT"),
    ...parseClauses(await table("mqtt311.txt"), "MQTT3"),
  ];
}

/** The clause names in a source text, comments left out. */
export function mentions(source: string): string[] {
  const code = source.split("\n").filter((line) =>
    !/^\s*(\/\/|\/?\*)/.test(line)
  );
  return code.flatMap((line) => line.match(MENTION) ?? []);
}

async function* testFiles(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) yield* testFiles(url);
    else if (/(_test|vectors[a-z0-9_]*)\.ts$/.test(entry.name)) yield url;
  }
}

/** Clause name to the test files that name it, over `tests/` and `src/`. */
export async function coverage(): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const folder of ["tests/", "src/"]) {
    for await (const file of testFiles(new URL(folder, ROOT))) {
      const path = file.pathname.slice(ROOT.pathname.length);
      for (const id of mentions(await Deno.readTextFile(file))) {
        found.set(id, (found.get(id) ?? new Set()).add(path));
      }
    }
  }
  return found;
}

/** The report: what is covered, what is not, and names that are in no table. */
export interface Report {
  readonly covered: Clause[];
  readonly uncovered: Clause[];
  readonly untestable: Clause[];
  /** Names in tests that no clause bears: slips of the pen, or clauses that bind only a client. */
  readonly unknown: string[];
}

/** Holds the tests against the tables. */
export function report(
  clauses: readonly Clause[],
  named: ReadonlyMap<string, unknown>,
): Report {
  const known = new Set(clauses.map((clause) => clause.id));
  return {
    covered: clauses.filter(({ id }) => named.has(id)),
    uncovered: clauses.filter((clause) =>
      !named.has(clause.id) && clause.untestable === undefined
    ),
    untestable: clauses.filter((clause) =>
      !named.has(clause.id) && clause.untestable !== undefined
    ),
    unknown: [...named.keys()].filter((id) => !known.has(id)).sort(),
  };
}

if (import.meta.main) {
  const result = report(await readClauses(), await coverage());
  const lines = result.uncovered.map(({ id, text }) => `[${id}]  ${text}`);
  if (Deno.args.includes("--reasons")) {
    lines.push(
      ...result.untestable.map((clause) =>
        `[${clause.id}]  ${clause.text} (not testable: ${clause.untestable})`
      ),
    );
  }
  lines.push(...result.unknown.map((id) => `[${id}]  named but in no table`));
  lines.push(
    `${result.covered.length} clauses covered, ${result.uncovered.length} not, ` +
      `${result.untestable.length} not testable from outside`,
  );
  await Deno.stdout.write(new TextEncoder().encode(lines.join("\n") + "\n"));
}
