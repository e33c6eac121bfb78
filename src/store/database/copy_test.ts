import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import {
  openStore,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import { copyDatabase } from "./copy.ts";
import { schemaVersion } from "./transaction.ts";

/** All that a database holds, and how. */
function dump(database: DatabaseSync): unknown {
  const schema = database.prepare(
    "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
  ).all();
  const tables = schema.filter(({ type }) => type === "table");
  const rows = tables.map(({ name }) =>
    database.prepare(`SELECT * FROM ${name} ORDER BY rowid`).all()
  );
  return { schema, rows, version: schemaVersion(database) };
}

Deno.test("copyDatabase copies every row and index, and nothing that is not used", async () => {
  const place = await SqlitePlace.create();
  const { store } = await openStore(place.make());
  for (const [clientId, endedAt] of [["a", 1.7e12], ["b", 0.5]] as const) {
    store.saveSession({ clientId, expiryInterval: Infinity, endedAt });
  }
  const parts = { qos: 2, retain: true, identifiers: [268_435_455] } as const;
  const message = testMessage("shared");
  for (const owner of ["a", "b", "$share/g/t"]) {
    store.enqueue(owner, { ...parts, number: 2 ** 52, message });
  }
  store.assign("$share/g/t", 2 ** 52, "b", 65_535);
  store.saveReceived("b", 65_535);
  store.retain("t", testMessage("x".repeat(50_000)));
  await store.close();
  using from = new DatabaseSync(place.file);
  from.exec(`
    INSERT INTO damaged VALUES (5, 0.25, 'message', '{}');
    CREATE TABLE long AS SELECT zeroblob(1000000) AS x;
    DROP TABLE long;
  `);
  const steps: number[][] = [];
  const path = `${place.folder}/copy`;
  copyDatabase(from, path, (...step) => steps.push(step));
  using to = new DatabaseSync(path);
  assert.deepEqual(dump(to), dump(from));
  assert.equal(to.prepare("PRAGMA freelist_count").get()!.freelist_count, 0);
  assert.deepEqual(steps.at(-1), [steps.length, steps.length]);
  const pages = (database: DatabaseSync) =>
    Number(database.prepare("PRAGMA page_count").get()!.page_count);
  assert.ok(pages(to) + 200 < pages(from));
  await place.remove();
});
