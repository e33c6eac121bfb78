import assert from "node:assert/strict";
import { SpanSender } from "./span_sender.ts";

/** A collector that answers when a test says so. */
class Collector {
  readonly batches: number[][] = [];
  #done: ((result: { code: number; error?: Error }) => void) | undefined;
  isShut = false;
  answersAtOnce = false;

  export(
    spans: number[],
    done: (result: { code: number; error?: Error }) => void,
  ): void {
    this.batches.push(spans);
    if (this.answersAtOnce) done({ code: 0 });
    else this.#done = done;
  }
  shutdown(): Promise<void> {
    this.isShut = true;
    return Promise.resolve();
  }
  /** Answers the batch that was sent last. */
  async answer(error?: Error): Promise<void> {
    const done = this.#done!;
    this.#done = undefined;
    done(error === undefined ? { code: 0 } : { code: 1, error });
    // Whoever waited for it goes on.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function senderFor(exporter: Collector) {
  const sent: [number, string | undefined][] = [];
  let dropped = 0;
  const sender = new SpanSender<number>({
    exporter,
    onSent: (spans, error) => sent.push([spans, error?.message]),
    onDropped: () => dropped++,
  });
  return { sender, sent, dropped: () => dropped };
}

Deno.test("SpanSender sends one batch after the other, and tells what became of each", async () => {
  const collector = new Collector();
  const { sender, sent } = senderFor(collector);
  for (let span = 0; span < 1100; span++) sender.onEnd(span);
  assert.deepEqual(collector.batches.map(({ length }) => length), [512]);
  await collector.answer();
  await collector.answer(new Error("full"));
  assert.deepEqual(collector.batches.map(({ length }) => length), [
    512,
    512,
    76,
  ]);
  await collector.answer();
  assert.deepEqual(sent, [[512, undefined], [512, "full"], [76, undefined]]);
  assert.equal(collector.batches.flat().length, 1100);
  await sender.shutdown();
  assert.ok(collector.isShut);
});

Deno.test("SpanSender drops what is too much, and what comes after its end", async () => {
  const collector = new Collector();
  const { sender, dropped } = senderFor(collector);
  for (let span = 0; span < 512 + 8192 + 3; span++) sender.onEnd(span);
  assert.equal(dropped(), 3);
  const closed = sender.shutdown();
  sender.onEnd(0);
  assert.equal(dropped(), 4);
  collector.answersAtOnce = true;
  await collector.answer();
  await closed;
  assert.equal(collector.batches.flat().length, 512 + 8192);
});

Deno.test("SpanSender sends a few after a while, or when it is told to", async () => {
  const collector = new Collector();
  const { sender, sent } = senderFor(collector);
  sender.onEnd(1);
  sender.onEnd(2);
  assert.deepEqual(collector.batches, []);
  const flushed = sender.forceFlush();
  assert.deepEqual(collector.batches, [[1, 2]]);
  await collector.answer();
  await flushed;
  assert.deepEqual(sent, [[2, undefined]]);
  await sender.shutdown();
});
