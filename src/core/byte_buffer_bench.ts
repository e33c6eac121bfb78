// Where a plain loop and where `set` is faster at adding bytes: LOOP_BELOW in byte_buffer.ts.
import { ByteBuffer } from "./byte_buffer.ts";

const source = new Uint8Array(70_000).fill(7);
const ROUNDS = 1000;

function byLoop(buffer: ByteBuffer, start: number, end: number): void {
  let at = buffer.reserve(end - start);
  const bytes = buffer.bytes;
  for (let from = start; from < end; from++) {
    bytes[at++] = source[from] as number;
  }
  buffer.length = at;
}

function bySet(buffer: ByteBuffer, start: number, end: number): void {
  const at = buffer.reserve(end - start);
  buffer.bytes.set(source.subarray(start, end), at);
  buffer.length = at + end - start;
}

for (const size of [8, 16, 32, 64, 96, 128, 256, 1024, 65_536]) {
  const buffer = new ByteBuffer();
  buffer.reserve(size * 16);
  const ways = {
    append: (start: number, end: number) => buffer.append(source, start, end),
    loop: (start: number, end: number) => byLoop(buffer, start, end),
    set: (start: number, end: number) => bySet(buffer, start, end),
  };
  for (const [name, way] of Object.entries(ways)) {
    if (name === "loop" && size > 1024) continue;
    Deno.bench(`${size} bytes by ${name}, ${ROUNDS} times`, {
      group: `${size}`,
    }, () => {
      for (let round = 0; round < ROUNDS; round++) {
        if (round % 16 === 0) buffer.clear();
        way(3, 3 + size);
      }
    });
  }
}
