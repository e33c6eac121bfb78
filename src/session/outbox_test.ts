import assert from "node:assert/strict";
import fc from "fast-check";
import { SharedBuffer } from "../core/shared_buffer.ts";
import { Outbox } from "./outbox.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function put(outbox: Outbox, text: string): void {
  outbox.buffer.append(encoder.encode(text));
}

/** Takes what there is and has the socket take all of it. */
function drain(outbox: Outbox): string {
  let text = "";
  for (
    let bytes = outbox.take();
    bytes !== undefined;
    bytes = outbox.take()
  ) {
    text += decoder.decode(bytes);
    outbox.written(bytes.length);
  }
  return text;
}

Deno.test("Outbox hands out what was put in, and takes more meanwhile", () => {
  const outbox = new Outbox(100);
  assert.equal(outbox.take(), undefined);
  put(outbox, "ab");
  put(outbox, "c");
  const first = outbox.take()!;
  put(outbox, "def");
  assert.equal(decoder.decode(first), "abc");
  assert.equal(outbox.bytes, 6);
  outbox.written(2);
  assert.equal(outbox.bytes, 4);
  put(outbox, "g");
  assert.equal(decoder.decode(first), "abc", "still being written");
  outbox.written(1);
  assert.equal(drain(outbox), "defg");
  assert.equal(outbox.bytes, 0);
  assert.equal(outbox.take(), undefined);
});

Deno.test("Outbox counts what was put in and handed out", () => {
  const outbox = new Outbox(100);
  put(outbox, "abc");
  assert.deepEqual([outbox.appended, outbox.taken], [3, 0]);
  const bytes = outbox.take()!;
  assert.deepEqual([outbox.appended, outbox.taken], [3, 3]);
  put(outbox, "de");
  assert.deepEqual([outbox.appended, outbox.taken], [5, 3]);
  outbox.written(bytes.length);
  drain(outbox);
  assert.deepEqual([outbox.appended, outbox.taken], [5, 5]);
});

Deno.test("Outbox has room up to its capacity, and when empty for any one packet", () => {
  const outbox = new Outbox(10);
  assert.ok(outbox.hasRoom(1000));
  put(outbox, "12345");
  assert.ok(outbox.hasRoom(5));
  assert.equal(outbox.hasRoom(6), false);
  const bytes = outbox.take()!;
  assert.equal(outbox.hasRoom(6), false, "not written yet");
  outbox.written(1);
  assert.ok(outbox.hasRoom(6));
  assert.equal(outbox.full, false);
  put(outbox, "1234567");
  assert.ok(outbox.full);
  outbox.written(bytes.length - 1);
  assert.equal(outbox.full, false);
});

Deno.test("Outbox of one client is not seen by another that uses its buffers next", () => {
  const [one, other] = [new Outbox(100), new Outbox(100)];
  put(one, "secret");
  const bytes = one.take()!;
  put(other, "x");
  assert.equal(decoder.decode(bytes), "secret");
  one.written(bytes.length);
  put(one, "1");
  assert.equal(drain(other), "x");
  assert.equal(drain(one), "1");
});

Deno.test("Outbox hands on parts of a shared buffer in their place, and then lets it go", () => {
  const outbox = new Outbox(100);
  const shared = SharedBuffer.take(6);
  shared.bytes.set(encoder.encode("012345"));
  put(outbox, "a");
  outbox.share(shared, 1, 3);
  outbox.share(shared, 3, 4);
  put(outbox, "b");
  assert.deepEqual([outbox.bytes, outbox.appended], [5, 5]);
  assert.ok(shared.shared);
  assert.equal(drain(outbox), "a123b");
  assert.equal(shared.shared, false);
  outbox.share(shared, 0, 6);
  assert.ok(shared.shared);
  outbox.clear();
  assert.equal(shared.shared, false);
  assert.equal(outbox.bytes, 0);
});

Deno.test("Outbox gives every byte once and in order, however the socket takes them", () => {
  const step = fc.oneof(
    fc.record({ put: fc.string({ minLength: 1, maxLength: 40 }) }),
    fc.record({ share: fc.string({ minLength: 1, maxLength: 40 }) }),
    fc.record({ write: fc.integer({ min: 1, max: 60 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const outbox = new Outbox(1000);
    let expected = "";
    let written = "";
    let underWay = new Uint8Array(0);
    const write = (appetite: number) => {
      while (appetite > 0) {
        if (underWay.length === 0) {
          underWay = (outbox.take() ?? underWay).slice();
          if (underWay.length === 0) return;
        }
        const count = Math.min(appetite, underWay.length);
        written += String.fromCharCode(...underWay.subarray(0, count));
        underWay = underWay.subarray(count);
        appetite -= count;
        outbox.written(count);
      }
    };
    for (const step of steps) {
      if ("write" in step) {
        write(step.write);
      } else {
        const text = "put" in step ? step.put : step.share;
        const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
        expected += String.fromCharCode(...bytes);
        if ("put" in step) outbox.buffer.append(bytes);
        else {
          const shared = SharedBuffer.take(bytes.length);
          shared.bytes.set(bytes);
          outbox.share(shared, 0, bytes.length);
          shared.release();
        }
      }
      assert.equal(outbox.bytes, expected.length - written.length);
      assert.equal(outbox.appended, expected.length);
    }
    write(Infinity);
    assert.equal(written, expected);
  }));
});
