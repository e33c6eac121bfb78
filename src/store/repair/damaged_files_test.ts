import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import {
  openStore,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import type { Contents } from "../contents.ts";
import type { Mending } from "./mending.ts";
import type { Store } from "../store.ts";

const DELIVERIES = 1000;
const RETAINED = 200;
const PAGE = 4096;
/** An index that only commits read. */
const INDEX = "delivery_by_message";

function payload(number: number): string {
  return `message ${number} `.padEnd(200, "x");
}

function delivery(number: number) {
  const message = testMessage(payload(number));
  return { number, message, qos: 1, retain: false, identifiers: [] } as const;
}

/** Writes a message that two sessions wait for, so that it is in a row of its own. */
function enqueueForTwo(store: Store, number: number): number {
  const one = delivery(number);
  store.enqueue("c", one);
  return store.enqueue("d", one);
}

/** Writes a session with a backlog, and retained messages, so that each table takes many pages. */
function fill(store: Store): number {
  const clientId = "c";
  store.saveSession({ clientId, expiryInterval: Infinity, endedAt: 5 });
  for (let number = 1; number < DELIVERIES; number++) {
    store.enqueue(clientId, delivery(number));
  }
  store.saveSession({ clientId: "d", expiryInterval: Infinity, endedAt: 5 });
  enqueueForTwo(store, DELIVERIES);
  for (let number = 1; number < RETAINED; number++) {
    store.retain(`retained/${number}`, testMessage(payload(number)));
  }
  return store.retain("last", testMessage("last"));
}

/** A place with what {@linkcode fill} wrote, ended well or by a crash. */
async function filled(end: "well" | "crash"): Promise<SqlitePlace> {
  const place = await SqlitePlace.create();
  const { store, commit } = await openStore(place.make());
  await commit(fill(store));
  if (end === "well") await store.close();
  else await place.crash(store);
  return place;
}

/** The numbers of the messages that are owed; what they hold must be right. */
function numbers(held: Contents): number[] {
  return held.owed("c").map(({ payload: bytes }) => {
    const text = new TextDecoder().decode(bytes);
    const number = Number(text.split(" ")[1]);
    assert.equal(text, payload(number));
    return number;
  });
}

/** The pages, from 0, on which a table or an index keeps its rows. */
function leaves(file: string, name: string): number[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(
      "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
    ).all(name).map(({ pageno }) => Number(pageno) - 1);
  } finally {
    database.close();
  }
}

/** Overwrites pages of a file with zeros. */
async function zero(file: string, pages: readonly number[]): Promise<void> {
  const bytes = await Deno.readFile(file);
  for (const page of pages) bytes.fill(0, page * PAGE, (page + 1) * PAGE);
  await Deno.writeFile(file, bytes);
}

