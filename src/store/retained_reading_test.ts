import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { testMessage } from "../../tests/support/stores/store_writes.ts";
import {
  MemoryPlace,
  openStore,
  SqlitePlace,
  type StorePlace,
} from "../../tests/support/stores/stores.ts";
import type { Store } from "./store.ts";

/** The payloads of these topics' retained messages. */
async function read(
  store: Store,
  ...topics: string[]
): Promise<(string | undefined)[]> {
  const { promise, resolve } = Promise.withResolvers<(string | undefined)[]>();
  store.readRetained(topics, (messages) =>
    resolve(
      messages.map((message) =>
        message && new TextDecoder().decode(message.payload)
      ),
    ));
  return await promise;
}

async function checkReading(place: StorePlace): Promise<void> {
  let { store, commit } = await openStore(place.make());
  assert.deepEqual(await read(store, "a"), [undefined]);
  store.retain("a", testMessage("1"));
  store.retain("ä/b", testMessage("2"));
  store.retain("long", testMessage("".padEnd(100_000, ".")));
  await commit(store.retain("gone", testMessage("3")));
  store.retain("gone", undefined);
  await commit(store.retain("a", testMessage("4")));
  const topics = ["ä/b", "gone", "a", "never", "ä/b"];
  const payloads = ["2", undefined, "4", undefined, "2"];
  // Answers come in the order of the questions.
  const [one, other, none] = await Promise.all([
    read(store, ...topics),
    read(store, "long"),
    read(store),
  ]);
  assert.deepEqual(one, payloads);
  assert.equal(other[0]?.length, 100_000);
  assert.deepEqual(none, []);
  await store.close();
  ({ store, commit } = await openStore(place.make()));
  assert.deepEqual(await read(store, ...topics), payloads);
  await store.close();
  await place.remove();
}

Deno.test("MemoryStore.readRetained() gives for each topic what was committed", async () => {
  await checkReading(new MemoryPlace());
});

Deno.test("SqliteStore.readRetained() gives for each topic what was committed", async () => {
  await checkReading(await SqlitePlace.create());
});

Deno.test("SqliteStore.readRetained() sets a damaged row aside, and tells of it once", async () => {
  const place = await SqlitePlace.create();
  const { store, commit, damaged } = await openStore(place.make());
  store.retain("a", testMessage("1"));
  store.retain("b", testMessage("2"));
  await commit(store.retain("c", testMessage("3")));
  const database = new DatabaseSync(place.file);
  database.exec("UPDATE retained SET body = x'00' WHERE topic = 'b'");
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(await read(store, "a", "b", "c"), ["1", undefined, "3"]);
    assert.deepEqual(damaged, [1]);
  }
  const [row, ...others] = database.prepare("SELECT * FROM damaged").all();
  database.close();
  assert.equal(row?.origin, "retained");
  assert.deepEqual(others, []);
  await commit(store.retain("b", testMessage("new")));
  assert.deepEqual(await read(store, "b"), ["new"]);
  await store.close();
  await place.remove();
});
