import assert from "node:assert/strict";
import {
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  variableByteIntegerSize,
  writeVariableByteInteger,
} from "./variable_byte_integer.ts";

// The boundaries of table 1-1 of the specification.
const EXAMPLES: readonly (readonly [number, readonly number[]])[] = [
  [0, [0x00]],
  [127, [0x7F]],
  [128, [0x80, 0x01]],
  [16_383, [0xFF, 0x7F]],
  [16_384, [0x80, 0x80, 0x01]],
  [2_097_151, [0xFF, 0xFF, 0x7F]],
  [2_097_152, [0x80, 0x80, 0x80, 0x01]],
  [MAXIMUM_VARIABLE_BYTE_INTEGER, [0xFF, 0xFF, 0xFF, 0x7F]],
];

Deno.test("writeVariableByteInteger writes the fewest bytes [MQTT-1.5.5-1]", () => {
  for (const [value, bytes] of EXAMPLES) {
    const out = new Uint8Array(6);
    const end = writeVariableByteInteger(out, 1, value);
    assert.deepEqual([...out.subarray(1, end)], bytes);
    assert.equal(out[end], 0);
  }
});

Deno.test("variableByteIntegerSize tells how many bytes are written", () => {
  for (const [value, bytes] of EXAMPLES) {
    assert.equal(variableByteIntegerSize(value), bytes.length);
  }
});
