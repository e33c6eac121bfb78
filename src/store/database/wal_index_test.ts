import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { WalIndex, writtenBetween } from "./wal_index.ts";

Deno.test("WalIndex.read() tells how many pages are in the log, and what of it is in the database", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/db`;
  const index = new WalIndex(path);
  assert.equal(index.read().frames, 0);
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  const before = index.read();
  assert.ok(before.frames > 0);
  assert.equal(before.pageSize, 4096);
  database.exec("INSERT INTO t VALUES (zeroblob(40000))");
  const after = index.read();
  assert.ok(after.frames - before.frames >= 10);
  assert.ok(after.pages - before.pages >= 9);
  database.exec("PRAGMA wal_checkpoint");
  assert.deepEqual(index.read(), { ...after, checkpointed: after.frames });
  database.exec("INSERT INTO t VALUES (zeroblob(90000))");
  assert.notEqual(index.read().salt, after.salt, "the log began anew");
  database.close();
  index.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("writtenBetween() follows SQLite's log", () => {
  const size = { pageSize: 4096, pages: 8 };
  const log = { salt: 1, frames: 10, checkpointed: 0, ...size };
  const frame = 4096 + 24;
  const page = 4096;
  assert.deepEqual(writtenBetween(log, log), { bytes: 0, fsyncs: 0 });
  assert.deepEqual(writtenBetween(log, { ...log, frames: 12 }), {
    bytes: 2 * frame,
    fsyncs: 1,
  });
  const part = { ...log, checkpointed: 3 };
  assert.deepEqual(writtenBetween(log, part), { bytes: 3 * page, fsyncs: 2 });
  const whole = { ...log, checkpointed: 10 };
  // Of ten pages in the log there are no more than eight different ones.
  assert.deepEqual(writtenBetween(log, whole), { bytes: 8 * page, fsyncs: 2 });
  const anew = { salt: 2, frames: 3, checkpointed: 0, ...size };
  const three = 32 + 3 * frame;
  assert.deepEqual(writtenBetween(whole, anew), { bytes: three, fsyncs: 2 });
  const truncated = { salt: 2, frames: 0, checkpointed: 0, ...size };
  assert.deepEqual(writtenBetween(log, truncated), {
    bytes: 8 * page,
    fsyncs: 2,
  });
  assert.deepEqual(writtenBetween(truncated, anew), {
    bytes: three,
    fsyncs: 2,
  });
});
