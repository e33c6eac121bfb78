import assert from "node:assert/strict";
import { ByteBuffer } from "../../core/byte_buffer.ts";
import { ManualClock } from "../../core/clock.ts";
import { GroupCommit } from "./group_commit.ts";
import type { BatchNumber } from "../store.ts";

/** A GroupCommit whose batches commit when the test says so. */
function group(longestWait?: number) {
  const clock = new ManualClock();
  const buffer = new ByteBuffer();
  const sent: { batch: BatchNumber; bytes: Uint8Array<ArrayBuffer> }[] = [];
  const commits = new GroupCommit({
    clock,
    ...(longestWait === undefined ? {} : { longestWait }),
    journal: {
      get length() {
        return buffer.length;
      },
      take: (next) => buffer.take(next),
      reset: () => buffer.clear(),
    },
    send: (batch, bytes) => void sent.push({ batch, bytes }),
  });
  const write = (bytes = 1) => {
    buffer.append(new Uint8Array(bytes));
    return commits.wrote();
  };
  const finish = () => {
    const { batch, bytes } = sent[commits.committed]!;
    commits.committedNow(batch, bytes);
  };
  const lengths = () => sent.map(({ bytes }) => bytes.length);
  return { clock, commits, write, finish, lengths };
}

Deno.test("GroupCommit sends what one turn wrote in one batch, in a later turn", async () => {
  const { commits, write, finish, lengths } = group();
  commits.start();
  commits.request(write());
  assert.equal(write(), 1);
  assert.deepEqual(lengths(), []);
  await Promise.resolve();
  assert.deepEqual(lengths(), [2]);
  assert.equal(commits.uncommittedBytes, 2);
  assert.equal(write(), 2);
  assert.equal(commits.uncommittedBytes, 3);
  finish();
  assert.equal(commits.committed, 1);
  assert.equal(commits.uncommittedBytes, 1);
});

Deno.test("GroupCommit gathers all that is written while a commit is under way", async () => {
  const { commits, write, finish, lengths } = group();
  commits.start();
  commits.request(write());
  await Promise.resolve();
  for (let i = 0; i < 1000; i++) {
    commits.request(write());
    await Promise.resolve();
  }
  assert.deepEqual(lengths(), [1]);
  finish();
  assert.deepEqual(lengths(), [1, 1000], "at once: somebody waits");
  finish();
  assert.deepEqual(lengths(), [1, 1000], "nobody waits for more");
});

Deno.test("GroupCommit commits after a second what nobody waits for", async () => {
  const { clock, commits, write, finish, lengths } = group();
  commits.start();
  write();
  clock.advance(999);
  write();
  await Promise.resolve();
  assert.deepEqual(lengths(), []);
  clock.advance(1);
  await Promise.resolve();
  assert.deepEqual(lengths(), [2]);
  clock.advance(10_000);
  await Promise.resolve();
  assert.deepEqual(lengths(), [2], "nothing to commit");
  finish();
  for (let i = 0; i < 50; i++) {
    write();
    clock.advance(20);
    await Promise.resolve();
  }
  assert.deepEqual(lengths(), [2, 50], "one commit for a second of writes");
});

Deno.test("GroupCommit commits sooner, or later, what nobody waits for if it is told to", async () => {
  const { clock, commits, write, lengths } = group(50);
  commits.start();
  write();
  clock.advance(49);
  await Promise.resolve();
  assert.deepEqual(lengths(), []);
  clock.advance(1);
  await Promise.resolve();
  assert.deepEqual(lengths(), [1]);
});

Deno.test("GroupCommit commits large batches though nobody waits", async () => {
  const { commits, write, finish, lengths } = group();
  commits.start();
  const half = 2 * 1024 * 1024;
  assert.equal(write(half), 1);
  await Promise.resolve();
  assert.deepEqual(lengths(), []);
  assert.equal(write(half), 1);
  await Promise.resolve();
  assert.deepEqual(lengths(), [2 * half]);
  finish();
  commits.stop();
});

Deno.test("GroupCommit sends nothing before the start and after the end", async () => {
  const { clock, commits, write, lengths } = group();
  commits.request(write());
  await Promise.resolve();
  assert.deepEqual(lengths(), []);
  commits.start();
  await Promise.resolve();
  assert.deepEqual(lengths(), [1]);
  write();
  commits.finish();
  assert.deepEqual(lengths(), [1, 1], "with what gathered");
  commits.request(write());
  clock.advance(5000);
  await Promise.resolve();
  assert.deepEqual(lengths(), [1, 1]);
  assert.equal(commits.uncommittedBytes, 2, "what comes late is thrown away");
});
