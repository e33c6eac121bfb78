import { usageError } from "./flags.ts";
import { nearest } from "../core/nearest.ts";

/** What the program can do under one name. */
export interface Command {
  /** What it does, in a few words. */
  readonly summary: string;
  /** The text of its `--help`. */
  readonly help: () => string;
  /** Does it and returns the exit status. Loads what only this command needs. */
  readonly run: (args: readonly string[]) => Promise<number>;
  /** Whether `-h` means something else to it than help. */
  readonly usesLetters?: boolean;
  /** The commands that its first argument may name. */
  readonly commands?: ReadonlyMap<string, Command>;
}

/** The command of this name; `kind` says what it is one of, as in "store command". */
export function findCommand(
  commands: ReadonlyMap<string, Command>,
  name: string,
  kind: string,
): Command {
  const command = commands.get(name);
  if (command !== undefined) return command;
  const guess = nearest(name, [...commands.keys()]);
  const hint = guess === undefined
    ? `the ${kind}s are ${[...commands.keys()].join(", ")}`
    : `did you mean ${guess}?`;
  throw usageError(`Unknown ${kind} ${JSON.stringify(name)}: ${hint}`);
}

/** A command of several words, and the arguments behind them. */
export function followCommand(
  command: Command,
  name: string,
  args: readonly string[],
): [Command, readonly string[]] {
  const [next] = args;
  if (
    command.commands === undefined || next === undefined || next.startsWith("-")
  ) return [command, args];
  const found = findCommand(command.commands, next, `${name} command`);
  return followCommand(found, `${name} ${next}`, args.slice(1));
}
