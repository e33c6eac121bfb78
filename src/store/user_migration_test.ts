import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { testMessage } from "../../tests/support/stores/store_writes.ts";
import { openStore, SqlitePlace } from "../../tests/support/stores/stores.ts";

const OLD = { clientId: "old", expiryInterval: 60, endedAt: 1_700_000_000_000 };

Deno.test("SqliteStore goes on with a database of version 1, which knew no users", async () => {
  const place = await SqlitePlace.create();
  const will = {
    message: testMessage("a will"),
    delayInterval: 1,
    expiryInterval: -1,
  };
  const first = await openStore(place.make());
  first.store.saveSession(OLD);
  first.store.saveWill("old", will);
  await first.store.close();
  const database = new DatabaseSync(place.file);
  database.exec(
    `ALTER TABLE session DROP COLUMN user; ALTER TABLE will DROP COLUMN user;
     PRAGMA user_version = 1`,
  );
  database.close();

  const second = await openStore(place.make());
  assert.deepEqual(second.damaged, []);
  assert.deepEqual([...second.held.sessions.values()], [OLD]);
  assert.equal(second.held.wills.get("old")?.user, undefined);
  second.store.saveSession({ ...OLD, user: "ann" });
  second.store.saveWill("old", { ...will, user: "ann" });
  await second.store.close();

  const third = await openStore(place.make());
  assert.deepEqual(third.damaged, []);
  assert.deepEqual([...third.held.sessions.values()], [{
    ...OLD,
    user: "ann",
  }]);
  assert.equal(third.held.wills.get("old")?.user, "ann");
  await third.store.close();
  await place.remove();
});
