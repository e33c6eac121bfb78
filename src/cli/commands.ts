// The one table of commands. Each family has its entries in its own commands.ts; what runs a command is loaded when it is
// needed.

import { START_FLAGS } from "../config/flags.ts";
import { listenerHelp } from "../config/listeners/help.ts";
import type { Command } from "../terminal/command.ts";
import { version } from "../terminal/version.ts";
import { CLIENT_COMMANDS } from "./client/commands.ts";
import { CONTROL_COMMANDS } from "./control/commands.ts";
import { help } from "./help.ts";
import { SERVICE_COMMAND } from "./service/commands.ts";
import { SETUP_COMMANDS } from "./setup/commands.ts";
import { STORE_COMMAND } from "./store/commands.ts";
import { TLS_COMMAND } from "./tls/commands.ts";

const START: Command = {
  summary: "run the broker; this is also what happens without a command",
  usage: "[start] [FLAGS]",
  about:
    "Runs the broker until it is told to stop with Ctrl-C or SIGTERM. MQTT 3.1, 3.1.1 and 5.0. " +
    "Sessions and messages are kept in a folder, or with --data none in memory.",
  flags: START_FLAGS,
  more: listenerHelp,
  run: async (args) => (await import("../daemon/start.ts")).start(args),
};

/** All commands by name, in the order in which help lists them. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["start", START],
  ...SETUP_COMMANDS,
  ["store", STORE_COMMAND],
  ["tls", TLS_COMMAND],
  ...CONTROL_COMMANDS,
  ["service", SERVICE_COMMAND],
  ...CLIENT_COMMANDS,
  ["completions", {
    summary: "write what completes commands and flags in a shell",
    usage: "completions bash|zsh|fish",
    about:
      "Writes a script with which the shell completes the commands of mailboxqtt and their flags. For bash, add to " +
      "~/.bashrc: source <(mailboxqtt completions bash). For zsh, add to ~/.zshrc behind compinit: source <(mailboxqtt " +
      "completions zsh). For fish: mailboxqtt completions fish > ~/.config/fish/completions/mailboxqtt.fish.",
    flags: [],
    run: async (args) =>
      (await import("./setup/completions.ts")).completions(args, COMMANDS),
  }],
  ["help", {
    summary: "show this text, or with the name of a command that command's",
    usage: "help [COMMAND]",
    flags: [],
    run: (args) => help(args, COMMANDS),
  }],
  ["version", {
    summary: "show the version",
    usage: "version",
    flags: [],
    run: version,
  }],
]);
