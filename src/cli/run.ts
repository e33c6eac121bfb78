/**
 * The command line: which command the arguments name, and how its errors are told. Read `start.ts` next,
 * then `start_options.ts` and what it imports; `store.ts` for the commands that work on a data folder.
 */

import { EXIT, StartError } from "../core/errors.ts";
import {
  type Command,
  commandHelp,
  findCommand,
  followCommand,
  summaries,
} from "../terminal/command.ts";
import {
  COMPLETIONS_ABOUT,
  COMPLETIONS_USAGE,
} from "./setup/completions_flags.ts";
import {
  EXPLAIN_ABOUT,
  EXPLAIN_FLAGS,
  EXPLAIN_USAGE,
} from "./control/explain_flags.ts";
import { CONTROL_COMMANDS } from "./control/control.ts";
import { hasFlag } from "../terminal/flags.ts";
import {
  IMPORT_ABOUT,
  IMPORT_FLAGS,
  IMPORT_USAGE,
} from "./setup/import_flags.ts";
import { print, printError } from "../terminal/output.ts";
import { BENCH_COMMAND } from "./client/bench_flags.ts";
import { CONFIG_COMMAND } from "./setup/config.ts";
import { listenerHelp } from "../config/listeners/help.ts";
import {
  PASSWD_ABOUT,
  PASSWD_FLAGS,
  PASSWD_USAGE,
} from "./setup/passwd_flags.ts";
import { PUB_COMMAND } from "./client/pub_flags.ts";
import { SERVICE } from "./service/flags.ts";
import { CHECK_FLAGS, START_FLAGS } from "../config/flags.ts";
import { STORE } from "./store/store.ts";
import { SUB_COMMAND } from "./client/sub_flags.ts";
import { TLS } from "./tls/tls.ts";
import { version } from "../terminal/version.ts";

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

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["start", START],
  ["check", {
    summary: "look whether the configuration is right, with what it names",
    usage: "check [FLAGS]",
    about:
      "Reads everything that the broker would with the same flags, environment and configuration file, and shows " +
      "each fault with file, line and column, what is allowed, and what was probably meant. Ends with status 0 if " +
      "all is well, else with 1.",
    flags: CHECK_FLAGS,
    more: listenerHelp,
    run: async (args) => (await import("./setup/check.ts")).check(args),
  }],
  ["config", CONFIG_COMMAND],
  ["store", STORE],
  ["passwd", {
    summary: "add a user to a password file, or change a user's password",
    usage: PASSWD_USAGE,
    about: PASSWD_ABOUT,
    flags: PASSWD_FLAGS,
    run: async (args) => (await import("./setup/passwd.ts")).passwd(args),
  }],
  ["tls", TLS],
  ["explain", {
    summary: "say who may publish or subscribe to a topic, and by which rule",
    usage: EXPLAIN_USAGE,
    about: EXPLAIN_ABOUT,
    flags: EXPLAIN_FLAGS,
    run: async (args) => (await import("./control/explain.ts")).explain(args),
  }],
  ["import", {
    summary: "make a configuration of mosquitto's",
    usage: IMPORT_USAGE,
    about: IMPORT_ABOUT,
    flags: IMPORT_FLAGS,
    run: async (args) =>
      (await import("./setup/import.ts")).importConfiguration(args),
  }],
  ...CONTROL_COMMANDS,
  ["service", SERVICE],
  ["pub", PUB_COMMAND],
  ["sub", SUB_COMMAND],
  ["bench", BENCH_COMMAND],
  ["completions", {
    summary: "write what completes commands and flags in a shell",
    usage: COMPLETIONS_USAGE,
    about: COMPLETIONS_ABOUT,
    flags: [],
    run: async (args) =>
      (await import("./setup/completions.ts")).completions(args, COMMANDS),
  }],
  ["help", {
    summary: "show this text, or with the name of a command that command's",
    usage: "help [COMMAND]",
    flags: [],
    run: showHelp,
  }],
  ["version", {
    summary: "show the version",
    usage: "version",
    flags: [],
    run: version,
  }],
]);

/**
 * Does what the arguments say and returns the exit status, one of `EXIT`. Never rejects: what goes wrong
 * is told on standard error, in one sentence where the user can do something about it.
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    if (error instanceof StartError) {
      printError(`${error.message}\n`);
      return error.exitStatus;
    }
    printError(
      `Internal error: ${
        error instanceof Error ? error.stack ?? error.message : String(error)
      }\n`,
    );
    return EXIT.internal;
  }
}

function dispatch(all: readonly string[]): Promise<number> {
  // Who is used to npm writes `deno task start -- --flag`, and the task hands the `--` on.
  const args = all[0] === "--" ? all.slice(1) : all;
  const first = args[0];
  const isNamed = first !== undefined && !first.startsWith("-");
  const [command, rest] = find(isNamed ? args : ["start", ...args]);
  // To some it names the host.
  const isLetterTaken = command.flags.some(({ short }) => short === "h");
  if (hasFlag(rest, "--help", ...(isLetterTaken ? [] : ["-h"]))) {
    print(commandHelp(command));
    return Promise.resolve(EXIT.ok);
  }
  return hasFlag(rest, "--version") ? version() : command.run(rest);
}

function find(args: readonly string[]): [Command, readonly string[]] {
  const [name = "", ...rest] = args;
  return followCommand(findCommand(COMMANDS, name, "command"), name, rest);
}

function showHelp(args: readonly string[]): Promise<number> {
  print(args[0] === undefined ? overview() : commandHelp(find(args)[0]));
  return Promise.resolve(EXIT.ok);
}

function overview(): string {
  return `Usage: mailboxqtt [COMMAND] [FLAGS]\n\nAn MQTT broker.\n\nCommands:\n${
    summaries(COMMANDS)
  }\n${commandHelp(START)}`;
}
