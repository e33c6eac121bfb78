import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import { utf8 } from "../../tests/support/bytes.ts";
import { PATIENCE } from "../../tests/support/clients/inbox.ts";
import { TRANSPORTS } from "../../tests/support/programs/transports.ts";
import type { Transport } from "./transport.ts";

/** Bytes that do not repeat themselves soon. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from(
    { length },
    (_, index) => (index * 31 + (index >> 8)) & 0xff,
  );
}

/** Reads so many bytes through a buffer of this size. */
async function readAll(
  transport: Transport,
  length: number,
  size: number,
): Promise<Uint8Array> {
  const all = new Uint8Array(length);
  const buffer = new Uint8Array(size);
  for (let at = 0; at < length;) {
    const count = await deadline(transport.read(buffer), PATIENCE);
    assert.ok(count !== null && count > 0, `Read ${count} at ${at}`);
    all.set(buffer.subarray(0, count), at);
    at += count;
  }
  return all;
}

/** Writes all bytes; says in how many steps. */
async function writeAll(
  transport: Transport,
  bytes: Uint8Array,
): Promise<number> {
  let steps = 0;
  for (let at = 0; at < bytes.length; steps++) {
    const count = await transport.write(bytes.subarray(at));
    assert.ok(count > 0);
    at += count;
  }
  return steps;
}

for (const { name, open } of TRANSPORTS) {
  Deno.test(`Transport over ${name} knows the other end`, async () => {
    using pair = await open();
    const { transport, host, peer } = pair;
    assert.equal(transport.host, host);
    assert.equal(transport.peer, peer);
    assert.equal(transport.certificate, undefined);
  });

  Deno.test(`Transport over ${name} reads what comes in order, through buffers of any size`, async () => {
    using pair = await open();
    const { transport, far } = pair;
    for (const size of [1, 7, 1000, 1 << 20]) {
      const bytes = pattern(size === 1 ? 500 : 300_000);
      const writing = (async () => {
        for (let at = 0; at < bytes.length; at += 9_973) {
          await far.write(bytes.subarray(at, at + 9_973));
        }
      })();
      const read = await readAll(transport, bytes.length, size);
      await writing;
      assert.deepEqual(read, bytes);
    }
  });

  Deno.test(`Transport over ${name} waits for the first byte`, async () => {
    using pair = await open();
    const { transport, far } = pair;
    const buffer = new Uint8Array(10);
    const reading = transport.read(buffer);
    await far.write(utf8("abc"));
    assert.equal(await reading, 3);
    assert.deepEqual(buffer.subarray(0, 3), utf8("abc"));
  });

  Deno.test(`Transport over ${name} writes much to who reads slowly, and all of it arrives`, async () => {
    using pair = await open();
    const { transport, far } = pair;
    const bytes = pattern(8_000_000);
    const writing = writeAll(transport, bytes);
    let length = 0;
    while (length < bytes.length) {
      const part = await deadline(far.read(), PATIENCE);
      assert.ok(part !== undefined);
      assert.deepEqual(part, bytes.subarray(length, length + part.length));
      length += part.length;
    }
    assert.ok(await writing > 1, "Written in one step");
  });

  Deno.test(`Transport over ${name} makes writes wait for who does not read`, async () => {
    using pair = await open();
    const { transport } = pair;
    const bytes = new Uint8Array(100_000);
    let written = 0;
    const writing = (async () => {
      for (;;) written += await transport.write(bytes);
    })();
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    assert.ok(written < 50_000_000, `Took ${written} bytes`);
    transport.close();
    await assert.rejects(writing);
  });

  Deno.test(`Transport over ${name} reads the end of the stream after all that came before`, async () => {
    using pair = await open();
    const { transport, far } = pair;
    const bytes = pattern(100_000);
    const writing = far.write(bytes).then(() => far.closeWrite());
    assert.deepEqual(await readAll(transport, bytes.length, 4096), bytes);
    await writing;
    // What a client sees of our end makes it close its own.
    const closing = (async () => {
      while (await far.read() !== undefined);
      far.close();
    })();
    if (name.startsWith("ws")) await closing;
    const buffer = new Uint8Array(10);
    assert.equal(await deadline(transport.read(buffer), PATIENCE), null);
    assert.equal(await deadline(transport.read(buffer), PATIENCE), null);
    transport.close();
    await closing;
  });

  Deno.test(`Transport over ${name} reads on after closeWrite`, async () => {
    using pair = await open();
    const { transport, far } = pair;
    await writeAll(transport, utf8("last"));
    await transport.closeWrite();
    assert.deepEqual(await far.read(), utf8("last"));
    assert.equal(await far.read(), undefined);
    await far.write(utf8("and yet"));
    assert.deepEqual(await readAll(transport, 7, 3), utf8("and yet"));
    await far.closeWrite();
    if (name.startsWith("ws")) assert.equal(await far.read(), undefined);
    far.close();
    assert.equal(
      await deadline(transport.read(new Uint8Array(1)), PATIENCE),
      null,
    );
  });

  Deno.test(`Transport over ${name} rejects what is under way when it is closed, and what comes then`, async () => {
    using pair = await open();
    const { transport, far } = pair;
    const buffer = new Uint8Array(10);
    const reading = assert.rejects(transport.read(buffer));
    transport.close();
    transport.close();
    await deadline(reading, PATIENCE);
    await assert.rejects(transport.read(buffer));
    await assert.rejects(transport.write(buffer));
    assert.equal(
      await deadline(far.read().catch(() => undefined), PATIENCE),
      undefined,
    );
  });

  Deno.test(`Transport over ${name} ends when the other end breaks off`, async () => {
    using pair = await open();
    const { transport, far } = pair;
    far.close();
    const buffer = new Uint8Array(10);
    const read = await deadline(
      transport.read(buffer).catch(() => null),
      PATIENCE,
    );
    assert.equal(read, null);
    const writing = (async () => {
      for (;;) await transport.write(new Uint8Array(100_000));
    })();
    await deadline(assert.rejects(writing), PATIENCE);
  });
}
