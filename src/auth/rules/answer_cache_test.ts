import assert from "node:assert/strict";
import { AnswerCache } from "./answer_cache.ts";

Deno.test("AnswerCache remembers the last 500 answers, and no more than 1,000", () => {
  const cache = new AnswerCache();
  for (let i = 0; i < 10_000; i++) cache.set(`t/${i}`, i % 2 === 0);
  let known = 0;
  for (let i = 0; i < 10_000; i++) {
    const answer = cache.get(`t/${9999 - i}`);
    if (i < 500) assert.equal(answer, i % 2 === 1);
    if (answer !== undefined) known++;
  }
  assert.ok(known <= 1000, `${known} are remembered`);
});

Deno.test("AnswerCache keeps what is asked for", () => {
  const cache = new AnswerCache();
  cache.set("often", false);
  for (let i = 0; i < 10_000; i++) {
    cache.set(`t/${i}`, true);
    assert.equal(cache.get("often"), false);
  }
});

Deno.test("AnswerCache is bounded in characters too", () => {
  const cache = new AnswerCache();
  const long = (i: number) => `${i}/`.padEnd(10_000, "x");
  for (let i = 0; i < 100; i++) cache.set(long(i), true);
  const known = Array.from({ length: 100 }, (_, i) => cache.get(long(i)));
  assert.ok(known.at(-1));
  assert.ok(known.filter((one) => one !== undefined).length <= 6);
  const huge = "x".repeat(60_000);
  cache.set(huge, true);
  assert.equal(cache.get(huge), undefined);
});
