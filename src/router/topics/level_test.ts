import assert from "node:assert/strict";
import fc from "fast-check";
import { Level, levelEnd } from "./level.ts";
import { anyTopic } from "../../../tests/support/topic_arbitraries.ts";

Deno.test("Level goes from level to level", () => {
  const level = new Level();
  const found: [number, number][] = [];
  const path = "/ab//c/";
  for (let at = 0; at <= path.length; at = level.end + 1) {
    found.push([level.set(path, at).length, level.end]);
  }
  assert.deepEqual(found, [[0, 0], [2, 3], [0, 4], [1, 6], [0, 7]]);
  assert.equal(levelEnd("abc", 1), 3);
});

Deno.test("Level.isAt and hash agree with comparing the parts between slashes", () => {
  fc.assert(
    fc.property(anyTopic, anyTopic, (one, other) => {
      const first = new Level();
      const second = new Level();
      let at = 0;
      for (const mine of one.split("/")) {
        first.set(one, at);
        let there = 0;
        for (const theirs of other.split("/")) {
          second.set(other, there);
          assert.equal(first.isAt(other, there), mine === theirs);
          if (mine === theirs) assert.equal(first.hash, second.hash);
          there = second.end + 1;
        }
        assert.ok(
          first.hash >= 0 && first.hash < 2 ** 30 &&
            Number.isInteger(first.hash),
        );
        at = first.end + 1;
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("Level.hash tells different levels apart", () => {
  const hashes = new Set<number>();
  for (let i = 0; i < 10_000; i++) {
    hashes.add(new Level().set(`a/${i}/b`, 2).hash);
  }
  assert.ok(hashes.size > 9_990, `${hashes.size} hashes`);
});
