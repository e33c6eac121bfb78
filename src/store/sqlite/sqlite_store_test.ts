import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { HeldContents } from "../../../tests/support/stores/held_contents.ts";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import {
  openStore,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import { ManualClock } from "../../core/clock.ts";
import { StartError } from "../../core/errors.ts";
import type { Message } from "../message.ts";

const SESSION = { clientId: "c", expiryInterval: Infinity, endedAt: undefined };

function delivery(number: number, message = testMessage(`message ${number}`)) {
  return { number, message, qos: 1, retain: false, identifiers: [] } as const;
}

function payloads(messages: readonly Message[]): string[] {
  return messages.map(({ payload }) => new TextDecoder().decode(payload));
}

/** Does something to the database in a file. */
function tamper<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Fills a place with a session and three messages, ends well, and lets the test work on the file. */
async function filled(place: SqlitePlace) {
  const { store } = await openStore(place.make());
  store.saveSession(SESSION);
  for (let number = 1; number <= 3; number++) {
    store.enqueue("c", delivery(number));
  }
  await store.close();
}

Deno.test("SqliteStore commits what one turn wrote at once, and gathers while it does", async () => {
  const place = await SqlitePlace.create();
  const { store, committed, committedBy } = await openStore(place.make());
  store.saveSession(SESSION);
  for (let number = 1; number <= 1000; number++) {
    store.request(store.enqueue("c", delivery(number)));
  }
  assert.equal(store.committed, 0);
  await Promise.resolve();
  for (let number = 1001; number <= 2000; number++) {
    store.request(store.enqueue("c", delivery(number)));
  }
  assert.ok(store.uncommittedBytes > 2000 * 20);
  await committedBy(2);
  assert.deepEqual(committed, [1, 2]);
  assert.equal(store.uncommittedBytes, 0);
  await store.close();
  await place.remove();
});

Deno.test("SqliteStore commits what nobody waits for, a second later", async () => {
  const clock = new ManualClock();
  const place = await SqlitePlace.create(clock);
  const { store, committedBy } = await openStore(place.make());
  assert.equal(store.saveSession(SESSION), 1);
  clock.advance(1000);
  await committedBy(1);
  await store.close();
  await place.remove();
});

Deno.test("SqliteStore holds after a crash what was committed, and nothing else", async () => {
  const place = await SqlitePlace.create();
  const first = await openStore(place.make());
  first.store.saveSession(SESSION);
  await first.commit(first.store.enqueue("c", delivery(1)));
  first.store.enqueue("c", delivery(2));
  await place.crash(first.store);
  const store = place.make();
  const second = await openStore(store);
  assert.deepEqual(payloads(second.held.owed("c")), ["message 1"]);
  assert.equal(store.opening!.unclean, true);
  assert.equal(store.opening!.fresh, false);
  assert.equal(store.opening!.damagedRows, 0);
  await store.close();
  await place.remove();
});

Deno.test("SqliteStore knows a clean end from an unclean one, and what must be there", async () => {
  const place = await SqlitePlace.create();
  let store = place.make();
  await openStore(store);
  assert.equal(store.opening!.fresh, true);
  assert.equal(store.opening!.unclean, false);
  await store.close();
  await filled(place);
  store = place.make();
  await openStore(store);
  assert.equal(store.opening!.unclean, false);
  assert.equal(store.opening!.expected!.delivery, 3);
  assert.equal(store.opening!.rows.delivery, 3);
  await store.close();
  tamper(place.file, (db) => db.exec("DELETE FROM delivery WHERE number = 2"));
  store = place.make();
  await openStore(store);
  assert.equal(store.opening!.expected!.delivery, 3);
  assert.equal(store.opening!.rows.delivery, 2);
  await place.crash(store);
  store = place.make();
  await openStore(store);
  assert.equal(store.opening!.unclean, true, "the closing record is gone");
  await store.close();
  await place.remove();
});

Deno.test("SqliteStore sets a message aside of which a byte has changed", async () => {
  const place = await SqlitePlace.create();
  await filled(place);
  const bytes = await Deno.readFile(place.file);
  const text = new TextDecoder("latin1").decode(bytes);
  bytes[text.indexOf("message 2")] = 0x4D;
  await Deno.writeFile(place.file, bytes);
  const store = place.make();
  const { held, missing, damaged } = await openStore(store);
  assert.deepEqual(payloads(held.owed("c")), ["message 1", "message 3"]);
  assert.equal(missing, 1);
  assert.deepEqual(damaged, [1]);
  await store.close();
  const kept = tamper(
    place.file,
    (db) => db.prepare("SELECT * FROM damaged").all(),
  );
  assert.equal(kept.length, 1);
  assert.equal(kept[0]!.origin, "delivery");
  const { body } = JSON.parse(String(kept[0]!.content));
  assert.ok(body.endsWith(new TextEncoder().encode("Message 2").toHex()));
  const again = place.make();
  assert.deepEqual((await openStore(again)).damaged, [], "once");
  assert.equal(again.opening!.rows.delivery, 2);
  await again.close();
  await place.remove();
});

Deno.test("SqliteStore goes on with the broker's clock where it was", async () => {
  const clock = new ManualClock(1_800_000_000_000);
  const place = await SqlitePlace.create(clock);
  const before = Date.now();
  const first = await openStore(place.make());
  assert.ok(first.resumed[0]! >= before && first.resumed[0]! <= Date.now());
  await first.commit(first.store.saveSession(SESSION));
  clock.advance(5000);
  await first.store.close();
  const wall = tamper(place.file, (db) =>
    JSON.parse(
      String(
        db.prepare("SELECT value FROM meta WHERE key = 'clock'").get()!.value,
      ),
    ).wall);
  const second = await openStore(place.make());
  const passed = second.resumed[0]! - clock.now();
  assert.ok(passed >= 0 && passed <= Date.now() - wall, `${passed} ms`);
  await second.store.close();
  await place.remove();
});

Deno.test("SqliteStore fails once if it cannot commit, and commits nothing more", async () => {
  const place = await SqlitePlace.create();
  const { store, committed, failed, commit } = await openStore(place.make());
  await commit(store.saveSession(SESSION));
  tamper(place.file, (db) => db.exec("DROP TABLE delivery"));
  await commit(store.enqueue("c", delivery(1)));
  assert.equal(failed.length, 1);
  assert.match(failed[0]!.message, /^Cannot commit to the store: .*delivery/);
  store.request(store.saveSession(SESSION));
  await store.close();
  assert.deepEqual(committed, [1]);
  assert.equal(failed.length, 1);
  await place.remove();
});

Deno.test("SqliteStore leaves a newer version's database as it is, and finds its own beside it again", async () => {
  const place = await SqlitePlace.create();
  await filled(place);
  tamper(place.file, (db) => db.exec("PRAGMA user_version = 3"));
  const before = await Deno.readFile(place.file);
  const store = place.make();
  const first = await openStore(store);
  assert.equal(store.choice!.newer, 3);
  assert.equal(first.held.sessions.size, 0);
  await first.commit(store.saveSession({ ...SESSION, clientId: "older" }));
  await store.close();
  assert.deepEqual(await Deno.readFile(place.file), before);
  const again = place.make();
  assert.deepEqual(
    [...(await openStore(again)).held.sessions.keys()],
    ["older"],
  );
  await again.close();
  tamper(place.file, (db) => db.exec("PRAGMA user_version = 2"));
  const newest = place.make();
  assert.deepEqual(
    [...(await openStore(newest)).held.sessions.keys()],
    ["c"],
  );
  assert.equal(newest.choice!.newer, undefined);
  assert.deepEqual(newest.choice!.others, ["mailboxqtt.v2.db"]);
  await newest.close();
  await place.remove();
});

Deno.test("SqliteStore says so if the folder cannot be used", async () => {
  const place = await SqlitePlace.create();
  await Deno.writeTextFile(place.folder, "a file");
  await assert.rejects(
    openStore(place.make()),
    /^UnusableFolder: Cannot use the data folder/,
  );
  await place.remove();
});

Deno.test("SqliteStore refuses a folder that another one uses, until that is killed", async () => {
  const place = await SqlitePlace.create();
  const code = `
    import { SqliteStore } from "${new URL(
    "sqlite_store.ts",
    import.meta.url,
  )}";
    import { SteadyClock } from "${new URL(
    "../../core/clock.ts",
    import.meta.url,
  )}";
    const store = new SqliteStore({ folder: Deno.args[0], clock: new SteadyClock() });
    const committed = () => Deno.stdout.writeSync(Uint8Array.of(0x2E));
    await store.open({ resumed() {}, committed, failed() {} }, {});
    store.request(store.saveSession({ clientId: "c", expiryInterval: 5, endedAt: 7 }));
    setInterval(() => {}, 1000);
  `;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", code, place.folder],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  await assert.rejects(
    openStore(place.make()),
    new RegExp(`another broker uses it, with process id ${process.pid}$`),
  );
  process.kill("SIGKILL");
  await process.status;
  await reader.cancel();
  const store = place.make();
  const { held } = await openStore(store);
  const session = { clientId: "c", expiryInterval: 5, endedAt: 7 };
  assert.deepEqual([...held.sessions.values()], [session]);
  assert.equal(store.opening!.unclean, true);
  await assert.rejects(openStore(place.make()), StartError);
  await store.close();
  await place.remove();
});

Deno.test("SqliteStore that was never opened can be closed", async () => {
  const place = await SqlitePlace.create();
  await place.make().close();
  await place.remove();
});

Deno.test("SqliteStore passes on what its reader throws, which is not for want of a folder", async () => {
  const place = await SqlitePlace.create();
  await filled(place);
  const reader = new HeldContents();
  reader.saveSession = () => {
    throw new TypeError("a fault of the reader");
  };
  const store = place.make();
  const events = { resumed() {}, committed() {}, failed() {} };
  await assert.rejects(store.open(events, reader), TypeError);
  await (await openStore(place.make())).store.close();
  await place.remove();
});
