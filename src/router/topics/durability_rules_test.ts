import assert from "node:assert/strict";
import { DurabilityRules } from "./durability_rules.ts";

Deno.test("DurabilityRules.of() follows the most specific filter that matches", () => {
  // Each is followed by less specific ones.
  const filters = ["a/b/c", "a/b/+", "a/b/#", "a/+/c", "a/#", "+/b/c", "#"];
  for (let first = 0; first < filters.length; first++) {
    const rules = filters.slice(first).map((filter, at) => ({
      filter,
      durability: at === 0 ? "off" : "interval",
    } as const));
    for (const given of [rules, rules.toReversed()]) {
      assert.equal(new DurabilityRules("commit", given).of("a/b/c"), "off");
    }
  }
  const ends = new DurabilityRules("commit", [
    { filter: "a/#", durability: "interval" },
    { filter: "a", durability: "off" },
  ]);
  assert.equal(ends.of("a"), "off");
  assert.equal(ends.of("a/b"), "interval");
});

Deno.test("DurabilityRules.of() says of all else what holds overall", () => {
  assert.equal(new DurabilityRules().of("a"), "commit");
  const rules = new DurabilityRules("interval", [
    { filter: "#", durability: "off" },
  ]);
  assert.equal(rules.of("a"), "off");
  assert.equal(rules.of("$SYS/a"), "interval");
});
