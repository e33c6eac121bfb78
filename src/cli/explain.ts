import { EXIT } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { explainAnswer } from "./explain_answer.ts";
import { EXPLAIN_FLAGS, EXPLAIN_USAGE } from "./explain_flags.ts";
import { parseFlags, usageError } from "./flags.ts";

import { print } from "./output.ts";
import { readRules } from "./rules_file.ts";

const ACTIONS = ["publish", "subscribe", "receive"] as const;

/** The command `explain`. */
export async function explain(args: readonly string[]): Promise<number> {
  const { operands, values } = parseFlags(args, EXPLAIN_FLAGS, 2);
  const [word, topic] = operands;
  if (word === undefined || topic === undefined) {
    throw usageError(
      `Say what is to be done with which topic: mailboxqtt ${EXPLAIN_USAGE}`,
    );
  }
  const action = ACTIONS.find((one) => one === word);
  if (action === undefined) {
    const guess = nearest(word, ACTIONS);
    throw usageError(
      `Cannot explain ${JSON.stringify(word)}: ${
        guess === undefined
          ? "publish, subscribe and receive can be"
          : `did you mean ${guess}?`
      }`,
    );
  }
  const clientId = values.get("client")?.[0];
  if (clientId === undefined) {
    throw usageError(
      "Flag --client is missing: rules may ask for the client identifier",
    );
  }
  const acl = values.get("acl")?.[0];
  const { allowed, text } = explainAnswer(
    acl === undefined ? undefined : await readRules(acl),
    { user: values.get("user")?.[0], clientId, action, topic },
  );
  print(`${text}\n`);
  return allowed ? EXIT.ok : EXIT.failed;
}
