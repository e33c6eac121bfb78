import assert from "node:assert/strict";
import fc from "fast-check";
import { FrameCutter } from "./frames.ts";

const PUBLISH = Uint8Array.of(0x30, 4, 0, 1, 0x61, 0x62);
const LARGE = Uint8Array.of(0x32, 0x81, 0x01, ...new Uint8Array(129));
const PUBACK = Uint8Array.of(0x40, 2, 0, 1);
const PINGRESP = Uint8Array.of(0xD0, 0);

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The lengths of the frames in pieces of a stream. */
function cut(pieces: readonly Uint8Array[]): number[] {
  const cutter = new FrameCutter();
  return pieces.flatMap((piece) => {
    const lengths: number[] = [];
    for (let at = 0; at < piece.length;) {
      const length = cutter.next(piece.subarray(at));
      lengths.push(length);
      at += length;
    }
    return lengths;
  });
}

Deno.test("FrameCutter puts PUBLISH packets together, and each acknowledgement into a frame of its own", () => {
  const { length } = PUBLISH;
  assert.deepEqual(cut([join([PUBLISH, PUBLISH, PUBACK, PUBLISH])]), [
    2 * length,
    4,
    length,
  ]);
  assert.deepEqual(cut([join([PUBACK, PINGRESP, LARGE, PUBLISH])]), [
    4,
    2,
    LARGE.length + length,
  ]);
});

Deno.test("FrameCutter lets no acknowledgement share a frame, however the stream comes in pieces", () => {
  const packet = fc.constantFrom(PUBLISH, LARGE, PUBACK, PINGRESP);
  fc.assert(fc.property(
    fc.array(packet, { minLength: 1, maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
    (packets, sizes) => {
      const all = join(packets);
      const pieces: Uint8Array[] = [];
      for (let at = 0, n = 0; at < all.length; n++) {
        const size = sizes[n % sizes.length]!;
        pieces.push(all.subarray(at, at + size));
        at += size;
      }
      const frames = new Set([0]);
      let end = 0;
      for (const length of cut(pieces)) frames.add(end += length);
      assert.equal(end, all.length);
      let start = 0;
      for (const [n, { length }] of packets.entries()) {
        const isAlone = packets[n] === PUBACK || packets[n] === PINGRESP;
        if (isAlone) {
          assert.ok(frames.has(start) && frames.has(start + length));
        }
        start += length;
      }
    },
  ));
});
