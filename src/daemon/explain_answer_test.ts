import assert from "node:assert/strict";
import { parseRuleFile } from "../auth/rules/file.ts";
import { RuleSet } from "../auth/rules/set.ts";
import { explainAnswer } from "./explain_answer.ts";

const RULES = new RuleSet(
  parseRuleFile(
    new TextEncoder().encode("user pump\ntopic read plant/#\n"),
    "/etc/acl",
  ),
);

const PUMP = { user: "pump", clientId: "c1" };

Deno.test("explainAnswer asks for the filter of a shared subscription", () => {
  const answer = explainAnswer(RULES, {
    ...PUMP,
    action: "subscribe",
    topic: "$share/g/plant/+",
  });
  assert.ok(answer.allowed);
  assert.match(answer.text, /^Allowed: user "pump" .*\(\/etc\/acl:2\)/);
});

Deno.test("explainAnswer refuses what no client can send", () => {
  for (
    const [action, topic] of [
      ["publish", "plant/#"],
      ["receive", "plant/+"],
      ["subscribe", "plant/#/a"],
      ["subscribe", "$share/g"],
      ["publish", ""],
    ] as const
  ) {
    const answer = explainAnswer(RULES, { ...PUMP, action, topic });
    assert.ok(!answer.allowed, topic);
    assert.match(answer.text, /^Refused: .* is no valid topic (name|filter)$/);
  }
});

Deno.test("explainAnswer allows all without rules but what is the broker's own", () => {
  const ask = (action: "publish" | "receive", topic: string) =>
    explainAnswer(undefined, { ...PUMP, action, topic }).allowed;
  assert.ok(ask("publish", "a"));
  assert.ok(ask("receive", "$SYS/a"));
  assert.ok(!ask("publish", "$SYS/a"));
});
