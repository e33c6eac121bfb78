import { nearest } from "../core/nearest.ts";
import { printable } from "./columns.ts";
import { type FlagInfo, type ParsedFlags, usageError } from "./flags.ts";

/** A flag of a command that has flags of one letter. */
export interface WordFlag extends FlagInfo {
  /** Whether its value may be empty. */
  readonly allowsEmpty?: boolean;
  /** How many values stand behind it, seen from the first ones; one if not given. Its values are then all of them. */
  readonly countValues?: (first: readonly string[]) => number;
}

/**
 * Reads the arguments of a command with flags of one letter: `-q 1`, `-q1`, `-rd`, `--qos 1`, `--qos=1`. What stands
 * behind a flag that takes a value is its value, whatever it looks like.
 *
 * @throws {StartError} For the first thing that is wrong.
 */
export function parseWordFlags(
  args: readonly string[],
  flags: readonly WordFlag[],
  mostOperands = 0,
): ParsedFlags {
  const values = new Map<string, string[]>();
  const switches = new Set<string>();
  const operands: string[] = [];
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      operands.push(...rest.splice(0));
    } else if (word.startsWith("--")) {
      const [, name, text] = /^--([^=]*)(?:=(.*))?$/s.exec(word)!;
      const flag = flags.find((one) => one.name === name);
      if (flag === undefined) throw unknownFlag(word, name!, flags);
      if (flag.value !== undefined) take(flag, text, rest, values);
      else if (text === undefined) switches.add(flag.name);
      else throw usageError(`Flag --${name} takes no value`);
    } else if (word.startsWith("-") && word !== "-") {
      readLetters(word, flags, rest, values, switches);
    } else operands.push(word);
  }
  const stray = operands[mostOperands];
  if (stray !== undefined) {
    throw usageError(
      `Unknown argument ${JSON.stringify(stray)}: flags start with -`,
    );
  }
  return { values, switches, switchedOff: new Set(), operands };
}

function readLetters(
  word: string,
  flags: readonly WordFlag[],
  rest: string[],
  values: Map<string, string[]>,
  switches: Set<string>,
): void {
  for (let at = 1; at < word.length; at++) {
    const flag = flags.find((one) => one.short === word[at]);
    if (flag === undefined) {
      throw unknownFlag(`-${word.slice(at)}`, word.slice(1), flags);
    }
    if (flag.value !== undefined) {
      const text = word.slice(at + 1);
      take(flag, text === "" ? undefined : text, rest, values);
      return;
    }
    switches.add(flag.name);
  }
}

/** Takes a flag's value, or values, from what stands beside it or behind it. */
function take(
  flag: WordFlag,
  beside: string | undefined,
  rest: string[],
  values: Map<string, string[]>,
): void {
  const title = titleOf(flag);
  const words = beside === undefined ? rest : [beside, ...rest];
  const count = flag.countValues?.(words) ?? 1;
  const taken = words.slice(0, count);
  rest.splice(0, beside === undefined ? count : count - 1);
  if (
    taken.length < count || (!flag.allowsEmpty && taken.includes(""))
  ) {
    const hint = flag.example === undefined
      ? ""
      : `, for example ${title} ${flag.example}`;
    throw usageError(
      `Flag ${title} needs ${
        count === 1 ? "a value" : `${count} values`
      }${hint}`,
    );
  }
  const before = values.get(flag.name);
  if (before !== undefined && !flag.repeatable) {
    throw usageError(`Flag ${title} is given more than once: give it once`);
  }
  values.set(flag.name, [...before ?? [], ...taken]);
}

/** A flag as it is named in a sentence. */
function titleOf({ name, short }: WordFlag): string {
  return short === undefined ? `--${name}` : `-${short} (--${name})`;
}

function unknownFlag(
  shown: string,
  name: string,
  flags: readonly WordFlag[],
): Error {
  const guess = nearest(name, flags.map((one) => one.name));
  return usageError(
    `Unknown flag ${printable(shown)}: ${
      guess === undefined
        ? "--help lists all flags"
        : `did you mean --${guess}?`
    }`,
  );
}
