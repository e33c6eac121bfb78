import {
  isReservedTopic,
  RESERVED_REASON,
} from "../../router/topics/filter.ts";
import { nameFault } from "./names.ts";
import type { Rule, RuleFile } from "./file.ts";
import type { Layer, Verdict } from "./layers.ts";
import type { Names } from "./tree.ts";

/** Whose rights they are, and what they follow from. */
export interface RightsBasis {
  /** The file of the rules. */
  readonly file: RuleFile;
  /** The user; `undefined` for an anonymous client. */
  readonly user: string | undefined;
  /** The client identifier; `undefined` where no rule asks for it, and the rights are those of several clients. */
  readonly clientId: string | undefined;
  /** What stands for `%c` and `%u`. */
  readonly names: Names;
  /** The rules that hold for it, in the order in which they are asked. */
  readonly layers: readonly Layer[];
  /** A pattern that forbids and does not know what, because of the client's names: no pattern allows anything then. */
  readonly closing: Rule | undefined;
}

/** What rules are asked about. */
export type RightsAction = "publish" | "receive" | "subscribe";

/** What is asked. */
export interface RightsQuestion {
  /** What is to be done. */
  readonly action: RightsAction;
  /** With which topic, or topic filter for `subscribe`. */
  readonly topic: string;
}

/** An answer, and why it is that one. */
export interface Decision {
  /** Whether it is allowed. */
  readonly allowed: boolean;
  /** The rule that decided; none where no rule speaks of the topic. */
  readonly rule?: {
    /** The file that it is from. */
    readonly file: string;
    /** Its line, from 1. */
    readonly line: number;
    /** The line as it stands there. */
    readonly text: string;
  };
  /** Why: lower case, no full stop. */
  readonly reason: string;
  /** What would have to be done so that it is allowed; left out where it is, or never can be. */
  readonly needed?: string;
  /** What a client may know of it, such as in a reason string of MQTT 5.0: nothing of what the rules say. */
  readonly brief: string;
}

const DONE = {
  publish: "publish to",
  receive: "receive",
  subscribe: "subscribe to",
} as const;

/** Says why the rules say what they say. */
export function decisionOf(
  basis: RightsBasis,
  { allowed, rule }: Verdict,
  question: RightsQuestion,
): Decision {
  const { path } = basis.file;
  const cited = rule && { file: path, line: rule.line, text: rule.text };
  if (allowed && rule !== undefined) {
    const part =
      question.action === "subscribe" && rule.filter !== question.topic
        ? "; of what it matches that is delivered which may be received"
        : "";
    return {
      allowed,
      rule: cited!,
      reason: `${cite(basis, rule)} allows it${part}`,
      brief: "The access rules allow it",
    };
  }
  if (question.action === "publish" && isReservedTopic(question.topic)) {
    return {
      allowed,
      reason: RESERVED_REASON,
      brief: "The topic is the broker's own",
    };
  }
  const odd = oddNames(basis);
  const reason = rule === undefined
    ? `no rule in ${path} for ${whom(basis)} speaks of it`
    : `${cite(basis, rule)} forbids it`;
  return {
    allowed,
    ...(cited && { rule: cited }),
    reason: odd === undefined ? reason : `${reason}; ${odd}`,
    needed: neededFor(basis, rule, question),
    brief: "The access rules do not allow it",
  };
}

/** The whole sentence for a log. */
export function sentenceOf(
  basis: RightsBasis,
  { allowed, reason, needed }: Decision,
  { action, topic }: RightsQuestion,
): string {
  const may = allowed ? "may" : "may not";
  const sentence = `${name(basis)} ${may} ${DONE[action]} ${
    quote(topic)
  }: ${reason}`;
  return needed === undefined
    ? sentence
    : `${sentence}; to allow it, ${needed}`;
}

/** A rule as it is named within a sentence. */
function cite({ file }: RightsBasis, { line, text, subject }: Rule): string {
  const where = subject.kind === "user" || subject.kind === "group"
    ? ` below ${quote(`${subject.kind} ${subject.name}`)}`
    : "";
  return `${quote(text)}${where} (${file.path}:${line})`;
}

function neededFor(
  { file, user }: RightsBasis,
  rule: Rule | undefined,
  { action, topic }: RightsQuestion,
): string {
  const access = action === "publish" ? "write" : "read";
  const line = quote(`topic ${access} ${topic}`);
  const place = user === undefined
    ? `above the first user or group line of ${file.path}`
    : file.users.has(user)
    ? `below ${quote(`user ${user}`)} in ${file.path}`
    : `below a new line ${quote(`user ${user}`)} at the end of ${file.path}`;
  const isOwn = rule?.subject.kind === "user" ||
    rule?.subject.kind === "anonymous";
  return isOwn
    ? `take away or narrow down line ${rule.line}, and if nothing else allows it add ${line} ${place}`
    : `add ${line} ${place}`;
}

/** Whose names keep patterns from saying anything, if they do. */
function oddNames(
  { file, user, clientId, closing }: RightsBasis,
): string | undefined {
  const isUsed = (place: string) =>
    file.rules.some(({ subject, filter }) =>
      subject.kind === "everybody" && filter.split("/").includes(place)
    );
  const faults = [
    isUsed("%c") && sentence("client identifier", clientId),
    isUsed("%u") && sentence("user's name", user),
  ].filter((one) => typeof one === "string");
  if (closing !== undefined) {
    const why = faults[0] ?? "one of the names begins with $";
    return `patterns allow nothing here, since what ${
      quote(closing.text)
    } (${file.path}:${closing.line}) forbids cannot be told: ${why}`;
  }
  return faults.length === 0
    ? undefined
    : `patterns with that name do not hold, since ${faults.join(" and ")}`;
}

function sentence(
  what: string,
  value: string | undefined,
): string | undefined {
  const fault = value === undefined ? undefined : nameFault(value);
  return fault === undefined ? undefined : `the ${what} ${fault}`;
}

function name({ user, clientId }: RightsBasis): string {
  if (user !== undefined) return `user ${quote(user)}`;
  return clientId === undefined
    ? "an anonymous client"
    : `the anonymous client ${quote(clientId)}`;
}

function whom({ user }: RightsBasis): string {
  return user === undefined ? "anonymous clients" : `user ${quote(user)}`;
}

/** What clients or files say, on one line and not too long. */
function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
