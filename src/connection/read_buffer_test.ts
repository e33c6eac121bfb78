import assert from "node:assert/strict";
import { ReadBuffer } from "./read_buffer.ts";

Deno.test("ReadBuffer gives back what was counted of it, and no more", () => {
  const meter = { inputBytes: 0 };
  const small = new ReadBuffer(meter);
  small.filled(small.space().length / 2);
  small.release();
  assert.equal(meter.inputBytes, 0);

  const large = new ReadBuffer(meter);
  for (let reads = 0; reads < 10; reads++) large.filled(large.space().length);
  assert.ok(meter.inputBytes > 0);
  large.release();
  large.release();
  assert.equal(meter.inputBytes, 0);
});
