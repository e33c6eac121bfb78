import assert from "node:assert/strict";
import { findings } from "./doc_lint.ts";

Deno.test("doc_lint passes over members without a comment, and over nothing else", () => {
  const finding = (code: string, line: string) =>
    `error[${code}]: a message
  --> /src/a.ts:7:12
   | 
 7 | ${line}
   |            ^
   = hint: add a comment

`;
  const output = [
    finding("missing-jsdoc", "export function open(): void {"),
    finding("missing-jsdoc", "  constructor(options: Options) {"),
    finding("missing-return-type", "  close() {"),
  ].join("");
  assert.deepEqual(findings(output), [
    "/src/a.ts:7:12: a message (missing-jsdoc)",
    "/src/a.ts:7:12: a message (missing-return-type)",
  ]);
  assert.throws(() => findings("error[new-form]: elsewhere"), /Cannot read/);
});
