import type { RuleSet } from "../../auth/rules/set.ts";
import { EXIT } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import { ask } from "./flags.ts";
import { defaultLimits } from "../../config/default_limits.ts";
import { processVariables } from "../../config/environment.ts";
import {
  type ExplainAnswer,
  explainAnswer,
} from "../../daemon/explain_answer.ts";
import { EXPLAIN_FLAGS, EXPLAIN_USAGE } from "./explain_flags.ts";
import { faultsError } from "../../config/given/fault.ts";
import {
  type ParsedFlags,
  parseFlags,
  usageError,
} from "../../terminal/flags.ts";
import { Given } from "../../config/given/given.ts";
import { loadSettings } from "../../config/load.ts";
import { print } from "../../terminal/output.ts";
import { readRules } from "./rules_file.ts";

const ACTIONS = ["publish", "subscribe", "receive"] as const;

/** The command `explain`. */
export async function explain(args: readonly string[]): Promise<number> {
  const parsed = parseFlags(args, EXPLAIN_FLAGS, 2);
  const { operands, values } = parsed;
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
  const question = { user: values.get("user")?.[0], clientId, action, topic };
  const { allowed, text } = parsed.switches.has("live")
    ? await ask(parsed, "explain", question) as ExplainAnswer
    : explainAnswer(await rulesOf(parsed), question);
  print(`${text}\n`);
  return allowed ? EXIT.ok : EXIT.failed;
}

/** The rules of the file that a flag names, or else of the one that the configuration does. */
async function rulesOf({ values }: ParsedFlags): Promise<RuleSet | undefined> {
  const named = values.get("rules")?.[0];
  if (named !== undefined) return await readRules(named);
  const outcome = await loadSettings({
    flags: new Given(),
    config: values.get("config")?.[0],
    variables: processVariables(),
    limits: defaultLimits(),
  });
  if (outcome.settings === undefined) throw faultsError(outcome.faults);
  const { rules } = outcome.settings;
  return rules === undefined ? undefined : await readRules(rules);
}
