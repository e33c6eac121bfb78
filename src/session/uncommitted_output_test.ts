import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteBuffer } from "../core/byte_buffer.ts";
import { Gate } from "./uncommitted_output.ts";

function write(gate: Gate, text: string, batch: number, ends = 0): void {
  gate.buffer.append(new TextEncoder().encode(text));
  gate.mark(batch, ends);
}

function open(gate: Gate, batch: number): [string, number | undefined] {
  const out = new ByteBuffer();
  const ends = gate.open(batch, out);
  return [new TextDecoder().decode(out.bytes.subarray(0, out.length)), ends];
}

Deno.test("Gate lets out what waits for committed batches, in order", () => {
  const gate = new Gate();
  assert.ok(gate.empty);
  write(gate, "a", 1, 1);
  write(gate, "b", 2, 1);
  write(gate, "c", 3, 2);
  assert.equal(gate.empty, false);
  assert.equal(gate.bytes, 3);
  assert.deepEqual(open(gate, 0), ["", undefined]);
  assert.deepEqual(open(gate, 2), ["ab", 2]);
  assert.equal(gate.bytes, 1);
  assert.deepEqual(open(gate, 2), ["", undefined]);
  assert.deepEqual(open(gate, 9), ["c", 2]);
  assert.ok(gate.empty);
  assert.equal(gate.bytes, 0);
});

Deno.test("Gate holds back what needs no disk behind what does [MQTT-4.6.0-2]", () => {
  const gate = new Gate();
  write(gate, "a", 5, 1);
  write(gate, "b", 0, 1);
  write(gate, "c", 4, 1);
  assert.deepEqual(open(gate, 4), ["", undefined]);
  assert.deepEqual(open(gate, 5), ["abc", 3]);
});

Deno.test("Gate goes on being written to after it was opened in part", () => {
  const gate = new Gate();
  write(gate, "ab", 1);
  write(gate, "cd", 2);
  open(gate, 1);
  write(gate, "ef", 2, 1);
  write(gate, "gh", 3, 1);
  assert.deepEqual(open(gate, 2), ["cdef", 1]);
  assert.deepEqual(open(gate, 3), ["gh", 1]);
});

Deno.test("Gate lets every byte out once, in order, and none before its batch", () => {
  const step = fc.oneof(
    fc.record({
      text: fc.string({ minLength: 1, maxLength: 30, unit: "grapheme-ascii" }),
      ahead: fc.integer({ min: 0, max: 3 }),
      ends: fc.integer({ min: 0, max: 2 }),
    }),
    fc.record({ commit: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(fc.property(fc.array(step), (steps) => {
    const gate = new Gate();
    let waiting: { text: string; batch: number; ends: number }[] = [];
    let committed = 0;
    for (const step of steps) {
      if ("text" in step) {
        const batch = committed + step.ahead;
        // As Link does: what need not wait does not pass the gate.
        if (batch <= committed && gate.empty) continue;
        write(gate, step.text, batch, step.ends);
        const behind = waiting.at(-1)?.batch ?? 0;
        waiting.push({ ...step, batch: Math.max(batch, behind) });
      } else {
        committed += step.commit;
        const out = waiting.filter(({ batch }) => batch <= committed);
        waiting = waiting.slice(out.length);
        assert.deepEqual(
          open(gate, committed),
          [
            out.map(({ text }) => text).join(""),
            out.length === 0
              ? undefined
              : out.reduce((sum, { ends }) => sum + ends, 0),
          ],
        );
      }
      assert.equal(gate.empty, waiting.length === 0);
      assert.equal(
        gate.bytes,
        waiting.reduce((sum, { text }) => sum + text.length, 0),
      );
    }
  }));
});

Deno.test("Gate is full while it acknowledges many bytes of the client's messages, and then says so once", () => {
  const gate = new Gate();
  const MiB = 1024 * 1024;
  let calls = 0;
  gate.count(100 * MiB);
  assert.ok(!gate.full);
  write(gate, "a", 1);
  gate.count(4 * MiB);
  write(gate, "b", 2);
  gate.count(3 * MiB);
  assert.ok(!gate.full);
  write(gate, "c", 3);
  gate.count(2 * MiB);
  write(gate, "d", 4);
  gate.count(4 * MiB);
  assert.ok(gate.full);
  gate.onceRoom(() => calls++);
  open(gate, 1);
  assert.ok(gate.full);
  assert.equal(calls, 0);
  open(gate, 2);
  assert.ok(!gate.full);
  open(gate, 4);
  assert.equal(calls, 1);
});
