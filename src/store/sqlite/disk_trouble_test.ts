import assert from "node:assert/strict";
import { troubleOf } from "./disk_trouble.ts";

Deno.test("troubleOf() knows a disk that may heal from a fault that does not", () => {
  const sqlite = (errcode: number) => Object.assign(new Error(), { errcode });
  assert.equal(troubleOf(sqlite(13)), "full");
  assert.equal(troubleOf(sqlite(4874)), "full");
  assert.equal(troubleOf(sqlite(778)), "io");
  assert.equal(troubleOf(sqlite(1034)), "io");
  assert.equal(troubleOf(sqlite(11)), undefined);
  assert.equal(troubleOf(new Error("database or disk is full")), "full");
  assert.equal(troubleOf(new Error("disk I/O error")), "io");
  assert.equal(troubleOf(new Error("malformed")), undefined);
  assert.equal(troubleOf("disk I/O error"), undefined);
});
