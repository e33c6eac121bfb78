import { type Command, commandGroup } from "../../terminal/command.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { print } from "../../terminal/output.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["reference", {
    summary: "write a configuration file with every key, all as comments",
    usage: "config reference",
    about:
      "Writes a configuration file to begin with: every key with what it does, what is allowed, what holds " +
      "without it, its flag and its variable. All keys are comments.",
    flags: [],
    run: async (args) => {
      parseFlags(args, []);
      print((await import("../../config/file/reference.ts")).configReference());
      return 0;
    },
  }],
]);

/** The command `config`, which needs the name of another one behind it. */
export const CONFIG_COMMAND: Command = commandGroup(
  "config",
  "show what a configuration file may say",
  COMMANDS,
);
