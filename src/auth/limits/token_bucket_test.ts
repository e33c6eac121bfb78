import assert from "node:assert/strict";
import { TokenBucket } from "./token_bucket.ts";

Deno.test("TokenBucket gives out a second's worth at once, then at its rate", () => {
  const bucket = new TokenBucket(10, 1000);
  assert.equal(bucket.take(10, 1000), 0);
  assert.equal(bucket.take(1, 1000), 100);
  assert.equal(bucket.wait(1050), 50);
  assert.equal(bucket.wait(1100), 0);
  assert.equal(bucket.take(5, 1100), 500);
});

Deno.test("TokenBucket holds a second's worth at most", () => {
  const bucket = new TokenBucket(10, 0);
  assert.equal(bucket.take(12, 3_600_000), 200);
});

Deno.test("TokenBucket lets more be taken than it holds, and waited for", () => {
  const bucket = new TokenBucket(0.5, 0);
  assert.equal(bucket.take(1, 0), 1000);
  assert.equal(bucket.wait(1000), 0);
});
