import assert from "node:assert/strict";
import { Corruption, judgeOfDamage } from "./corruption.ts";

function sqliteError(errcode: number): Error {
  return Object.assign(new Error("from SQLite"), { errcode });
}

Deno.test("judgeOfDamage() has damage mended at once, and a place that stays unreadable after a while", () => {
  const SQLITE_CORRUPT = 11;
  const SQLITE_FULL = 13;
  const SQLITE_IOERR_READ = 266;
  const SQLITE_IOERR_WRITE = 778;
  assert.equal(judgeOfDamage()(sqliteError(SQLITE_CORRUPT)), true);
  assert.equal(judgeOfDamage()(new Corruption("a row")), true);
  const isDamage = judgeOfDamage(3);
  assert.equal(isDamage(sqliteError(SQLITE_IOERR_READ)), false);
  for (let n = 0; n < 9; n++) {
    assert.equal(isDamage(sqliteError(SQLITE_IOERR_WRITE)), false);
    assert.equal(isDamage(sqliteError(SQLITE_FULL)), false);
  }
  assert.equal(isDamage(sqliteError(SQLITE_IOERR_READ)), false);
  assert.equal(isDamage(sqliteError(SQLITE_IOERR_READ)), true);
});