/** Has all that is in the write-ahead log copied to the database, as SQLite does now and then. */
function emptyLog(file: string): void {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** Requires that a file holds these bytes. */
async function expectBytes(file: string, bytes: Uint8Array): Promise<void> {
  const found = await Deno.readFile(file);
  assert.ok(Buffer.from(found).equals(bytes), `${file} is not what it was`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Opens what was damaged, goes on with it, and requires that the next start finds nothing to say. */
async function goOn(place: SqlitePlace) {
  const mendings: Mending[] = [];
  const store = place.make({ onMended: (mending) => mendings.push(mending) });
  const { held, commit } = await openStore(store);
  const { opening } = store;
  await commit(store.retain("new", testMessage("new")));
  await store.close();
  const again = place.make();
  const after = await openStore(again);
  const { findings, damagedRows, unclean, rows, expected } = again.opening!;
  assert.deepEqual(findings, {
    mending: undefined,
    log: undefined,
    unchecked: false,
    removedCopies: [],
  });
  assert.equal(damagedRows, 0);
  assert.equal(unclean, false);
  assert.deepEqual(rows, expected);
  assert.deepEqual(numbers(after.held), numbers(held));
  assert.ok(after.held.retained.has("new"));
  await again.close();
  return { held, opening: opening!, mendings };
}

/** What was done to a database that had to be replaced, which is kept. */
async function mendingOf(
  { opening, mendings }: Awaited<ReturnType<typeof goOn>>,
): Promise<Mending> {
  const { findings: { mending }, fresh } = opening;
  const [only, ...more] = mending === undefined
    ? mendings
    : [mending, ...mendings];
  assert.ok(only !== undefined);
  assert.deepEqual(more, []);
  assert.ok(await exists(only.kept));
  assert.equal(fresh, false);
  return only;
}

for (const end of ["well", "crash"] as const) {
  const after = end === "well" ? "a clean end" : "a crash";

  Deno.test(`SqliteStore goes on with the first half of its file, after ${after}`, async () => {
    const place = await filled(end);
    if (end === "crash") emptyLog(place.file);
    const half = (await Deno.readFile(place.file)).length / 2;
    await Deno.truncate(place.file, half);
    const damaged = await Deno.readFile(place.file);
    const result = await goOn(place);
    const mending = await mendingOf(result);
    await expectBytes(mending.kept, damaged);
    const found = numbers(result.held);
    assert.ok(found.length > DELIVERIES / 4, `${found.length} are left`);
    assert.ok(found.length < DELIVERIES);
    assert.deepEqual(found, found.toSorted((a, b) => a - b));
    assert.ok(mending.carried!.gaps > 0);
    assert.ok(mending.carried!.rows >= found.length);
    const { expected } = result.opening;
    const all = end === "well" ? DELIVERIES + 1 : undefined;
    assert.equal(expected?.delivery, all);
    await place.remove();
  });

  Deno.test(`SqliteStore goes on without a page that was zeroed, after ${after}`, async () => {
    const place = await filled(end);
    if (end === "crash") emptyLog(place.file);
    const pages = leaves(place.file, "delivery");
    const lost = [pages[5]!, pages[20]!, pages[21]!];
    await zero(place.file, lost);
    const damaged = await Deno.readFile(place.file);
    const result = await goOn(place);
    const mending = await mendingOf(result);
    if (end === "crash") await expectBytes(mending.kept, damaged);
    const { carried } = mending;
    assert.equal(carried!.gaps, 2);
    const found = numbers(result.held);
    const perPage = DELIVERIES / pages.length;
    const missing = DELIVERIES - found.length;
    assert.ok(missing >= 1 && missing <= 3 * perPage + 3, `${missing}`);
    assert.equal(found[0], 1);
    assert.equal(found.at(-1), DELIVERIES);
    assert.equal(result.held.retained.size, RETAINED);
    await place.remove();
  });
}

Deno.test("SqliteStore tells again what it holds where it met damage on the way", async () => {
  const place = await filled("well");
  const pages = leaves(place.file, "retained");
  await zero(place.file, [pages[3]!]);
  const result = await goOn(place);
  const { carried } = await mendingOf(result);
  assert.equal(result.mendings.length, 0, "mended at the start");
  assert.equal(carried!.gaps, 1);
  const { retained } = result.held;
  assert.ok(retained.has("retained/1") && retained.has("last"));
  assert.ok(retained.size < RETAINED);
  assert.ok(retained.size > RETAINED - 3 * RETAINED / pages.length);
  assert.equal(numbers(result.held).length, DELIVERIES);
  assert.equal(result.opening.expected?.retained, RETAINED);
  assert.equal(result.opening.rows.retained, retained.size);
  await place.remove();
});

Deno.test("SqliteStore keeps garbage, and begins anew", async () => {
  const place = await filled("well");
  const garbage = new TextEncoder().encode("not a database".repeat(1000));
  await Deno.writeFile(place.file, garbage);
  const result = await goOn(place);
  const { kept, reason, carried } = await mendingOf(result);
  await expectBytes(kept, garbage);
  assert.match(reason, /not a database/);
  assert.deepEqual(carried, { rows: 0, setAside: 0, gaps: 0 });
  await place.remove();
});

Deno.test("SqliteStore tells an empty file from a new folder", async () => {
  const place = await filled("well");
  await Deno.truncate(place.file);
  const { kept, reason } = await mendingOf(await goOn(place));
  assert.equal(reason, "the file is empty");
  assert.equal((await Deno.stat(kept)).size, 0);
  await place.remove();
});

Deno.test("SqliteStore says that its write-ahead log is gone", async () => {
  const place = await filled("crash");
  await Deno.remove(`${place.file}-wal`);
  const { opening, held } = await goOn(place);
  assert.deepEqual(opening.findings.log, { type: "missing" });
  assert.equal(opening.unclean, true, "it does not look as if it was closed");
  assert.equal(held.retained.size, 0);
  await place.remove();
});

Deno.test("SqliteStore says that its write-ahead log was cut off", async () => {
  const place = await filled("crash");
  const log = `${place.file}-wal`;
  await Deno.truncate(log, (await Deno.stat(log)).size / 2);
  const { opening, held } = await goOn(place);
  assert.deepEqual(opening.findings.log, { type: "torn" });
  assert.equal(held.retained.has("last"), false);
  await place.remove();
});

Deno.test("SqliteStore keeps a write-ahead log with commits behind a changed byte", async () => {
  const place = await SqlitePlace.create();
  const { store, commit } = await openStore(place.make());
  for (let number = 1; number <= 10; number++) {
    await commit(store.retain(`${number}`, testMessage(payload(number))));
  }
  await place.crash(store);
  const log = `${place.file}-wal`;
  const bytes = await Deno.readFile(log);
  bytes[bytes.length / 2 | 0]! ^= 1;
  await Deno.writeFile(log, bytes);
  const { opening, held } = await goOn(place);
  const found = opening.findings.log;
  assert.ok(found?.type === "damaged");
  assert.ok(found.commits >= 3 && found.commits <= 6, `${found.commits}`);
  await expectBytes(found.kept, bytes);
  assert.ok(held.retained.has("1") && !held.retained.has("10"));
  await place.remove();
});

Deno.test("SqliteStore finds what it can in a write-ahead log without its database", async () => {
  const place = await filled("crash");
  await Deno.remove(place.file);
  const log = await Deno.readFile(`${place.file}-wal`);
  const result = await goOn(place);
  const { kept } = result.opening.findings.mending!;
  await expectBytes(`${kept}-wal`, log);
  assert.equal(result.opening.fresh, false);
  assert.equal(numbers(result.held).length, DELIVERIES);
  assert.equal(result.held.retained.size, RETAINED);
  await place.remove();
});

Deno.test("SqliteStore never writes over a damaged database that it kept", async () => {
  const place = await filled("well");
  const kept = new Set<string>();
  for (let round = 1; round <= 3; round++) {
    await Deno.writeTextFile(place.file, `garbage ${round}`);
    kept.add((await mendingOf(await goOn(place))).kept);
  }
  assert.equal(kept.size, 3);
  const texts = await Promise.all([...kept].map((at) => Deno.readTextFile(at)));
  assert.deepEqual(texts, ["garbage 1", "garbage 2", "garbage 3"]);
  await place.remove();
});

Deno.test("SqliteStore sets a number aside that is none of its own", async () => {
  const place = await filled("well");
  const database = new DatabaseSync(place.file);
  database.exec("UPDATE owner SET id = 1 << 60 WHERE name = 'd'");
  database.close();
  const result = await goOn(place);
  assert.equal((await mendingOf(result)).carried!.setAside, 1);
  assert.equal(numbers(result.held).length, DELIVERIES);
  const after = new DatabaseSync(place.file);
  const [row, ...more] = after.prepare(
    "SELECT content FROM damaged WHERE origin = 'owner'",
  ).all();
  after.close();
  assert.equal(more.length, 0);
  assert.equal(JSON.parse(String(row!.content)).id, String(2n ** 60n));
  await place.remove();
});

Deno.test("SqliteStore mends a damaged index when a commit meets it, and loses nothing", async () => {
  const place = await filled("well");
  await zero(place.file, leaves(place.file, INDEX));
  const mendings: Mending[] = [];
  const store = place.make({ onMended: (mending) => mendings.push(mending) });
  const { commit, failed } = await openStore(store);
  await commit(enqueueForTwo(store, DELIVERIES + 1));
  assert.deepEqual(failed, []);
  assert.equal(mendings.length, 1);
  await store.close();
  const again = place.make();
  const { held } = await openStore(again);
  assert.equal(numbers(held).length, DELIVERIES + 1);
  assert.equal(held.retained.size, RETAINED);
  await again.close();
  await place.remove();
});

Deno.test("SqliteStore checks a large database while it is in use, and mends it then", async () => {
  const place = await filled("crash");
  emptyLog(place.file);
  await zero(place.file, leaves(place.file, INDEX));
  const mended = Promise.withResolvers<Mending>();
  const store = place.make({ onMended: mended.resolve, checkedFirst: 0 });
  const { held, commit } = await openStore(store);
  assert.equal(store.opening!.findings.unchecked, true);
  assert.equal(store.opening!.findings.mending, undefined);
  assert.equal(numbers(held).length, DELIVERIES);
  const { carried } = await mended.promise;
  assert.equal(carried!.gaps, 0);
  await commit(enqueueForTwo(store, DELIVERIES + 1));
  await store.close();
  const again = place.make();
  const after = await openStore(again);
  assert.equal(numbers(after.held).length, DELIVERIES + 1);
  assert.equal(after.held.owed("d").length, 2);
  await again.close();
  await place.remove();
});
