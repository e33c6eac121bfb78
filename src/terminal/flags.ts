/** Command-line flags: one table for a command says what there is, and parsing and errors come from it. */

import { parseArgs } from "@std/cli/parse-args";
import { EXIT, StartError } from "../core/errors.ts";
import { printable } from "./columns.ts";
import { nearest } from "../core/nearest.ts";

/** One flag of a command. */
export interface FlagInfo {
  /** Its name without dashes. */
  readonly name: string;
  /** The letter that stands for it, in commands that have flags of one letter. */
  readonly short?: string;
  /** What stands for its value in `--help`, for example `URL`. A flag without it is a switch. */
  readonly value?: string;
  /** A value to show whoever gave none. */
  readonly example?: string;
  /** Whether it may be given more than once. */
  readonly repeatable?: boolean;
  /** What it does: lower case, no full stop. */
  readonly help: string;
  /** What holds if it is not given, for `--help`. */
  readonly defaultText?: string;
  /** The heading under which `--help` shows it; under "Flags" if it has none. */
  readonly group?: string;
}

/** What {@linkcode parseFlags} found. */
export interface ParsedFlags {
  /** The values of the flags that were given, in their order. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** The switches that were given. */
  readonly switches: ReadonlySet<string>;
  /** The switches that were given as `--switch=false`. */
  readonly switchedOff: ReadonlySet<string>;
  /** What stands beside the flags. */
  readonly operands: readonly string[];
}

/** An error in how the program was called, with exit status 2. */
export function usageError(message: string): StartError {
  return new StartError(message, EXIT.usage);
}

/** The sentence for a value that a flag does not allow; `allowed` says what it does allow. */
export function badValue(
  flag: string,
  value: string,
  allowed: string,
): StartError {
  return usageError(
    `Flag --${flag} cannot be ${JSON.stringify(value)}: ${allowed}`,
  );
}

/**
 * Reads a command's arguments, of which so many are no flags at most. Throws a {@linkcode StartError} for the first
 * thing that is wrong.
 */
export function parseFlags(
  args: readonly string[],
  flags: readonly FlagInfo[],
  mostOperands = 0,
): ParsedFlags {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  args = withNegatives(args, known);
  const end = args.indexOf("--");
  for (const arg of end === -1 ? args : args.slice(0, end)) {
    if (arg.startsWith("-")) checkFlag(arg, known);
  }

  const parsed = parseArgs([...args], {
    string: [
      "_",
      ...flags.filter((flag) => flag.value !== undefined).map((flag) =>
        flag.name
      ),
    ],
    boolean: flags.filter((flag) => flag.value === undefined).map((flag) =>
      flag.name
    ),
    collect: flags.map((flag) => flag.name),
  }) as Readonly<Record<string, readonly unknown[]>>;

  const values = new Map<string, string[]>();
  const switches = new Set<string>();
  const switchedOff = new Set<string>();
  for (const flag of flags) {
    const given = parsed[flag.name] ?? [];
    if (given.length === 0) continue;
    if (given.length > 1 && !flag.repeatable) {
      throw usageError(
        `Flag --${flag.name} is given ${given.length} times: give it once`,
      );
    }
    if (given.includes("")) throw missingValue(flag);
    if (flag.value !== undefined) values.set(flag.name, given.map(String));
    else (given[0] === true ? switches : switchedOff).add(flag.name);
  }
  const operands = parsed["_"]?.map(String) ?? [];
  const stray = operands[mostOperands];
  if (stray !== undefined) {
    throw usageError(
      `Unknown argument ${JSON.stringify(stray)}: flags start with --`,
    );
  }
  return { values, switches, switchedOff, operands };
}

/** Whether one of these flags stands among the arguments, whatever else is wrong with them. */
export function hasFlag(
  args: readonly string[],
  ...names: readonly string[]
): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).some((arg) =>
    names.includes(arg)
  );
}

/** Joins a flag and a number below 0 behind it, such as `--port -1`: the parser would take that for a flag. */
function withNegatives(
  args: readonly string[],
  known: ReadonlyMap<string, FlagInfo>,
): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1) ?? "";
    const takesValue = before.startsWith("--") &&
      known.get(before.slice(2))?.value !== undefined;
    if (takesValue && /^-\d/.test(arg)) joined[joined.length - 1] += `=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** Refuses what the parser would take for something else: unknown names, `--flag=`, `--switch=value`. */
function checkFlag(arg: string, known: ReadonlyMap<string, FlagInfo>): void {
  const [, dashes, name = "", equals, value] =
    /^(-+)([^=]*)(=?)(.*)$/s.exec(arg) ?? [];
  const flag = known.get(name);
  if (flag === undefined || dashes !== "--") {
    const guess = nearest(name, [...known.keys()]);
    const hint = guess === undefined
      ? "--help lists all flags"
      : `did you mean --${guess}?`;
    throw usageError(`Unknown flag ${printable(`${dashes}${name}`)}: ${hint}`);
  }
  if (equals === "") return;
  if (flag.value === undefined) {
    if (value !== "true" && value !== "false") {
      throw badValue(name, value!, "it takes no value");
    }
  } else if (value === "") {
    throw missingValue(flag);
  }
}

function missingValue({ name, example }: FlagInfo): StartError {
  const hint = example === undefined
    ? ""
    : `, for example --${name} ${example}`;
  return usageError(`Flag --${name} needs a value${hint}`);
}
