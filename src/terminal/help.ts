import type { FlagInfo } from "./flags.ts";

/** Columns of a terminal that a help text fills at most. */
const WIDTH = 100;

/** The flags that every command has. */
export const COMMON_FLAGS: readonly FlagInfo[] = [
  { name: "help", help: "show this text and end" },
  { name: "version", help: "show the version and end" },
];

/** What flags there are, each under its heading. */
export function flagsHelp(flags: readonly FlagInfo[]): string {
  const groups = Map.groupBy(
    [...flags, ...COMMON_FLAGS],
    (flag) => flag.group ?? "Flags",
  );
  let text = "";
  for (const [heading, members] of groups) {
    const rows = members.map((flag) =>
      [flagTitle(flag), flagText(flag)] as const
    );
    text += `\n${heading}:\n${table(rows)}`;
  }
  return text;
}

/** Rows of two columns, the second wrapped: `  --flag VALUE  what it does`. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([title]) => title.length)) + 4;
  return rows.map(([title, text]) =>
    wrap(text, `  ${title}`.padEnd(width), " ".repeat(width)) + "\n"
  )
    .join("");
}

function flagTitle({ name, short, value }: FlagInfo): string {
  const all = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? all : `${all} ${value}`;
}

function flagText({ help, defaultText }: FlagInfo): string {
  return defaultText === undefined ? help : `${help} (default: ${defaultText})`;
}

/** Breaks a text into lines that fit a terminal, behind `first`, and from the second on behind `others`. */
export function wrap(text: string, first = "", others = ""): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = others;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join("\n");
}
