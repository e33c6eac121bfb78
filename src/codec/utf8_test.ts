import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8, findInvalidUtf8 } from "./utf8.ts";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isValid(bytes: Uint8Array): boolean {
  try {
    return !strict.decode(bytes).includes("\0");
  } catch {
    return false;
  }
}

Deno.test("findInvalidUtf8 agrees with TextDecoder on random bytes", () => {
  const bytes = fc.uint8Array({ maxLength: 12 });
  fc.assert(
    fc.property(bytes, (bytes) => {
      assert.equal(
        findInvalidUtf8(bytes, 0, bytes.length) < 0,
        isValid(bytes),
      );
    }),
    { numRuns: 5000 },
  );
});

Deno.test("findInvalidUtf8 agrees with TextDecoder on strings with one byte changed", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      (text, at, byte) => {
        const bytes = encoder.encode(text);
        bytes[at % bytes.length] = byte;
        assert.equal(
          findInvalidUtf8(bytes, 0, bytes.length) < 0,
          isValid(bytes),
        );
      },
    ),
    { numRuns: 5000 },
  );
});

Deno.test("findInvalidUtf8 agrees with TextDecoder after every lead byte", () => {
  const edges = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF];
  for (let lead = 0; lead < 256; lead++) {
    for (const second of edges) {
      for (const tail of [[], [0x80], [0xBF], [0xC0], [0x80, 0xBF]]) {
        const bytes = Uint8Array.of(lead, second, ...tail);
        assert.equal(
          findInvalidUtf8(bytes, 0, bytes.length) < 0,
          isValid(bytes),
          bytes.join(" "),
        );
      }
    }
  }
});

Deno.test("findInvalidUtf8 names the first byte of what is wrong, within its limits", () => {
  const bytes = Uint8Array.of(0xFF, 0x61, 0xC3, 0xBC, 0xE6, 0xB0, 0xFF);
  assert.equal(findInvalidUtf8(bytes, 1, 4), -1);
  assert.equal(findInvalidUtf8(bytes, 1, 6), 4);
  assert.equal(findInvalidUtf8(bytes, 0, 6), 0);
  assert.equal(findInvalidUtf8(bytes, 3, 3), -1);
});

Deno.test("decodeUtf8 gives strings of any length back, byte order marks included", () => {
  const texts = [
    "",
    "a",
    "\uFEFFa",
    "ß",
    "x".repeat(48),
    "x".repeat(49),
    "水".repeat(100),
    "a".repeat(65_535),
  ];
  for (const text of texts) {
    const bytes = encoder.encode(`<${text}>`);
    assert.equal(decodeUtf8(bytes, 1, bytes.length - 1), text);
  }
});
