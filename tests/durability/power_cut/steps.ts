// What is written to the store before the power is cut, step by step, and what must be there of it afterwards.

import assert from "node:assert/strict";
import type { Message } from "../../../src/store/message.ts";
import type { JournalWriter } from "../../../src/store/journal/writer.ts";
import type { HeldContents } from "../../support/stores/held_contents.ts";
import { testMessage } from "../../support/stores/store_writes.ts";

/** How many steps there are, each acknowledged by itself. */
export const STEPS = 14;

const PARTS = { qos: 1, retain: false, identifiers: [] } as const;

/** Deliveries of the session that is removed: more than go in one slice. */
const REMOVED_AT = 6;
const MANY = 600;

/** What is written in a step, counted from 1. */
export function journalOf(
  step: number,
  to: JournalWriter<Message>,
): Uint8Array {
  if (step === 1) {
    for (const clientId of ["c", "gone"]) {
      to.saveSession({ clientId, expiryInterval: 5, endedAt: undefined });
    }
    for (let number = 1; number <= MANY; number++) {
      to.enqueue("gone", { ...PARTS, number, message: testMessage("gone") });
    }
  }
  if (step === REMOVED_AT) to.removeSession("gone");
  const message = testMessage(`kept ${step} ${"x".repeat(300 * (step % 4))}`);
  to.enqueue("c", { ...PARTS, number: step, message });
  to.saveReceived("c", step);
  to.retain(`t/${step % 3}`, testMessage(`${step}`));
  return to.take();
}

/** Requires of a store all that was acknowledged, which are the steps up to this one, and nothing that never was. */
export function requireSteps(acknowledged: number, held: HeldContents): void {
  const numbers = [...held.deliveries.get("c")?.keys() ?? []]
    .toSorted((a, b) => a - b);
  const count = numbers.length;
  assert.deepEqual(numbers, Array.from({ length: count }, (_, at) => at + 1));
  assert.ok(
    count === acknowledged || count === acknowledged + 1,
    `${count} of ${acknowledged} are there`,
  );
  assert.equal(held.received.get("c")?.size ?? 0, count);
  for (let step = Math.max(1, count - 2); step <= count; step++) {
    const { payload } = held.retained.get(`t/${step % 3}`)!;
    assert.equal(new TextDecoder().decode(payload), `${step}`);
  }
  assert.equal(held.sessions.has("gone"), count > 0 && count < REMOVED_AT);
}
