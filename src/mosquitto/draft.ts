import type { Directive } from "./lines.ts";

/** What becomes of an option. */
export type Verdict =
  /** It means the same here. */
  | "taken over"
  /** It is there, but means something a little different. */
  | "changed"
  /** The broker does without. */
  | "not needed"
  /** There is nothing like it. */
  | "not supported"
  /** Somebody must look after it before the broker can start. */
  | "put right";

/** A line of the table. */
export interface ImportRow {
  /** The file and line. */
  readonly place: string;
  /** The option, with its value unless that may be secret. */
  readonly option: string;
  /** What becomes of it. */
  readonly verdict: Verdict;
  /** How, why, or what instead. */
  readonly text: string;
}

/** A value in a configuration file. */
export type DraftValue = string | number | boolean | readonly string[];

/** A section of a configuration file. */
export type DraftSection = Map<string, DraftValue>;

/** The options whose values are shown nowhere. */
const SECRET = /pass|psk|_opt_/;

/** A configuration that comes about, and what is said on the way. */
export class ImportDraft {
  /** The table. */
  readonly rows: ImportRow[] = [];
  /** Keys that are in no section. */
  readonly top: DraftSection = new Map();
  /** The keys of `[limits]`. */
  readonly limits: DraftSection = new Map();
  /** The keys of `[log]`. */
  readonly log: DraftSection = new Map();
  /** Each `[[listener]]`. */
  readonly listeners: DraftSection[] = [];
  /** What is said in comments. */
  readonly comments: string[] = [];

  /** Says what becomes of an option. */
  note(directive: Directive, verdict: Verdict, text: string): void {
    const { file, line, name, value } = directive;
    const isShown = value !== "" && !SECRET.test(name) ||
      name === "password_file";
    const option = isShown ? `${name} ${value}` : name;
    this.rows.push({ place: `${file}:${line}`, option, verdict, text });
  }
}

/** A key and its value as they stand in a configuration file. */
export function keyText(name: string, value: DraftValue): string {
  const text = typeof value === "object"
    ? `[${value.map(quoted).join(", ")}]`
    : typeof value === "string"
    ? quoted(value)
    : String(value);
  return `${name} = ${text}`;
}

/** A text in quotes: as in JSON, but for one character that TOML takes as \u007F alone. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007F");
}

/** The configuration file. */
export function draftText(
  { top, limits, log, listeners, comments }: ImportDraft,
): string {
  const section = (heading: string, keys: DraftSection) =>
    keys.size === 0
      ? []
      : [[heading, ...[...keys].map(([name, value]) => keyText(name, value))]];
  const parts = [
    comments.map((comment) => `# ${withoutControls(comment)}`),
    [...top].map(([name, value]) => keyText(name, value)),
    ...section("[log]", log),
    ...section("[limits]", limits),
    ...listeners.flatMap((keys) => section("[[listener]]", keys)),
  ];
  return parts.filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function withoutControls(text: string): string {
  // deno-lint-ignore no-control-regex -- to find them is what it is for
  return text.replaceAll(/[\x00-\x1f\x7f]/g, "?");
}
