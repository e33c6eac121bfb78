import assert from "node:assert/strict";
import fc from "fast-check";
import { describeContents } from "../../../tests/support/stores/describe_contents.ts";
import {
  Scribe,
  STEPS,
  testMessage,
} from "../../../tests/support/stores/store_writes.ts";
import { ByteBuffer } from "../../core/byte_buffer.ts";
import { Contents } from "../contents.ts";
import {
  appendFloat,
  appendNumber,
  appendText,
  EncodingReader,
  numberLength,
} from "./encoding.ts";
import { JournalReader } from "./reader.ts";
import { JournalWriter } from "./writer.ts";
import { MessageBodies } from "./message_body.ts";

Deno.test("EncodingReader reads what was appended", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 100 });
  const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
  const double = fc.double({ noNaN: true });
  fc.assert(fc.property(text, number, double, (text, number, double) => {
    const buffer = new ByteBuffer();
    appendNumber(buffer, number);
    assert.equal(buffer.length, numberLength(number));
    appendText(buffer, text);
    appendFloat(buffer, double);
    appendNumber(buffer, number);
    const from = new EncodingReader(buffer.take());
    assert.equal(from.number(), number);
    assert.equal(from.text(), text);
    assert.equal(from.float(), double);
    assert.equal(from.number(), number);
    assert.equal(from.at, from.end);
  }));
});

Deno.test("JournalReader tells what was written, also in pieces", () => {
  fc.assert(
    fc.property(STEPS, fc.integer({ min: 1, max: 10 }), (steps, each) => {
      const writer = new JournalWriter(new MessageBodies());
      const reader = new JournalReader(new MessageBodies());
      const scribe = new Scribe();
      const read = new Contents();
      let writes = 0;
      for (const step of steps) {
        if (["commit", "close", "crash"].includes(step[0])) continue;
        scribe.write(step, writer);
        if (++writes % each === 0) reader.read(writer.take(), read);
      }
      reader.read(writer.take(), read);
      assert.deepEqual(
        describeContents(read),
        describeContents(scribe.written),
      );
    }),
  );
});

Deno.test("JournalWriter writes a message once, however many deliveries refer to it", () => {
  const writer = new JournalWriter(new MessageBodies());
  const message = testMessage("x".repeat(1000));
  const delivery = { message, qos: 1, retain: false, identifiers: [] } as const;
  for (let i = 0; i < 100; i++) {
    writer.enqueue(`c${i}`, { ...delivery, number: i });
  }
  assert.ok(writer.length < 2500, `${writer.length} bytes`);
  const owners = new Set<unknown>();
  const sink = new Contents();
  sink.enqueue = (_owner, { message }) => void owners.add(message);
  new JournalReader(new MessageBodies()).read(writer.take(), sink);
  assert.equal(owners.size, 1, "and it is one message again");
});
