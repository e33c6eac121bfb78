import assert from "node:assert/strict";
import {
  coverage,
  mentions,
  parseClauses,
  readClauses,
  report,
} from "../../scripts/clauses.ts";

Deno.test("parseClauses reads number, text and reason", () => {
  assert.deepEqual(
    parseClauses("# comment\n\n1.2.3-4  Text -- reason\n1.2.3-5  Other", "X"),
    [
      { id: "X-1.2.3-4", text: "Text", untestable: "reason" },
      { id: "X-1.2.3-5", text: "Other" },
    ],
  );
  assert.throws(() => parseClauses("1.2.3 Text", "X"), /Cannot read clause/);
});

Deno.test("mentions finds clause names in code, not in comments", () => {
  const a = ["MQTT-9.9.9", "1"].join("-");
  const b = ["MQTT3-9.9.9", "2"].join("-");
  assert.deepEqual(mentions(`"x [${a}, ${b}]"\n  // [${a}]`), [a, b]);
});

Deno.test("clauses are each listed once", async () => {
  const ids = (await readClauses()).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("clauses named by tests are all in a table", async () => {
  const { unknown } = report(await readClauses(), await coverage());
  assert.deepEqual(unknown, []);
});
