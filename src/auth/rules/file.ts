import { nearest } from "../../core/nearest.ts";
import { filterFault } from "./filter_fault.ts";
import { readText, type RuleFault } from "./text.ts";

/** What a rule allows; `deny` forbids both. */
export type RuleAccess = "read" | "write" | "readwrite" | "deny";

/** For whom rules hold. */
export type Subject =
  | { readonly kind: "anonymous" | "everybody" }
  | { readonly kind: "user" | "group"; readonly name: string };

/** One rule: a line `topic ...` or `pattern ...`. */
export interface Rule {
  /** Its line, from 1. */
  readonly line: number;
  /** The line as it stands there, without white space around it. */
  readonly text: string;
  /** For whom it holds: `everybody` for a pattern. */
  readonly subject: Subject;
  /** What it allows. */
  readonly access: RuleAccess;
  /** For which topics. In a pattern, levels `%c` and `%u` stand for the client identifier and the user's name. */
  readonly filter: string;
}

/** What a file of rules says. */
export interface RuleFile {
  /** The file's name, for sentences. */
  readonly path: string;
  /** The rules in the order of their lines. */
  readonly rules: readonly Rule[];
  /** The groups, by name, with their members. */
  readonly groups: ReadonlyMap<string, Group>;
  /** The names of users that have a `user` line. */
  readonly users: ReadonlySet<string>;
  /** All that is wrong. A file with faults is refused whole. */
  readonly faults: readonly RuleFault[];
}

/** A group of users. */
export interface Group {
  /** The line that names it first. */
  readonly line: number;
  /** Its users' names. */
  readonly members: ReadonlySet<string>;
}

const KEYWORDS = ["user", "topic", "pattern", "group", "member"] as const;
const ACCESSES: readonly RuleAccess[] = ["read", "write", "readwrite", "deny"];

/** Faults that are told, and one more that says so: a file that is something else entirely has one on each line. */
const MOST_FAULTS = 100;

const ANONYMOUS: Subject = { kind: "anonymous" };
const EVERYBODY: Subject = { kind: "everybody" };

/** A part of a line and where it begins, in characters from 1. */
interface Part {
  readonly text: string;
  readonly column: number;
}

/**
 * Reads a file of access rules. The format is mosquitto's: `topic [read|write|readwrite|deny] FILTER` holds for the
 * user of the last `user NAME` line, and for anonymous clients where there is none before it; `pattern` with the same
 * words holds for everybody. Ours are `group NAME`, below which `member USER` lines say who is in it and `topic` lines
 * what its members may do. Lines that begin with `#` and empty ones mean nothing; words are separated by spaces, and
 * all behind the last word that means something is one name or topic, spaces and all.
 *
 * Never throws. Where mosquitto would take a line for something that hardly anybody means (a topic named `deny`, a `%u`
 * outside of a pattern), that is a fault.
 */
export function parseRuleFile(bytes: Uint8Array, path: string): RuleFile {
  return new Reader(path).read(bytes);
}

class Reader {
  readonly #path: string;
  readonly #rules: Rule[] = [];
  readonly #groups = new Map<
    string,
    { readonly line: number; readonly members: Set<string> }
  >();
  readonly #users = new Set<string>();
  readonly #faults: RuleFault[] = [];
  #subject: Subject = ANONYMOUS;
  #line = 0;

  constructor(path: string) {
    this.#path = path;
  }

  read(bytes: Uint8Array): RuleFile {
    const text = readText(bytes);
    if (typeof text !== "string") this.#faults.push(text);
    else {
      for (const line of text.split("\n")) {
        this.#line++;
        if (this.#faults.length > MOST_FAULTS) break;
        this.#readLine(line);
      }
    }
    if (this.#faults.length > MOST_FAULTS) {
      this.#faults.length = MOST_FAULTS;
      this.#fault(1, "there are more faults than are told");
    }
    return {
      path: this.#path,
      rules: this.#rules,
      groups: this.#groups,
      users: this.#users,
      faults: this.#faults,
    };
  }

  #readLine(line: string): void {
    const trimmed = trim({ text: line, column: 1 });
    const [keyword, rest] = cut(trimmed);
    if (keyword.text === "" || keyword.text.startsWith("#")) return;
    const control = controlCharacter(line);
    if (control !== undefined) {
      this.#faults.push({ line: this.#line, ...control });
      return;
    }
    switch (keyword.text) {
      case "topic":
        return this.#readRule(trimmed.text, keyword, rest, this.#subject);
      case "pattern":
        return this.#readRule(trimmed.text, keyword, rest, EVERYBODY);
      case "user":
        if (!this.#isNamed(keyword, rest)) return;
        this.#users.add(rest.text);
        this.#subject = { kind: "user", name: rest.text };
        return;
      case "group":
        if (!this.#isNamed(keyword, rest)) return;
        this.#subject = { kind: "group", name: rest.text };
        if (!this.#groups.has(rest.text)) {
          this.#groups.set(rest.text, {
            line: this.#line,
            members: new Set(),
          });
        }
        return;
      case "member":
        return this.#readMember(keyword, rest);
      default:
        this.#unknown(keyword);
    }
  }

