import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { WalIndex } from "./wal_index.ts";

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
