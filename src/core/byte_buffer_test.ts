import assert from "node:assert/strict";
import { ByteBuffer } from "./byte_buffer.ts";

const sequence = (length: number) =>
  Uint8Array.from({ length }, (_, i) => i & 0xff);
const content = (buffer: ByteBuffer) => buffer.bytes.slice(0, buffer.length);

Deno.test("ByteBuffer holds no memory before its first use", () => {
  const buffer = new ByteBuffer();
  assert.equal(buffer.capacity, 0);
  buffer.append(new Uint8Array(0));
  buffer.clear();
  assert.equal(buffer.take().length, 0);
  assert.equal(buffer.capacity, 0);
});

Deno.test("ByteBuffer.append adds any range of any size", () => {
  const source = sequence(1000);
  const buffer = new ByteBuffer();
  const expected: number[] = [];
  for (
    const [start, end] of [[0, 1], [1, 64], [1, 65], [1, 66], [500, 500], [
      10,
      1000,
    ], [0, 1000]] as const
  ) {
    buffer.append(source, start, end);
    expected.push(...source.subarray(start, end));
  }
  buffer.append(source);
  expected.push(...source);
  assert.deepEqual(content(buffer), Uint8Array.from(expected));
});

Deno.test("ByteBuffer.reserve makes room, keeps content and leaves the length alone", () => {
  const buffer = new ByteBuffer();
  buffer.append(sequence(200));
  const at = buffer.reserve(10_000);
  assert.equal(at, 200);
  assert.equal(buffer.length, 200);
  assert.ok(buffer.capacity >= 10_200);
  buffer.bytes[at] = 7;
  buffer.length = at + 1;
  assert.deepEqual(content(buffer), Uint8Array.from([...sequence(200), 7]));
});

Deno.test("ByteBuffer grows by doubling", () => {
  const buffer = new ByteBuffer();
  let grown = 0;
  let capacity = 0;
  for (let i = 0; i < 100_000; i++) {
    buffer.append(sequence(10));
    if (buffer.capacity !== capacity) grown++;
    capacity = buffer.capacity;
  }
  assert.equal(buffer.length, 1_000_000);
  assert.ok(grown <= 14);
});

Deno.test("ByteBuffer.take hands the bytes over and goes on in another array", () => {
  const buffer = new ByteBuffer();
  buffer.append(sequence(5));
  const taken = buffer.take();
  buffer.append(Uint8Array.of(9, 9, 9));
  assert.deepEqual(taken, sequence(5));
  const spare = new Uint8Array(512);
  assert.deepEqual(buffer.take(spare), Uint8Array.of(9, 9, 9));
  assert.equal(buffer.bytes, spare);
  assert.equal(buffer.length, 0);
});

Deno.test("ByteBuffer.release gives memory back and never content", () => {
  const buffer = new ByteBuffer();
  buffer.append(sequence(1000));
  buffer.length = 300;
  buffer.release(4096);
  assert.ok(buffer.capacity >= 1000);
  buffer.release(128);
  assert.equal(buffer.capacity, 300);
  assert.deepEqual(
    content(buffer),
    Uint8Array.from(sequence(1000).subarray(0, 300)),
  );
  buffer.clear();
  buffer.release(0);
  assert.equal(buffer.capacity, 0);
});
