import { naiveMatches } from "../support/topic_arbitraries.ts";

/** Where bridges of mosquitto may publish below `$SYS`. */
const BRIDGE_STATE = /^\$SYS\/broker\/connection\/[^/]*\/state$/;

/** A rule as it is generated. */
export interface NaiveRule {
  /** `topic`, in the place where it stands, or `pattern`. */
  readonly keyword: "topic" | "pattern";
  /** What it allows. */
  readonly access: "read" | "write" | "readwrite" | "deny";
  /** Of what. */
  readonly filter: string;
}

/** A file of rules as it is generated: below which line its rules stand. */
export interface NaiveSection {
  /** The line that begins it: none, a user's or a group's. */
  readonly heading: { readonly user: string } | {
    readonly group: string;
    readonly members: readonly string[];
  } | undefined;
  /** The rules below it. */
  readonly rules: readonly NaiveRule[];
}

/** Who asks. */
export interface Asker {
  /** The user, if it is one. */
  readonly user: string | undefined;
  /** The client identifier. */
  readonly client: string;
}

/** The file's text. */
export function textOf(sections: readonly NaiveSection[]): string {
  return sections.map(({ heading, rules }) => {
    const first = heading === undefined
      ? []
      : "user" in heading
      ? [`user ${heading.user}`]
      : [
        `group ${heading.group}`,
        ...heading.members.map((name) => `member ${name}`),
      ];
    const lines = rules.map(({ keyword, access, filter }) =>
      `${keyword} ${access} ${filter}`
    );
    return [...first, ...lines, ""].join("\n");
  }).join("\n");
}

/**
 * Whether a topic may be read or written, in the words of mosquitto's documentation: deny topics first, patterns for all
 * users, what is not listed is refused; with groups between a user's own rules and patterns.
 */
export function naiveMay(
  sections: readonly NaiveSection[],
  { user, client }: Asker,
  { access, topic }: {
    readonly access: "read" | "write";
    readonly topic: string;
  },
): boolean {
  const [first] = topic.split("/");
  const isReserved = ["$SYS", "$CONTROL", "$share"].includes(first!);
  if (access === "write" && isReserved && !BRIDGE_STATE.test(topic)) {
    return false;
  }
  const topicsOf = (holds: (section: NaiveSection) => boolean) =>
    sections.filter(holds).flatMap(({ rules }) => rules)
      .filter(({ keyword }) => keyword === "topic");
  const own = topicsOf(({ heading }) =>
    heading === undefined
      ? user === undefined
      : "user" in heading && heading.user === user
  );
  // A group's members may stand in another of its sections.
  const groups = sections.flatMap(({ heading }) =>
    heading !== undefined && "group" in heading && user !== undefined &&
      heading.members.includes(user)
      ? [heading.group]
      : []
  );
  const ofGroups = topicsOf(({ heading }) =>
    heading !== undefined && "group" in heading &&
    groups.includes(heading.group)
  );
  const patterns = sections.flatMap(({ rules }) => rules)
    .filter(({ keyword }) => keyword === "pattern")
    .filter(({ filter }) => user !== undefined || !filter.includes("%u"))
    .map((rule) => ({ ...rule, filter: fill(rule.filter, user, client) }));
  const isClosed = patterns.some(({ access, filter }) =>
    access === "deny" && filter === undefined
  );
  const filled = patterns.flatMap(({ filter, ...rule }) =>
    filter === undefined || isClosed && rule.access !== "deny"
      ? []
      : [{ ...rule, filter }]
  );
  for (const rules of [own, ofGroups, filled]) {
    const matching = rules.filter(({ filter }) => naiveMatches(filter, topic));
    if (matching.some((rule) => rule.access === "deny")) return false;
    if (matching.some((rule) => rule.access.includes(access))) return true;
  }
  return false;
}

/** A pattern with names in it; `undefined` where a name would say more than a level. */
function fill(
  filter: string,
  user: string | undefined,
  client: string,
): string | undefined {
  const names = new Map([["%c", client], ["%u", user ?? ""]]);
  const levels = filter.split("/").map((level, at) => {
    const name = names.get(level);
    if (name === undefined) return level;
    const isOdd = name === "" || /[/+#]/.test(name) ||
      at === 0 && name.startsWith("$");
    return isOdd ? undefined : name;
  });
  return levels.includes(undefined) ? undefined : levels.join("/");
}

/** All topics of some words, up to a number of levels. */
export function allTopics(words: readonly string[], levels: number): string[] {
  const longer = (topics: readonly string[]) =>
    topics.flatMap((topic) => words.map((word) => `${topic}/${word}`));
  const all: string[] = [];
  let topics: readonly string[] = words;
  for (let level = 1; level <= levels; level++) {
    all.push(...topics);
    topics = longer(topics);
  }
  return all.filter((topic) => topic !== "");
}
