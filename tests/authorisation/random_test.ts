import assert from "node:assert/strict";
import fc from "fast-check";
import { isValidTopicFilter } from "../../src/router/topics/filter.ts";
import { parseRuleFile } from "../../src/auth/rules/file.ts";
import { RuleSet } from "../../src/auth/rules/set.ts";
import { ruleWarnings } from "../../src/auth/rules/warnings.ts";
import { naiveMatches } from "../support/topic_arbitraries.ts";
import { LONG } from "../support/sizes.ts";
import {
  allTopics,
  type Asker,
  naiveMay,
  type NaiveRule,
  type NaiveSection,
  textOf,
} from "./naive.ts";

/** What topics are made of: "new" is in no rule, and so stands for all that is in none. */
const WORDS = ["a", "b", "", "$s", "new"];
const TOPICS = allTopics(WORDS, 4);

const runs = (few: number) => LONG ? few * 20 : few;

const filterOf = (words: readonly string[]) =>
  fc.tuple(
    fc.array(fc.constantFrom(...words, "+"), { minLength: 0, maxLength: 3 }),
    fc.boolean(),
  ).map(([levels, hash]) => (hash ? [...levels, "#"] : levels).join("/"))
    .filter(isValidTopicFilter);

const ruleWords = ["a", "a", "b", "", "$s"];
const access = fc.constantFrom<NaiveRule["access"]>(
  "read",
  "write",
  "readwrite",
  "deny",
);
const rule: fc.Arbitrary<NaiveRule> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      keyword: fc.constant("topic" as const),
      access,
      filter: filterOf(ruleWords),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      keyword: fc.constant("pattern" as const),
      access,
      filter: filterOf([...ruleWords, "%c", "%u"]),
    }),
  },
).filter(({ filter }) => filter.trim() === filter);

const userName = fc.constantFrom("a", "b", "$s", "a/b");
const rules = fc.array(rule, { maxLength: 5 });
const section: fc.Arbitrary<NaiveSection> = fc.record({
  heading: fc.oneof(
    userName.map((user) => ({ user })),
    fc.record({
      group: fc.constantFrom("g", "h"),
      members: fc.array(userName, { maxLength: 3 }),
    }),
  ),
  rules,
});
const sections: fc.Arbitrary<NaiveSection[]> = fc.tuple(
  rules,
  fc.array(section, { maxLength: 4 }),
).map(([first, others]) => [{ heading: undefined, rules: first }, ...others]);
const asker: fc.Arbitrary<Asker> = fc.record({
  user: fc.option(userName, { nil: undefined }),
  client: fc.constantFrom("a", "b", "$s", "+", "#", "a/b", ""),
});

function ruleSet(all: readonly NaiveSection[]): RuleSet {
  const file = parseRuleFile(new TextEncoder().encode(textOf(all)), "acl");
  assert.deepEqual(file.faults, []);
  return new RuleSet(file);
}

Deno.test("rules allow of each topic what a naive reading of the documentation does", () => {
  fc.assert(
    fc.property(
      sections,
      asker,
      fc.array(fc.constantFrom(...TOPICS), { minLength: 40, maxLength: 40 }),
      (all, who, topics) => {
        const rights = ruleSet(all).rightsOf(who.user, who.client);
        for (const topic of topics) {
          assert.equal(
            rights.mayReceive(topic),
            naiveMay(all, who, { access: "read", topic }),
            `receive ${topic}`,
          );
          assert.equal(
            rights.mayPublish(topic),
            naiveMay(all, who, { access: "write", topic }),
            `publish ${topic}`,
          );
        }
      },
    ),
    { numRuns: runs(500) },
  );
});

Deno.test("rules allow a subscription exactly if some topic that it matches may be received", () => {
  fc.assert(
    fc.property(
      sections,
      asker,
      fc.array(filterOf([...WORDS]), { minLength: 1, maxLength: 4 }),
      (all, who, filters) => {
        const rights = ruleSet(all).rightsOf(who.user, who.client);
        const readable = TOPICS.filter((topic) =>
          naiveMay(all, who, { access: "read", topic })
        );
        for (const filter of filters) {
          assert.equal(
            rights.maySubscribe(filter),
            readable.some((topic) => naiveMatches(filter, topic)),
            `subscribe ${filter}`,
          );
        }
      },
    ),
    { numRuns: runs(300) },
  );
});

Deno.test("warnings name as never holding those rules alone without which nothing changes", () => {
  fc.assert(
    fc.property(sections, asker, (all, who) => {
      const set = ruleSet(all);
      const lines = textOf(all).split("\n");
      const useless = ruleWarnings(set.file).filter(({ message }) =>
        message.startsWith("it never holds")
      );
      for (const { line } of useless) lines[line - 1] = "";
      const text = new TextEncoder().encode(lines.join("\n"));
      const less = new RuleSet(parseRuleFile(text, "acl"));
      const before = set.rightsOf(who.user, who.client);
      const after = less.rightsOf(who.user, who.client);
      for (const topic of TOPICS.slice(0, 200)) {
        assert.equal(before.mayReceive(topic), after.mayReceive(topic), topic);
        assert.equal(before.mayPublish(topic), after.mayPublish(topic), topic);
      }
    }),
    { numRuns: runs(150) },
  );
});

/** Pieces of lines, so that what is generated is now and then a file. */
const piece = fc.oneof(
  fc.constantFrom(
    "user ",
    "topic ",
    "pattern ",
    "group ",
    "member ",
    "read ",
    "write ",
    "deny ",
    "readwrite",
    "a/#",
    "#",
    "+/b",
    "%c",
    "%u/",
    "\n",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\uFEFF",
    " ",
    "a",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);

Deno.test("rules of any bytes are read or refused, and what is refused opens nothing", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 40 }).map((all) =>
          new TextEncoder().encode(all.join(""))
        ),
        fc.uint8Array({ maxLength: 200 }),
      ),
      asker,
      (bytes, { user, client }) => {
        const file = parseRuleFile(bytes, "acl");
        for (const { line, column, message } of file.faults) {
          assert.ok(line >= 1 && column >= 1 && message !== "");
        }
        if (file.faults.length > 0) {
          assert.throws(() => new RuleSet(file), TypeError);
          return;
        }
        ruleWarnings(file);
        const rights = new RuleSet(file).rightsOf(user, client);
        const grants = file.rules.some(({ access }) => access !== "deny");
        for (const topic of ["a", "b", "a/b", "$SYS", "\0", ""]) {
          const may = rights.mayReceive(topic) || rights.mayPublish(topic) ||
            rights.maySubscribe("#");
          assert.ok(!may || grants, "Something is allowed by no rule");
          rights.explain("publish", topic);
        }
      },
    ),
    { numRuns: runs(2000) },
  );
});
