import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteBuffer } from "../core/byte_buffer.ts";
import { UncommittedOutput } from "./uncommitted_output.ts";

function write(
  output: UncommittedOutput,
  text: string,
  batch: number,
  ends = 0,
): void {
  output.buffer.append(new TextEncoder().encode(text));
  output.mark(batch, ends);
}

function open(
  output: UncommittedOutput,
  batch: number,
): [string, number | undefined] {
  const out = new ByteBuffer();
  const ends = output.open(batch, out);
  return [new TextDecoder().decode(out.bytes.subarray(0, out.length)), ends];
}

Deno.test("UncommittedOutput lets out what waits for committed batches, in order", () => {
  const output = new UncommittedOutput();
  assert.ok(output.empty);
  write(output, "a", 1, 1);
  write(output, "b", 2, 1);
  write(output, "c", 3, 2);
  assert.equal(output.empty, false);
  assert.equal(output.bytes, 3);
  assert.deepEqual(open(output, 0), ["", undefined]);
  assert.deepEqual(open(output, 2), ["ab", 2]);
  assert.equal(output.bytes, 1);
  assert.deepEqual(open(output, 2), ["", undefined]);
  assert.deepEqual(open(output, 9), ["c", 2]);
  assert.ok(output.empty);
  assert.equal(output.bytes, 0);
});

Deno.test("UncommittedOutput holds back what needs no disk behind what does [MQTT-4.6.0-2]", () => {
  const output = new UncommittedOutput();
  write(output, "a", 5, 1);
  write(output, "b", 0, 1);
  write(output, "c", 4, 1);
  assert.deepEqual(open(output, 4), ["", undefined]);
  assert.deepEqual(open(output, 5), ["abc", 3]);
});

Deno.test("UncommittedOutput goes on being written to after it was opened in part", () => {
  const output = new UncommittedOutput();
  write(output, "ab", 1);
  write(output, "cd", 2);
  open(output, 1);
  write(output, "ef", 2, 1);
  write(output, "gh", 3, 1);
  assert.deepEqual(open(output, 2), ["cdef", 1]);
  assert.deepEqual(open(output, 3), ["gh", 1]);
});

Deno.test("UncommittedOutput lets every byte out once, in order, and none before its batch", () => {
  const step = fc.oneof(
    fc.record({
      text: fc.string({ minLength: 1, maxLength: 30, unit: "grapheme-ascii" }),
      ahead: fc.integer({ min: 0, max: 3 }),
      ends: fc.integer({ min: 0, max: 2 }),
    }),
    fc.record({ commit: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(fc.property(fc.array(step), (steps) => {
    const output = new UncommittedOutput();
    let waiting: { text: string; batch: number; ends: number }[] = [];
    let committed = 0;
    for (const step of steps) {
      if ("text" in step) {
        const batch = committed + step.ahead;
        // As Link does: what need not wait does not pass the output.
        if (batch <= committed && output.empty) continue;
        write(output, step.text, batch, step.ends);
        const behind = waiting.at(-1)?.batch ?? 0;
        waiting.push({ ...step, batch: Math.max(batch, behind) });
      } else {
        committed += step.commit;
        const out = waiting.filter(({ batch }) => batch <= committed);
        waiting = waiting.slice(out.length);
        assert.deepEqual(
          open(output, committed),
          [
            out.map(({ text }) => text).join(""),
            out.length === 0
              ? undefined
              : out.reduce((sum, { ends }) => sum + ends, 0),
          ],
        );
      }
      assert.equal(output.empty, waiting.length === 0);
      assert.equal(
        output.bytes,
        waiting.reduce((sum, { text }) => sum + text.length, 0),
      );
    }
  }));
});

Deno.test("UncommittedOutput is full while it acknowledges many bytes of the client's messages, and then says so once", () => {
  const output = new UncommittedOutput();
  const MiB = 1024 * 1024;
  let calls = 0;
  output.count(100 * MiB);
  assert.ok(!output.full);
  write(output, "a", 1);
  output.count(4 * MiB);
  write(output, "b", 2);
  output.count(3 * MiB);
  assert.ok(!output.full);
  write(output, "c", 3);
  output.count(2 * MiB);
  write(output, "d", 4);
  output.count(4 * MiB);
  assert.ok(output.full);
  output.onceRoom(() => calls++);
  open(output, 1);
  assert.ok(output.full);
  assert.equal(calls, 0);
  open(output, 2);
  assert.ok(!output.full);
  open(output, 4);
  assert.equal(calls, 1);
});
