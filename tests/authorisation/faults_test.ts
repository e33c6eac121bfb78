import assert from "node:assert/strict";
import { parseRuleFile } from "../../src/auth/rules/file.ts";
import type { RuleFault } from "../../src/auth/rules/text.ts";
import { ruleWarnings } from "../../src/auth/rules/warnings.ts";

const CASES = (await Deno.readTextFile(new URL("faults.txt", import.meta.url)))
  .split(/^== /m).slice(1);

function told(bytes: Uint8Array): string[] {
  const file = parseRuleFile(bytes, "acl");
  const all = file.faults.length > 0 ? file.faults : ruleWarnings(file);
  return all.map(({ line, column, message, hint }: RuleFault) =>
    `${line}:${column}: ${message}${hint === undefined ? "" : ` (${hint})`}`
  );
}

for (const text of CASES) {
  const [title, ...lines] = text.split("\n");
  const middle = lines.indexOf("--");
  const rules = lines.slice(0, middle).join("\n").replaceAll(
    /\\(?:u([\dA-F]{4})|([tr]))/g,
    (_, code, letter) =>
      code === undefined
        ? letter === "t" ? "\t" : "\r"
        : String.fromCharCode(parseInt(code, 16)),
  );
  Deno.test(`faults of rules: ${title}`, () => {
    assert.deepEqual(
      told(new TextEncoder().encode(rules)),
      lines.slice(middle + 1).filter((line) => line !== ""),
    );
  });
}

Deno.test("faults of rules: UTF-16 with a mark is named, and once", () => {
  for (const bytes of [[0xFF, 0xFE, 0x75, 0], [0xFE, 0xFF, 0, 0x75, 0, 0x0A]]) {
    assert.deepEqual(told(new Uint8Array(bytes)), [
      "1:1: the file is UTF-16 (save it as UTF-8)",
    ]);
  }
});

Deno.test("faults of rules: the line that is not UTF-8 is named", () => {
  const bytes = new Uint8Array([0x23, 0xC3, 0xA4, 0x0A, 0x23, 0xE4, 0x0A]);
  assert.deepEqual(told(bytes), [
    "2:1: the line is not UTF-8 (save the file as UTF-8)",
  ]);
});

Deno.test("faults of rules: a filter may not have more levels than mosquitto takes", () => {
  const rules = (slashes: number) =>
    new TextEncoder().encode(`user a\ntopic read ${"/".repeat(slashes)}`);
  assert.deepEqual(told(rules(200)), []);
  assert.deepEqual(told(rules(201)), [
    "2:12: the topic has more than 201 levels",
  ]);
});

Deno.test("faults of rules: they are counted where there are very many", () => {
  const lines = told(new TextEncoder().encode("nonsense\n".repeat(10_000)));
  assert.equal(lines.length, 101);
  assert.match(lines.at(-1)!, /more faults than are told/);
});
