import assert from "node:assert/strict";
import { LogWriter } from "./writer.ts";

/** A stream whose writes end when the test says so. */
class SlowStream {
  readonly written: string[] = [];
  #pending: PromiseWithResolvers<number> | undefined;

  write(bytes: Uint8Array): Promise<number> {
    this.written.push(new TextDecoder().decode(bytes));
    this.#pending = Promise.withResolvers();
    return this.#pending.promise;
  }

  async end(bytes: number): Promise<void> {
    this.#pending!.resolve(bytes);
    await flush();
  }

  async fail(): Promise<void> {
    this.#pending!.reject(new Deno.errors.BrokenPipe());
    await flush();
  }
}

/** Lets everything happen that waits for nothing else. */
async function flush(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

Deno.test("LogWriter gathers lines while a write is under way", async () => {
  const stream = new SlowStream();
  const writer = new LogWriter(stream);
  writer.write("a");
  writer.write("b");
  writer.write("ü");
  assert.deepEqual(stream.written, ["a\n"]);
  await stream.end(2);
  assert.deepEqual(stream.written, ["a\n", "b\nü\n"]);
  await stream.end(2);
  assert.deepEqual(
    stream.written,
    ["a\n", "b\nü\n", "ü\n"],
    "goes on after a part",
  );
  await stream.end(3);
  writer.write("c");
  assert.equal(stream.written.at(-1), "c\n");
  await stream.end(2);
  await writer.finish(60_000);
});

Deno.test("LogWriter loses lines rather than memory, and says how many", async () => {
  const stream = new SlowStream();
  let lost = 0;
  const writer = new LogWriter(stream, {
    capacity: 10,
    onLost: (lines) => lost += lines,
  });
  for (let i = 0; i < 100; i++) writer.write("12345");
  assert.equal(lost, 0);
  await stream.end(6);
  assert.equal(lost, 97);
  assert.equal(stream.written[1], "12345\n12345\n");
  await stream.end(12);
  await writer.finish(60_000);
});

Deno.test("LogWriter outlives a stream that fails", async () => {
  const stream = new SlowStream();
  let lost = 0;
  const writer = new LogWriter(stream, { onLost: (lines) => lost += lines });
  writer.write("a");
  await stream.fail();
  writer.write("b");
  await stream.end(2);
  assert.deepEqual(stream.written, ["a\n", "b\n"]);
  assert.equal(lost, 1);
});

Deno.test("LogWriter.finish waits no longer than it is told", async () => {
  const stream = new SlowStream();
  const writer = new LogWriter(stream);
  writer.write("a");
  await writer.finish(1);
  assert.deepEqual(stream.written, ["a\n"]);
});

Deno.test("LogWriter.finish returns at once if nothing waits", async () => {
  await new LogWriter(new SlowStream()).finish(60_000);
});
