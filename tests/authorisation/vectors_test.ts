import assert from "node:assert/strict";
import { parseRuleFile } from "../../src/auth/rules/file.ts";
import { RuleSet } from "../../src/auth/rules/set.ts";

const CASES = (await Deno.readTextFile(new URL("vectors.txt", import.meta.url)))
  .split(/^== /m).slice(1);

for (const text of CASES) {
  const [title, ...lines] = text.split("\n");
  const middle = lines.indexOf("--");
  const rules = lines.slice(0, middle).join("\r\n");
  const questions = lines.slice(middle + 1).filter((line) => line !== "");

  Deno.test(`rules: ${title}`, () => {
    const file = parseRuleFile(new TextEncoder().encode(rules), "acl");
    assert.deepEqual(file.faults, []);
    assert.ok(questions.length > 0, "Nothing is asked");
    const set = new RuleSet(file);
    for (const question of questions) {
      const [user, client, action, topic, answer] = question.split(/ {2,}/);
      const rights = set.rightsOf(user === "-" ? undefined : user, client!);
      const may = {
        publish: () => rights.mayPublish(topic!),
        receive: () => rights.mayReceive(topic!),
        subscribe: () => rights.maySubscribe(topic!),
      }[action!];
      assert.ok(may !== undefined, question);
      const { allowed, rule } = rights.decide(
        action as "publish" | "receive" | "subscribe",
        topic!,
      );
      const line = rule === undefined ? "" : ` ${rule.line}`;
      assert.equal(`${allowed ? "yes" : "no"}${line}`, answer, question);
      assert.equal(may(), allowed, `${question}, first`);
      assert.equal(may(), allowed, `${question}, remembered`);
    }
  });
}
