import type { Command } from "./command.ts";
import { parseFlags, usageError } from "./flags.ts";
import { commandHelp, table } from "./help.ts";
import { print } from "./output.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["reference", {
    summary: "write a configuration file with every key, all as comments",
    help: () =>
      commandHelp(
        "config reference",
        "Writes a configuration file to begin with: every key with what it does, what is allowed, what holds " +
          "without it, its flag and its variable. All keys are comments.",
        [],
      ),
    run: async (args) => {
      parseFlags(args, []);
      print((await import("./config_reference.ts")).configReference());
      return 0;
    },
  }],
]);

/** The command `config`, which needs the name of another one behind it. */
export const CONFIG_COMMAND: Command = {
  summary: "show what a configuration file may say",
  help: () =>
    `Usage: mailboxqtt config COMMAND\n\nCommands:\n${
      table([...COMMANDS].map(([name, { summary }]) => [name, summary]))
    }`,
  run: () => {
    throw usageError(
      `Command config needs another one behind it: ${
        [...COMMANDS.keys()].join(", ")
      }`,
    );
  },
  commands: COMMANDS,
};
