// The command help, and how a command is found by its name.

import { EXIT } from "../core/errors.ts";
import {
  type Command,
  commandHelp,
  findCommand,
  followCommand,
  summaries,
} from "../terminal/command.ts";
import { print } from "../terminal/output.ts";

/** The command that the first arguments name, and the arguments behind them. */
export function find(
  args: readonly string[],
  commands: ReadonlyMap<string, Command>,
): [Command, readonly string[]] {
  const [name = "", ...rest] = args;
  return followCommand(findCommand(commands, name, "command"), name, rest);
}

/** The command `help`. */
export function help(
  args: readonly string[],
  commands: ReadonlyMap<string, Command>,
): Promise<number> {
  print(
    args[0] === undefined
      ? overview(commands)
      : commandHelp(find(args, commands)[0]),
  );
  return Promise.resolve(EXIT.ok);
}

function overview(commands: ReadonlyMap<string, Command>): string {
  return `Usage: mailboxqtt [COMMAND] [FLAGS]\n\nAn MQTT broker.\n\nCommands:\n${
    summaries(commands)
  }\n${commandHelp(commands.get("start")!)}`;
}
