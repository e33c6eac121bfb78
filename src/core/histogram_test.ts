import assert from "node:assert/strict";
import { Histogram, quantile } from "./histogram.ts";

Deno.test("Histogram counts each value in the bucket whose bound it does not exceed", () => {
  const histogram = new Histogram([0.001, 0.01]);
  for (const milliseconds of [0, 1, 1.5, 10, 11]) {
    histogram.record(milliseconds);
  }
  const { counts, sum } = histogram.snapshot();
  assert.deepEqual(counts, [2, 2, 1]);
  assert.equal(sum.toFixed(6), "0.023500");
});

Deno.test("Histogram.snapshot() does not change any more", () => {
  const histogram = new Histogram([1]);
  const before = histogram.snapshot();
  histogram.record(1);
  assert.deepEqual(before, { counts: [0, 0], sum: 0 });
});

Deno.test("quantile() is the bound below which so many values are", () => {
  const bounds = [0.001, 0.01];
  const of = (counts: number[], part: number) =>
    quantile(bounds, { counts, sum: 0 }, part);
  assert.equal(of([0, 0, 0], 0.5), undefined);
  assert.equal(of([9, 1, 0], 0.5), 0.001);
  assert.equal(of([9, 1, 0], 0.95), 0.01);
  assert.equal(of([0, 0, 1], 0.5), Infinity);
});
