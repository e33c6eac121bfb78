import { EXIT } from "../../core/errors.ts";
import { ask, ASK_FLAGS } from "./flags.ts";
import { parseFlags, usageError } from "../../terminal/flags.ts";
import { print } from "../../terminal/output.ts";

/** What a command of this file asks the broker for. */
export interface ControlAction {
  /** The command, as it is typed. */
  readonly name: string;
  /** What it asks for. */
  readonly command: string;
  /** The names of its operands, as the request has them. */
  readonly operands: readonly string[];
}

/** Commands that ask for one thing, and say the sentence that comes back. */
export const CONTROL_ACTIONS = {
  disconnect: {
    name: "disconnect",
    command: "disconnect",
    operands: ["clientId"],
  },
  adopt: {
    name: "session adopt",
    command: "adopt",
    operands: ["clientId", "user"],
  },
  delete: {
    name: "session delete",
    command: "delete",
    operands: ["clientId"],
  },
  reload: { name: "reload", command: "reload", operands: [] },
  logLevel: {
    name: "log-level",
    command: "log-level",
    operands: ["level"],
  },
} as const satisfies Readonly<Record<string, ControlAction>>;

/** Does what one of these commands says. */
export async function controlAction(
  { name, command, operands }: ControlAction,
  args: readonly string[],
): Promise<number> {
  const given = parseFlags(args, ASK_FLAGS, operands.length);
  const missing = operands[given.operands.length];
  if (missing !== undefined) {
    throw usageError(`Command ${name} needs ${OPERAND_NAMES[missing]}`);
  }
  const request = Object.fromEntries(
    operands.map((operand, at) => [operand, given.operands[at]]),
  );
  print(`${await ask(given, command, request)}\n`);
  return EXIT.ok;
}

const OPERAND_NAMES: Readonly<Record<string, string>> = {
  clientId: "a client identifier",
  user: "the name of a user behind the client identifier",
  level: "a level: debug, info, warn or error",
};
