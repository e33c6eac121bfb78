import assert from "node:assert/strict";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "./crc32.ts";

Deno.test("crc32() has the check value of its catalogue", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

Deno.test("crc32() comes to the same as zlib's, in one piece and in two", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(bytes, bytes, (first, second) => {
    assert.equal(crc32(first), zlibCrc32(first));
    assert.equal(
      crc32(second, crc32(first)),
      zlibCrc32(second, zlibCrc32(first)),
    );
  }));
});

Deno.test("crc32() comes to the same for large bytes, before and after zlib is there", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(10_001));
  const expected = zlibCrc32(bytes);
  assert.equal(crc32(bytes), expected);
  await import("node:zlib");
  assert.equal(crc32(bytes), expected);
});
