// The setup commands: configuration, users, and what another broker left.

import { CHECK_FLAGS } from "../../config/flags.ts";
import { listenerHelp } from "../../config/listeners/help.ts";
import { type Command, commandGroup } from "../../terminal/command.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { print } from "../../terminal/output.ts";
import { IMPORT_FLAGS } from "./import_flags.ts";
import { PASSWD_FLAGS, PASSWD_USAGE } from "./passwd_flags.ts";

/** The commands of several words that begin with `config`. */
const CONFIG_COMMANDS: ReadonlyMap<string, Command> = new Map([
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

/** The setup commands by name. */
export const SETUP_COMMANDS: readonly (readonly [string, Command])[] = [
  ["check", {
    summary: "look whether the configuration is right, with what it names",
    usage: "check [FLAGS]",
    about:
      "Reads everything that the broker would with the same flags, environment and configuration file, and shows " +
      "each fault with file, line and column, what is allowed, and what was probably meant. Ends with status 0 if " +
      "all is well, else with 1.",
    flags: CHECK_FLAGS,
    more: listenerHelp,
    run: async (args) => (await import("./check.ts")).check(args),
  }],
  [
    "config",
    commandGroup(
      "config",
      "show what a configuration file may say",
      CONFIG_COMMANDS,
    ),
  ],
  ["passwd", {
    summary: "add a user to a password file, or change a user's password",
    usage: PASSWD_USAGE,
    about:
      "Adds a user to a password file, or changes a user's password, which is asked for twice and not shown. The file " +
      "is made where there is none. Comments and the lines of other users stay as they are, those of mosquitto's " +
      "files too. What is kept is a hash of the password, and keys for SCRAM-SHA-256.",
    flags: PASSWD_FLAGS,
    run: async (args) => (await import("./passwd.ts")).passwd(args),
  }],
  ["import", {
    summary: "make a configuration of mosquitto's",
    usage: "import FILE [FLAGS]",
    about:
      "Reads a mosquitto.conf with what it includes, and the password and ACL files that it names; those can stay as they " +
      "are. Shows what is taken over, what is changed and how, and what is not supported and what to do instead, and " +
      "writes a configuration file. Nothing of mosquitto is changed.",
    flags: IMPORT_FLAGS,
    run: async (args) =>
      (await import("./import.ts")).importConfiguration(args),
  }],
];
