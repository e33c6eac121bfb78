import type { RightsAction } from "../auth/rules/explain.ts";
import type { RuleSet } from "../auth/rules/set.ts";
import {
  isReservedTopic,
  isValidTopicFilter,
  isValidTopicName,
  parseSharedFilter,
  RESERVED_REASON,
} from "../router/topics/filter.ts";

/** What is to be explained. */
export interface ExplainQuestion {
  /** The user; `undefined` for an anonymous client. */
  readonly user: string | undefined;
  /** The client identifier. */
  readonly clientId: string;
  /** What is to be done. */
  readonly action: RightsAction;
  /** With which topic; for `subscribe` a topic filter, with or without `$share/GROUP/`. */
  readonly topic: string;
}

/** The answer. */
export interface ExplainAnswer {
  /** Whether it is allowed. */
  readonly allowed: boolean;
  /** Why, in a sentence that begins with `Allowed` or `Refused`. */
  readonly text: string;
}

/** Answers by the rules in force, if there are any. */
export function explainAnswer(
  rules: RuleSet | undefined,
  { user, clientId, action, topic }: ExplainQuestion,
): ExplainAnswer {
  const filter = filterOf(action, topic);
  if (filter === undefined) {
    const kind = action === "subscribe" ? "topic filter" : "topic name";
    return refused(`${JSON.stringify(topic)} is no valid ${kind}`);
  }
  const rights = rules?.rightsOf(user, clientId);
  if (rights !== undefined) {
    const { allowed } = rights.decide(action, filter);
    const sentence = rights.explain(action, filter);
    return allowed ? granted(sentence) : refused(sentence);
  }
  return action === "publish" && isReservedTopic(topic)
    ? refused(RESERVED_REASON)
    : granted("no access rules are set, so that all clients may do everything");
}

function granted(reason: string): ExplainAnswer {
  return { allowed: true, text: `Allowed: ${reason}` };
}

function refused(reason: string): ExplainAnswer {
  return { allowed: false, text: `Refused: ${reason}` };
}

/** What the rules are asked about; `undefined` for what no client may send at all. */
function filterOf(action: RightsAction, topic: string): string | undefined {
  if (action !== "subscribe") {
    return isValidTopicName(topic) ? topic : undefined;
  }
  const shared = parseSharedFilter(topic);
  if (shared === "invalid" || !isValidTopicFilter(topic)) return undefined;
  return shared?.filter ?? topic;
}