  #readMember(keyword: Part, name: Part): void {
    if (!this.#isNamed(keyword, name)) return;
    if (this.#subject.kind !== "group") {
      this.#fault(
        keyword.column,
        "member is not within a group",
        'write it below a line "group NAME", before the next user line',
      );
      return;
    }
    this.#groups.get(this.#subject.name)!.members.add(name.text);
  }

  #readRule(text: string, keyword: Part, rest: Part, subject: Subject): void {
    const split = this.#readAccess(keyword, rest);
    if (split === undefined) return;
    const [access, filter] = split;
    const fault = filterFault(filter.text, keyword.text === "pattern");
    if (fault !== undefined) {
      const { at, message, hint } = fault;
      this.#fault(filter.column + at, message, hint);
      return;
    }
    this.#rules.push({
      line: this.#line,
      text,
      subject,
      access,
      filter: filter.text,
    });
  }

  /** What a rule allows, and its filter. */
  #readAccess(keyword: Part, rest: Part): [RuleAccess, Part] | undefined {
    const [word, filter] = cut(rest);
    const access = ACCESSES.find((one) => one === word.text);
    if (access !== undefined && filter.text !== "") return [access, filter];
    if (word.text === "") {
      this.#fault(
        keyword.column,
        `${keyword.text} names no topic`,
        `write it as ${keyword.text} read plant/#`,
      );
    } else if (access !== undefined) {
      this.#fault(
        word.column,
        `no topic stands behind ${access}`,
        `write it as ${keyword.text} ${access} plant/#, or ${keyword.text} readwrite ${access} for a topic of that name`,
      );
    } else if (filter.text !== "") {
      const guess = nearest(word.text, ACCESSES);
      const words = `${quote(word.text)} is not read, write, readwrite or deny`;
      this.#fault(
        word.column,
        words,
        guess === undefined
          ? `before a topic with spaces must stand what is allowed: ${keyword.text} readwrite ${rest.text}`
          : `did you mean ${guess}?`,
      );
    } else return ["readwrite", rest];
    return undefined;
  }

  #isNamed(keyword: Part, name: Part): boolean {
    if (name.text === "") {
      this.#fault(
        keyword.column,
        `${keyword.text} names nobody`,
        `write it as ${keyword.text} NAME`,
      );
    }
    return name.text !== "";
  }

  #unknown({ text, column }: Part): void {
    const guess = nearest(text, KEYWORDS);
    this.#fault(
      column,
      `unknown word ${quote(text)}`,
      guess === undefined
        ? `a line begins with ${KEYWORDS.join(", ")} or #`
        : `did you mean ${guess}?`,
    );
  }

  #fault(column: number, message: string, hint?: string): void {
    this.#faults.push({
      line: this.#line,
      column,
      message,
      ...(hint !== undefined && { hint }),
    });
  }
}

/**
 * A part without white space around it: that of ASCII, as in mosquitto. A name may begin with another kind of space, and
 * is not to be taken for the name without it.
 */
function trim({ text, column }: Part): Part {
  const start = text.replace(/^[ \t-\r]+/, "");
  return {
    text: trimEnd(start),
    column: column + text.length - start.length,
  };
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && " \t\n\v\f\r".includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** The first word of a trimmed part, and the rest. */
function cut(part: Part): [Part, Part] {
  const space = part.text.indexOf(" ");
  if (space < 0) return [part, { text: "", column: part.column }];
  return [
    { text: part.text.slice(0, space), column: part.column },
    trim({ text: part.text.slice(space), column: part.column + space }),
  ];
}

/** Where a line has a character that nobody means, and which, if it has one. */
function controlCharacter(
  line: string,
): Pick<RuleFault, "column" | "message" | "hint"> | undefined {
  // deno-lint-ignore no-control-regex -- to find them is what it is for
  const at = trimEnd(line).search(/[\u0000-\u001F\u007F-\u009F]/);
  if (at < 0) return undefined;
  const column = at + 1;
  switch (line[at]) {
    case "\t":
      return {
        column,
        message: "a tab stands here",
        hint: "write a space",
      };
    case "\0":
      return {
        column,
        message: "a character with the code 0 stands here",
        hint: "save the file as UTF-8, if it is UTF-16",
      };
    default:
      return { column, message: "a control character stands here" };
  }
}

/** What somebody wrote, on one line and not too long. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
