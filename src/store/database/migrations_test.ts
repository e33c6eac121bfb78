import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "./database.ts";
import { type Migration, MIGRATIONS } from "./migrations.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { schemaVersion } from "./transaction.ts";

/** A database of a version that never was, with one table. */
async function oldDatabase(version: number): Promise<string> {
  const path = `${await Deno.makeTempDir()}/old.db`;
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE thing (name TEXT)");
  database.exec("INSERT INTO thing VALUES ('a'), ('b')");
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
  return path;
}

const ADD_SIZE: Migration = (database) =>
  database.exec("ALTER TABLE thing ADD COLUMN size INTEGER DEFAULT 1");
const SHOUT: Migration = (database) =>
  database.exec("UPDATE thing SET name = upper(name), size = size + 1");

function things(path: string) {
  const database = new DatabaseSync(path);
  const rows = database.prepare("SELECT * FROM thing").all()
    .map((row) => ({ ...row }));
  const version = schemaVersion(database);
  database.close();
  return { rows, version };
}

Deno.test("MIGRATIONS lead from each version to the present one", () => {
  const versions = [...MIGRATIONS.keys()].sort((a, b) => a - b);
  const expected = Array.from({ length: SCHEMA_VERSION - 1 }, (_, i) => i + 1);
  assert.deepEqual(versions, expected);
});

Deno.test("openDatabase brings an older database to the present version step by step", async () => {
  const path = await oldDatabase(5);
  const steps = new Map([[5, ADD_SIZE], [6, SHOUT], [4, SHOUT], [7, SHOUT]]);
  const { database, fresh } = openDatabase(path, { steps, version: 7 });
  assert.equal(fresh, false);
  database.close();
  assert.deepEqual(things(path), {
    rows: [{ name: "A", size: 2 }, { name: "B", size: 2 }],
    version: 7,
  });
  await Deno.remove(path.replace("/old.db", ""), { recursive: true });
});

Deno.test("openDatabase leaves the older version whole where a step fails, and goes on from there", async () => {
  const path = await oldDatabase(5);
  const failing: Migration = (database) => {
    SHOUT(database);
    database.exec("DELETE FROM thing");
    throw new Error("Interrupted");
  };
  const plan = (last: Migration) => ({
    steps: new Map([[5, ADD_SIZE], [6, last]]),
    version: 7,
  });
  assert.throws(() => openDatabase(path, plan(failing)), /Interrupted/);
  assert.deepEqual(things(path), {
    rows: [{ name: "a", size: 1 }, { name: "b", size: 1 }],
    version: 6,
  });
  openDatabase(path, plan(SHOUT)).database.close();
  assert.equal(things(path).version, 7);
  assert.equal(things(path).rows[0]!.name, "A");
  await Deno.remove(path.replace("/old.db", ""), { recursive: true });
});

Deno.test("openDatabase says so if there is no way from an older version", async () => {
  const path = await oldDatabase(4);
  const plan = { steps: new Map([[5, ADD_SIZE]]), version: 6 };
  assert.throws(
    () => openDatabase(path, plan),
    /There is no way from schema 4 to the next/,
  );
  assert.equal(things(path).version, 4);
  await Deno.remove(path.replace("/old.db", ""), { recursive: true });
});
