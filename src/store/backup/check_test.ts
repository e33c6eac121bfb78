import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import {
  openStore,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import { StartError } from "../../core/errors.ts";
import { checkStore } from "./check.ts";

/** What a check finds, as `where row: problem`. */
async function problems(folder: string): Promise<string[]> {
  const found: string[] = [];
  await checkStore(folder, {
    step: () => {},
    problem: ({ where, row, problem }) =>
      found.push(`${where} ${row}: ${problem}`),
  });
  return found;
}

/** A place with something in each table, closed well. */
async function filled(): Promise<SqlitePlace> {
  const place = await SqlitePlace.create();
  const { store } = await openStore(place.make());
  store.saveSession({ clientId: "c", expiryInterval: 5, endedAt: 5 });
  store.saveSubscription("c", {
    filter: "f",
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    identifier: 0,
  });
  const parts = { qos: 1, retain: false, identifiers: [] } as const;
  store.enqueue("c", { ...parts, number: 1, message: testMessage("x") });
  store.assign("c", 1, "c", 1);
  store.saveReceived("c", 1);
  store.retain("t", testMessage("retained"));
  const message = testMessage("will");
  store.saveWill("w", { message, delayInterval: 0, expiryInterval: -1 });
  const shared = testMessage("shared");
  store.enqueue("$share/g/t", { ...parts, number: 1, message: shared });
  store.enqueue("$share/h/t", { ...parts, number: 1, message: shared });
  await store.close();
  return place;
}

function tamper(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

const CHECKSUM = "its checksum is wrong";
const NO_OWNER = "what it belongs to is missing or damaged";

/** Damage, and what is found. */
const DAMAGES: Readonly<Record<string, readonly string[]>> = {
  "SELECT 1": [],
  "UPDATE meta SET value = '{}' WHERE key = 'clock'": [`meta n: ${CHECKSUM}`],
  "UPDATE session SET ended_at = 6": [
    `session 1: ${CHECKSUM}`,
    `subscription 1: ${NO_OWNER}`,
    `received 65537: ${NO_OWNER}`,
    `delivery 1: ${NO_OWNER}`,
    "inflight 1: its delivery is damaged",
  ],
  "UPDATE subscription SET options = 0": [`subscription 1: ${CHECKSUM}`],
  "UPDATE received SET checksum = 0": [`received 65537: ${CHECKSUM}`],
  "UPDATE delivery SET body = x'00' WHERE id = 1": [
    `delivery 1: ${CHECKSUM}`,
    "inflight 1: its delivery is damaged",
  ],
  "DELETE FROM delivery WHERE id = 1": [
    "delivery undefined: 1 rows are missing that were there at the end",
    "inflight 1: its delivery is missing",
  ],
  "DELETE FROM message": [
    "delivery 2: its message is missing or damaged",
    "delivery 3: its message is missing or damaged",
  ],
  "UPDATE message SET body = x'00'": [
    `message 1: ${CHECKSUM}`,
    "delivery 2: its message is missing or damaged",
    "delivery 3: its message is missing or damaged",
  ],
  "DROP TRIGGER message_goes_with_its_last_delivery; DELETE FROM delivery WHERE message = 1":
    [
      "delivery undefined: 2 rows are missing that were there at the end",
      "message 1: no delivery refers to it",
    ],
  // Of an owner that is gone, what is left is no damage.
  "INSERT INTO purge VALUES (2); DELETE FROM owner WHERE id = 2": [
    "delivery undefined: 1 rows are missing that were there at the end",
  ],
  "UPDATE inflight SET packet_id = 2": [`inflight 1: ${CHECKSUM}`],
  "UPDATE retained SET topic = 'u'": [`retained 1: ${CHECKSUM}`],
  "UPDATE will SET body = 'text'": [`will 1: ${CHECKSUM}`],
};

Deno.test("checkStore finds each kind of damage, and changes nothing", async () => {
  const place = await filled();
  const sound = await Deno.readFile(place.file);
  for (const [damage, expected] of Object.entries(DAMAGES)) {
    await Deno.writeFile(place.file, sound);
    tamper(place.file, damage);
    const before = await Deno.readFile(place.file);
    const found = await problems(place.folder);
    assert.deepEqual(
      // In which order keys were noted does not matter.
      found.map((one) => one.replace(/^meta \d+/, "meta n")).toSorted(),
      expected.toSorted(),
      damage,
    );
    assert.deepEqual(await Deno.readFile(place.file), before);
  }
  await place.remove();
});

Deno.test("checkStore goes on behind a page that cannot be read", async () => {
  const place = await filled();
  const database = new DatabaseSync(place.file);
  const { rootpage } = database.prepare(
    "SELECT rootpage FROM sqlite_schema WHERE name = 'subscription'",
  ).get()!;
  database.close();
  const bytes = await Deno.readFile(place.file);
  const start = (Number(rootpage) - 1) * 4096;
  bytes.fill(0, start, start + 4096);
  await Deno.writeFile(place.file, bytes);
  tamper(place.file, "UPDATE retained SET topic = 'u'");
  const found = await problems(place.folder);
  assert.ok(found.some((one) => one.startsWith("file undefined: ")));
  assert.ok(
    found.some((one) =>
      one.startsWith("subscription undefined: it cannot be read to its end")
    ),
    found.join("\n"),
  );
  assert.ok(found.includes(`retained 1: ${CHECKSUM}`), found.join("\n"));
  await place.remove();
});

Deno.test("checkStore says what it cannot open", async () => {
  const place = await filled();
  const { folder, file } = place;
  tamper(file, "PRAGMA user_version = 99");
  const refused = async (sentence: RegExp) =>
    await assert.rejects(problems(folder), (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, /^Cannot read the store in /);
      assert.match(error.message, sentence);
      return true;
    });
  await refused(/newer version of mailboxqtt \(schema 99/);
  await Deno.writeTextFile(file, "not a database".repeat(1000));
  await refused(/: file is not a database$/);
  await Deno.truncate(file);
  await refused(/: there is no store in this folder$/);
  await Deno.remove(file);
  await refused(/: there is no store in this folder$/);
  await Deno.remove(folder, { recursive: true });
  await refused(/: there is no such folder$/);
  await Deno.writeTextFile(folder, "a file");
  await refused(/: not a directory/);
  await place.remove();
});
