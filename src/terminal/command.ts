import { nearest } from "../core/nearest.ts";
import { type FlagInfo, usageError } from "./flags.ts";
import { flagsHelp, table, wrap } from "./help.ts";

/** What the program can do under one name. */
export interface Command {
  /** What it does, in a few words. */
  readonly summary: string;
  /** How it is called, behind the program's name. */
  readonly usage: string;
  /** What it does, in a few sentences; left out where others of its {@linkcode commands} do it. */
  readonly about?: string;
  /** Its flags, but for those that every command has. */
  readonly flags: readonly FlagInfo[];
  /** What its `--help` says behind its flags, if anything. */
  readonly more?: () => string;
  /** Does it and returns the exit status. Loads what only this command needs. */
  readonly run: (args: readonly string[]) => Promise<number>;
  /** The commands that its first argument may name. */
  readonly commands?: ReadonlyMap<string, Command>;
}

/** The help text of one command: how it is called, what it does, all its flags or commands. */
export function commandHelp(command: Command): string {
  const { usage, about, flags, more, commands } = command;
  let text = `Usage: mailboxqtt ${usage}\n`;
  if (about !== undefined) text += `\n${wrap(about)}\n`;
  text += commands === undefined
    ? flagsHelp(flags)
    : `\nCommands:\n${summaries(commands)}\nmailboxqtt ${
      usage.replace(" [FLAGS]", "")
    } --help lists the flags of a command.\n`;
  return more === undefined ? text : text + more();
}

/** A line for each command. */
export function summaries(commands: ReadonlyMap<string, Command>): string {
  return table([...commands].map(([name, { summary }]) => [name, summary]));
}

/** A command that needs the name of another one behind it. */
export function commandGroup(
  name: string,
  summary: string,
  commands: ReadonlyMap<string, Command>,
): Command {
  return {
    summary,
    usage: `${name} COMMAND [FLAGS]`,
    flags: [],
    run: () => {
      const names = [...commands.keys()];
      const last = names.pop();
      const all = names.length === 0 ? last : `${names.join(", ")} or ${last}`;
      throw usageError(`Command ${name} needs another one behind it: ${all}`);
    },
    commands,
  };
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
