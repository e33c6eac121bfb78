import assert from "node:assert/strict";
import { columns, printable } from "./columns.ts";

Deno.test("columns stand below one another, and lines end with their text", () => {
  assert.equal(
    columns([["NAME", "COUNT", "NOTE"], ["a", "12", ""]], [1]),
    "NAME  COUNT  NOTE\na        12\n",
  );
  assert.equal(columns([]), "");
});

Deno.test("printable keeps text on one line", () => {
  assert.equal(printable('a\n"b"\x1B'), 'a\\n\\"b\\"\\u001b');
});
