import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isReservedTopic,
  isValidTopicFilter,
  isValidTopicName,
  isWithinLimits,
  matches,
  parseSharedFilter,
  subscriptionWeight,
  topicLevels,
} from "./filter.ts";
import {
  anyFilter,
  anyTopic,
  naiveMatches,
} from "../../../tests/support/topic_arbitraries.ts";

Deno.test("isValidTopicName refuses the empty, the null character and wildcards", () => {
  for (
    const topic of [
      "a",
      "/",
      "//",
      "a/b",
      "$SYS/x",
      " ",
      "Accounts payable",
      "a/",
    ]
  ) {
    assert.ok(isValidTopicName(topic), topic);
  }
  for (
    const topic of ["", "a\0", "+", "a/#", "a+", "a/b#c", "x".repeat(65_536)]
  ) {
    assert.ok(!isValidTopicName(topic), topic);
  }
});

Deno.test("isValidTopicFilter allows wildcards only as whole levels, # only at the end", () => {
  for (
    const filter of [
      "a",
      "#",
      "+",
      "/",
      "/+",
      "+/",
      "+/+/#",
      "a/#",
      "a/+/b",
      "/#",
      "$SYS/#",
      "+//#",
    ]
  ) {
    assert.ok(isValidTopicFilter(filter), filter);
  }
  for (
    const filter of [
      "",
      "\0",
      "a#",
      "a/#/b",
      "#/",
      "##",
      "a+",
      "+a",
      "a/+b/c",
      "a/b+/c",
      "+#",
      "#+",
      "a/b#",
    ]
  ) {
    assert.ok(!isValidTopicFilter(filter), filter);
  }
  assert.ok(isValidTopicFilter("/".repeat(65_535)));
  assert.ok(!isValidTopicFilter("/".repeat(65_536)));
});

Deno.test("topicLevels counts empty levels too", () => {
  assert.equal(topicLevels("a"), 1);
  assert.equal(topicLevels("a/b"), 2);
  assert.equal(topicLevels("/"), 2);
  assert.equal(topicLevels("/".repeat(65_535)), 65_536);
});

Deno.test("parseSharedFilter takes group and filter apart", () => {
  assert.deepEqual(parseSharedFilter("$share/g/a/+/#"), {
    group: "g",
    filter: "a/+/#",
  });
  assert.deepEqual(parseSharedFilter("$share/g//"), {
    group: "g",
    filter: "/",
  });
  assert.deepEqual(parseSharedFilter("$share/g/$SYS/x"), {
    group: "g",
    filter: "$SYS/x",
  });
  for (
    const filter of ["a", "$share", "$shared/g/a", "/$share/g/a", "$SHARE/g/a"]
  ) {
    assert.equal(parseSharedFilter(filter), undefined, filter);
  }
  for (
    const filter of [
      "$share/",
      "$share/g",
      "$share/g/",
      "$share//a",
      "$share/+/a",
      "$share/g#/a",
      "$share/g/a#",
    ]
  ) {
    assert.equal(parseSharedFilter(filter), "invalid", filter);
  }
});

Deno.test("matches follows the specification's examples", () => {
  const table: [filter: string, topic: string, expected: boolean][] = [
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
    ["sport/#", "sport", true],
    ["sport/#", "sports", false],
    ["sport/tennis/+", "sport/tennis/player1", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["#", "$SYS/uptime", false],
    ["+/uptime", "$SYS/uptime", false],
    ["$SYS/#", "$SYS/uptime", true],
    ["$SYS/+", "$SYS/uptime", true],
    ["+/#", "$SYS", false],
    ["a/+", "a/$b", true],
    ["#", "/", true],
    ["/#", "/", true],
    ["/#", "", true],
    ["a/b", "a", false],
    ["a", "a/b", false],
    ["ACCOUNTS", "Accounts", false],
  ];
  for (const [filter, topic, expected] of table) {
    assert.equal(matches(filter, topic), expected, `${filter} ${topic}`);
  }
});

Deno.test("matches agrees with a matcher that splits", () => {
  fc.assert(
    fc.property(anyFilter, anyTopic, (filter, topic) => {
      assert.equal(matches(filter, topic), naiveMatches(filter, topic));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("isWithinLimits counts levels, and bytes of UTF-8", () => {
  const limits = { topicLevels: 3, topicLength: 6 };
  for (const topic of ["a/b/c", "//", "abcdef", "üüü", "€€", "😀a"]) {
    assert.ok(isWithinLimits(topic, limits), topic);
  }
  for (const topic of ["a/b/c/", "abcdefg", "üüüa", "€€€", "😀😀"]) {
    assert.equal(isWithinLimits(topic, limits), false, topic);
  }
});

Deno.test("subscriptionWeight counts a filter with + once for each 16 levels, and others once", () => {
  const levels = (level: string, count: number) =>
    new Array(count).fill(level).join("/");
  const table: [filter: string, weight: number][] = [
    ["+", 1],
    [levels("+", 16), 1],
    [levels("+", 17), 2],
    [`a/+/${levels("a", 31)}`, 3],
    [levels("+", 32_768), 2048],
    [levels("a", 32_768), 1],
    ["a/#", 1],
  ];
  for (const [filter, weight] of table) {
    assert.equal(subscriptionWeight(filter), weight, filter.slice(0, 40));
  }
});

Deno.test("isReservedTopic holds below $SYS, $CONTROL and $share, but not where bridges tell their state", () => {
  for (
    const topic of [
      "$SYS",
      "$SYS/",
      "$SYS/broker/version",
      "$SYS/broker/connection/a/b/state",
      "$SYS/broker/connection/state",
      "$CONTROL",
      "$CONTROL/x",
      "$share/g/a",
    ]
  ) {
    assert.ok(isReservedTopic(topic), topic);
  }
  for (
    const topic of [
      "$SYS/broker/connection/house/state",
      "$",
      "$SYSTEM/x",
      "$aws/x",
      "a/$SYS",
      "SYS/x",
    ]
  ) {
    assert.ok(!isReservedTopic(topic), topic);
  }
});
