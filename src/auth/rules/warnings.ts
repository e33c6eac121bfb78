import {
  BRIDGE_STATE,
  isReservedTopic,
  RESERVED_REASON,
} from "../../router/topics/filter.ts";
import { enter, judgeFilter, noRules } from "./layers.ts";
import type { Rule, RuleFile, Subject } from "./file.ts";
import type { RuleFault } from "./text.ts";
import { RuleTree } from "./tree.ts";

/** Stand for themselves, so that patterns can be held against each other. */
const NAMES = { client: "%c", user: "%u" };

/** What is odd in a file of rules without faults: nothing that keeps it from being used, but hardly meant so. */
export function ruleWarnings({ rules, groups }: RuleFile): RuleFault[] {
  const warnings: RuleFault[] = [];
  for (const [name, { line, members }] of groups) {
    if (members.size > 0) continue;
    warnings.push({
      line,
      column: 1,
      message: `group ${JSON.stringify(name)} has no members`,
      hint: 'write "member NAME" below it, once for each user',
    });
  }
  for (const ofOne of Map.groupBy(rules, subjectKey).values()) {
    warnings.push(...warningsOf(ofOne));
  }
  return warnings.sort((one, other) => one.line - other.line);
}

function subjectKey({ subject }: Rule): string {
  return `${subject.kind} ${nameOf(subject)}`;
}

function nameOf(subject: Subject): string {
  return "name" in subject ? subject.name : "";
}

/** What is odd in the rules for one subject. */
function* warningsOf(rules: readonly Rule[]): Generator<RuleFault> {
  const book = noRules();
  for (const rule of rules) enter(rule, book);
  const seen = new Map<string, Rule>();
  for (const rule of rules) {
    const { line, access, filter, subject } = rule;
    const first = seen.get(`${access} ${filter}`);
    seen.set(`${access} ${filter}`, first ?? rule);
    const warning = first !== undefined
      ? { message: `the same stands on line ${first.line}` }
      : access !== "deny" && isForbidden(rule, book.denials)
      ? {
        message: "it never holds, since deny rules forbid all of it",
        hint: "what is forbidden goes before what is allowed",
      }
      : subject.kind === "everybody" && !/%[cu]/.test(filter)
      ? {
        message: "the pattern has neither %c nor %u: it holds for everybody",
      }
      : warningOfPlace(rule);
    if (warning !== undefined) yield { line, column: 1, ...warning };
  }
}

/** What is odd in a rule because of where its topics are. */
function warningOfPlace(
  rule: Rule,
): Pick<RuleFault, "message" | "hint"> | undefined {
  const { access, filter, subject } = rule;
  if (filter.startsWith("$share/")) {
    return {
      message: "it never holds, since no topic begins with $share/",
      hint: "leave $share and the group's name away",
    };
  }
  const mayWrite = access === "write" || access === "readwrite";
  if (mayWrite && isReservedTopic(filter) && !reachesBridgeState(rule)) {
    return {
      message: `no client may publish there: ${RESERVED_REASON}`,
      ...(access === "readwrite" &&
        {
          hint: `write ${
            subject.kind === "everybody" ? "pattern" : "topic"
          } read`,
        }),
    };
  }
  return undefined;
}

/** Whether a rule speaks of the topics below `$SYS` that bridges of mosquitto publish to. */
function reachesBridgeState(rule: Rule): boolean {
  const tree = new RuleTree();
  tree.add(rule);
  const options = { wanted: () => true, longest: 0 };
  const { done } = tree.overlaps(BRIDGE_STATE.split("/"), NAMES, options)
    .next();
  return !done;
}

/** Whether all that a rule allows is forbidden. */
function isForbidden(rule: Rule, denials: RuleTree): boolean {
  const grants = new RuleTree();
  grants.add({ ...rule, access: "read" });
  const layer = { denials: [denials], grants: [grants] };
  return !judgeFilter([layer], NAMES, rule.filter).allowed;
}
