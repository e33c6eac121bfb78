import { parseRuleFile } from "./file.ts";
import { RuleSet } from "./set.ts";

/** Rules for one user, and some for everybody, of the kinds that there are. */
function makeRules(count: number): RuleSet {
  const lines = ["user pump"];
  for (let i = 0; i < count; i++) {
    lines.push(
      i % 10 === 0
        ? `topic deny plant/hall${i}/+/secret/#`
        : i % 10 === 1
        ? `pattern readwrite devices/%c/part${i}/#`
        : `topic readwrite plant/hall${i}/+/state`,
    );
  }
  const text = new TextEncoder().encode(lines.join("\n"));
  return new RuleSet(parseRuleFile(text, "acl"));
}

const topics = Array.from(
  { length: 400 },
  (_, i) => `plant/hall${i}/machine${i % 7}/state`,
);

for (const count of [1_000, 100_000]) {
  const rules = makeRules(count);
  const rights = rules.rightsOf("pump", "c1");
  let next = 0;

  Deno.bench(`remembered, ${count} rules`, () => {
    rights.mayPublish(topics[next++ % topics.length]!);
  });

  Deno.bench(`asked for the first time, ${count} rules`, () => {
    rights.mayPublish(`plant/hall${next++ % 1000}/machine${next}/state`);
  });

  Deno.bench(`subscription to all, ${count} rules`, () => {
    rights.decide("subscribe", "#");
  });

  Deno.bench(`a new client's rights, ${count} rules`, () => {
    rules.rightsOf("pump", "c2");
  });
}
