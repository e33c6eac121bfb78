import assert from "node:assert/strict";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import { ByteBuffer } from "../../core/byte_buffer.ts";
import { EncodingReader } from "./encoding.ts";
import { MessageBodies } from "./message_body.ts";
import type { Message } from "../message.ts";

/** A message as it is read again, and the bytes that it was read from. */
function readAgain(
  bodies: MessageBodies,
  payload: string,
): { message: Message; bytes: Uint8Array<ArrayBuffer> } {
  const buffer = new ByteBuffer();
  new MessageBodies().append(buffer, testMessage(payload));
  const bytes = buffer.take();
  const from = new EncodingReader(bytes);
  const length = from.number();
  const message = bodies.decode(bytes, from.at, from.at + length);
  return { message, bytes };
}

Deno.test("MessageBodies.decode() copies no payload", () => {
  const { message, bytes } = readAgain(new MessageBodies(), "payload");
  assert.equal(new TextDecoder().decode(message.payload), "payload");
  assert.equal(message.source.buffer, bytes.buffer);
  assert.equal(message.owned, message);
});

Deno.test("MessageBodies remembers topics without the messages around them", () => {
  const bodies = new MessageBodies();
  const [, second, third] = ["first", "second", "third"].map((payload) =>
    readAgain(bodies, payload)
  );
  assert.equal(third!.message.topic, second!.message.topic);
  assert.notEqual(second!.message.topic.bytes.buffer, second!.bytes.buffer);
  assert.equal(new TextDecoder().decode(third!.message.topic.bytes), "t");
});
