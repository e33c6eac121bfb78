import assert from "node:assert/strict";
import { Progress } from "./progress.ts";

function watch(isTerminal: boolean) {
  let now = 0;
  let text = "";
  const progress = new Progress({
    title: "Counting",
    isTerminal,
    print: (more) => void (text += more),
    now: () => now,
  });
  return { progress, at: (time: number) => now = time, text: () => text };
}

Deno.test("Progress says nothing within a second", () => {
  const { progress, at, text } = watch(true);
  at(999);
  progress.step(1, 10, "rows");
  progress.end();
  assert.equal(text(), "");
});

Deno.test("Progress writes a line a second", () => {
  const { progress, at, text } = watch(false);
  for (let n = 1; n <= 6; n++) {
    at(n * 500);
    progress.step(n * 1000, 10_000, "rows");
    progress.step(n * 1000, 10_000, "rows");
  }
  progress.end();
  assert.equal(
    text(),
    "Counting: 2,000 of 10,000 rows (20 %)\n" +
      "Counting: 4,000 of 10,000 rows (40 %)\n" +
      "Counting: 6,000 of 10,000 rows (60 %)\n",
  );
});

Deno.test("Progress writes over its line on a terminal, and clears it", () => {
  const { progress, at, text } = watch(true);
  for (const time of [1000, 2000]) {
    at(time);
    progress.step(time, 0, "bytes");
  }
  progress.end();
  progress.end();
  const line = (count: string) =>
    `\rCounting: ${count} of 0 bytes (100 %)\x1b[K`;
  assert.equal(text(), `${line("1,000")}${line("2,000")}\r\x1b[K`);
});
