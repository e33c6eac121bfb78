// The command line: finds the command that the arguments name and reports its errors. Read ../daemon/start.ts next (the
// command that runs the broker), then ../config/options.ts (where its settings come from).

import { EXIT, StartError } from "../core/errors.ts";
import { commandHelp } from "../terminal/command.ts";
import { hasFlag } from "../terminal/flags.ts";
import { print, printError } from "../terminal/output.ts";
import { version } from "../terminal/version.ts";
import { COMMANDS } from "./commands.ts";
import { find } from "./help.ts";

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
  const [command, rest] = find(
    isNamed ? args : ["start", ...args],
    COMMANDS,
  );
  // To some it names the host.
  const isLetterTaken = command.flags.some(({ short }) => short === "h");
  if (hasFlag(rest, "--help", ...(isLetterTaken ? [] : ["-h"]))) {
    print(commandHelp(command));
    return Promise.resolve(EXIT.ok);
  }
  return hasFlag(rest, "--version") ? version() : command.run(rest);
}
