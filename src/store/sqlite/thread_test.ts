import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { HeldContents } from "../../../tests/support/stores/held_contents.ts";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import { Corruption } from "../database/corruption.ts";
import { JournalReader } from "../journal/reader.ts";
import { JournalWriter } from "../journal/writer.ts";
import { MessageBodies } from "../journal/message_body.ts";
import { StoreThread } from "./thread.ts";

const PARTS = { qos: 1, retain: false, identifiers: [] } as const;

/** A journal with something for each table. */
function everything(): Uint8Array {
  const to = new JournalWriter(new MessageBodies());
  to.saveSession({ clientId: "c", expiryInterval: 5, endedAt: undefined });
  to.saveSubscription("c", {
    filter: "f",
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    identifier: 0,
  });
  for (let number = 1; number <= 3; number++) {
    to.enqueue("c", { ...PARTS, number, message: testMessage("x") });
  }
  to.assign("c", 1, "c", 1);
  to.assign("c", 2, "c", 2);
  to.saveReceived("c", 1);
  to.retain("t", testMessage("retained"));
  const message = testMessage("will");
  to.saveWill("w", { message, delayInterval: 0, expiryInterval: -1 });
  const shared = testMessage("shared");
  to.enqueue("$share/g/t", { ...PARTS, number: 1, message: shared });
  to.enqueue("$share/h/t", { ...PARTS, number: 1, message: shared });
  return to.take();
}

/** Opens a file as the Store does; returns what it found. */
async function open(path: string) {
  const thread = new StoreThread(path, Date.now());
  const held = new HeldContents();
  const read = (piece: Uint8Array) =>
    new JournalReader(new MessageBodies()).read(piece, held);
  for (let piece; (piece = thread.more()) !== undefined;) read(piece);
  const opening = thread.begin();
  for (const [owner, one] of thread.backlogs()) held.backlog(owner, one);
  let damagedRows = opening.damagedRows;
  await held.fill((query) => {
    const page = thread.read(query);
    damagedRows += page.damagedRows;
    read(page.journal);
    return page;
  });
  return { thread, held, opening, damagedRows };
}

/** Damage, and how many rows are lost by it. */
const DAMAGES: Readonly<Record<string, number>> = {
  "SELECT 1": 0,
  "UPDATE session SET ended_at = 5": 1 + 1 + 3 + 2 + 1,
  "UPDATE owner SET name = 'd' WHERE name = 'c'": 1 + 1 + 1 + 3 + 2 + 1,
  "UPDATE subscription SET options = 0": 1,
  "UPDATE subscription SET filter = x'FF'": 1,
  "UPDATE delivery SET number = 9 WHERE number = 2": 1 + 1,
  "UPDATE delivery SET owner = 9 WHERE number = 3": 1,
  "UPDATE delivery SET body = NULL WHERE number = 3": 1,
  "UPDATE delivery SET message = 9 WHERE message = 1": 2,
  "UPDATE inflight SET packet_id = 9 WHERE packet_id = 2": 1,
  "UPDATE inflight SET released = 1 WHERE packet_id = 2": 1,
  "UPDATE received SET checksum = 0": 1,
  "UPDATE retained SET topic = 'u'": 1,
  "UPDATE retained SET body = x'00'": 1,
  "UPDATE retained SET body = 'text'": 1,
  "UPDATE will SET delay_interval = 3": 1,
  "UPDATE message SET body = x'00'": 1 + 2,
};

Deno.test("StoreThread sets damaged rows aside with what belongs to them, once", async () => {
  const folder = await Deno.makeTempDir();
  const sound = `${folder}/sound.db`;
  const { thread } = await open(sound);
  thread.commit(everything(), 0);
  thread.close(1, 0);
  for (const [damage, count] of Object.entries(DAMAGES)) {
    const path = `${folder}/damaged.db`;
    await Deno.copyFile(sound, path);
    const database = new DatabaseSync(path);
    database.exec(damage);
    database.close();
    const first = await open(path);
    assert.equal(first.damagedRows, count, damage);
    assert.equal(first.opening.expected?.delivery, 5);
    first.thread.close(0, 0);
    const again = await open(path);
    assert.equal(again.damagedRows, 0, damage);
    const delivery = [...first.held.deliveries.values()].reduce(
      (sum, { size }) => sum + size,
      0,
    );
    const rows = { ...first.opening.rows, delivery };
    assert.deepEqual(again.opening.rows, rows, damage);
    again.thread.close(0, 0);
    const after = new DatabaseSync(path);
    const kept = after.prepare("SELECT count(*) AS n FROM damaged").get()!;
    assert.equal(kept.n, count, damage);
    const left = after.prepare("SELECT count(*) AS n FROM message").get()!;
    const shared = again.held.owed("$share/g/t").length;
    assert.equal(
      left.n,
      shared > 0 ? 1 : damage.includes("message = 9") ? 1 : 0,
    );
    after.close();
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread removes very many deliveries little by little, and goes on with it after a restart", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/mailboxqtt.db`;
  let { thread } = await open(path);
  const to = new JournalWriter(new MessageBodies());
  const session = { expiryInterval: Infinity, endedAt: undefined };
  to.saveSession({ ...session, clientId: "c" });
  to.saveSession({ ...session, clientId: "other" });
  for (let number = 1; number <= 3500; number++) {
    to.enqueue("c", { ...PARTS, number, message: testMessage("x") });
    if (number <= 1200) to.assign("c", number, "c", number);
  }
  to.enqueue("other", { ...PARTS, number: 1, message: testMessage("kept") });
  thread.commit(to.take(), 0);
  to.reset();
  to.removeSession("c");
  to.saveSession({ ...session, clientId: "c" });
  to.enqueue("c", { ...PARTS, number: 1, message: testMessage("new") });
  thread.commit(to.take(), 0);
  const rows = (table: string) => {
    const database = new DatabaseSync(path, { readOnly: true });
    const row = database.prepare(`SELECT count(*) AS n FROM ${table}`).get();
    database.close();
    return Number(row!.n);
  };
  assert.ok(thread.purging);
  assert.equal(rows("delivery"), 2500 + 2);
  thread.close(2, 0);
  const again = await open(path);
  ({ thread } = again);
  assert.equal(again.damagedRows, 0);
  assert.equal(again.opening.rows.delivery, 2);
  assert.equal(again.opening.expected!.delivery, 2);
  assert.deepEqual([...again.held.deliveries.keys()].toSorted(), [
    "c",
    "other",
  ]);
  assert.equal(again.held.owed("c").length, 1);
  let slices = 0;
  for (; thread.purging; slices++) thread.purge();
  assert.equal(slices, 3);
  assert.equal(rows("delivery"), 2);
  assert.equal(rows("inflight"), 0);
  assert.equal(rows("purge"), 0);
  thread.close(3, 0);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread.reopen() goes on with what was committed, and commits what was not", async () => {
  const folder = await Deno.makeTempDir();
  const { thread } = await open(`${folder}/db`);
  thread.commit(everything(), 0);
  thread.reopen();
  const to = new JournalWriter(new MessageBodies());
  to.retain("later", testMessage("later"));
  thread.commit(to.take(), 0);
  thread.leave();
  const { held, thread: second } = await open(`${folder}/db`);
  assert.deepEqual([...held.retained.keys()], ["t", "later"]);
  assert.equal(held.owed("c").length, 3);
  second.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread.commit() does all or nothing, and can be called again", async () => {
  const folder = await Deno.makeTempDir();
  const { thread } = await open(`${folder}/db`);
  // The last write of the batch is refused, after others have given out numbers.
  const other = new DatabaseSync(`${folder}/db`);
  other.exec(`CREATE TRIGGER no BEFORE INSERT ON retained
    BEGIN SELECT raise(ABORT, 'no'); END`);
  assert.throws(() => thread.commit(everything(), 0), /no/);
  assert.equal(other.prepare("SELECT * FROM owner").all().length, 0);
  other.exec("DROP TRIGGER no");
  thread.commit(everything(), 0);
  other.close();
  thread.leave();
  const { held, damagedRows, thread: second } = await open(`${folder}/db`);
  assert.equal(damagedRows, 0);
  assert.equal(held.owed("c").length, 3);
  second.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread meters what it writes, and goes on with that after a restart", async () => {
  const folder = await Deno.makeTempDir();
  const { thread } = await open(`${folder}/db`);
  // The first commit after the start begins the log anew.
  const to = new JournalWriter(new MessageBodies());
  to.retain("first", testMessage("first"));
  thread.commit(to.take(), 5 * 3_600_000);
  const { fsyncs } = thread.meter.total;
  thread.commit(everything(), 5 * 3_600_000);
  assert.equal(thread.meter.total.fsyncs, fsyncs + 1);
  assert.equal(thread.meter.hour, 5);
  thread.tidy(5 * 3_600_000);
  assert.equal(thread.meter.total.fsyncs, fsyncs + 3);
  thread.tidy(5 * 3_600_000);
  assert.equal(thread.meter.total.fsyncs, fsyncs + 3, "once");
  assert.ok(Deno.statSync(`${folder}/db`).size > 20 * 4096);
  thread.close(1, 6 * 3_600_000);
  const { thread: second } = await open(`${folder}/db`);
  assert.ok(second.meter.total.fsyncs >= fsyncs + 3);
  second.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread.makeRoom() gives back to the file system what was removed", async () => {
  const folder = await Deno.makeTempDir();
  const { thread } = await open(`${folder}/db`);
  const size = () => Deno.statSync(`${folder}/db`).size;
  const to = new JournalWriter(new MessageBodies());
  const message = testMessage("x".repeat(1_000_000));
  for (let n = 0; n < 4; n++) to.retain(`${n}`, message);
  thread.commit(to.take(), 0);
  for (let n = 0; n < 4; n++) to.retain(`${n}`, undefined);
  assert.ok(!thread.makeRoom());
  const full = size();
  assert.ok(full > 4_000_000);
  thread.commit(to.take(), 0);
  let steps = 1;
  while (thread.makeRoom()) steps++;
  assert.ok(steps > 4);
  assert.ok(size() < 200_000, `${size()}`);
  thread.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread.commit() comes to the same where a batch that failed is in the database after all", async () => {
  const folder = await Deno.makeTempDir();
  const { thread } = await open(`${folder}/db`);
  thread.commit(everything(), 0);
  const other = new DatabaseSync(`${folder}/db`);
  const tables = ["session", "subscription", "delivery", "inflight", "message"];
  const rows = () =>
    [...tables, "received", "retained", "will"].map((table) => {
      const row = other.prepare(`SELECT count(*) AS n FROM ${table}`).get();
      return `${table}: ${row!.n}`;
    });
  const once = rows();
  other.exec(`CREATE TRIGGER no BEFORE INSERT ON retained
    BEGIN SELECT raise(ABORT, 'no'); END`);
  assert.throws(() => thread.commit(everything(), 0), /no/);
  other.exec("DROP TRIGGER no");
  thread.reopen();
  thread.commit(everything(), 0);
  assert.deepEqual(rows(), once);
  other.close();
  thread.leave();
  const again = await open(`${folder}/db`);
  assert.equal(again.damagedRows, 0);
  assert.equal(again.held.owed("c").length, 3);
  again.thread.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread.read() says of an owner that it does not know yet that nothing is read", async () => {
  const folder = await Deno.makeTempDir();
  const { thread } = await open(`${folder}/db`);
  const page = thread.read({ owner: "new", after: 3, last: 50, bytes: 1e6 });
  assert.equal(page.last, 3);
  assert.equal(page.end, true);
  thread.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread gives a new client nothing of one whose name was lost while it was in use", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/db`;
  const { thread } = await open(path);
  thread.commit(everything(), 0);
  const other = new DatabaseSync(path);
  other.exec("DELETE FROM owner");
  other.close();
  thread.mend(new Corruption("database disk image is malformed"));
  const to = new JournalWriter(new MessageBodies());
  const session = { expiryInterval: Infinity, endedAt: undefined };
  to.saveSession({ ...session, clientId: "other" });
  thread.commit(to.take(), 0);
  const page = thread.read({ owner: "other", after: 0, last: 9, bytes: 1e6 });
  assert.equal(page.journal.length, 0);
  thread.leave();
  const again = await open(path);
  assert.equal(again.held.subscriptions.size, 0);
  assert.deepEqual([...again.held.sessions.keys()], ["other"]);
  again.thread.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread does not commit to files that are gone, and makes them anew with what they held", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/data/s.db`;
  await Deno.mkdir(`${folder}/data`);
  const { thread } = await open(path);
  thread.commit(everything(), 1);
  await Deno.remove(`${folder}/data`, { recursive: true });
  const more = new JournalWriter(new MessageBodies());
  more.retain("more", testMessage("more"));
  const journal = more.take();
  for (let n = 0; n < 2; n++) {
    assert.throws(() => thread.commit(journal, 2), /s\.db was removed/);
  }
  await Deno.writeTextFile(`${folder}/data`, "");
  assert.throws(() => thread.reopen());
  await Deno.remove(`${folder}/data`);
  thread.reopen();
  thread.commit(journal, 3);
  // As a crash leaves it.
  await Deno.mkdir(`${folder}/copy`);
  for (const part of ["", "-wal"]) {
    await Deno.copyFile(path + part, `${folder}/copy/s.db${part}`);
  }
  thread.leave();
  const { thread: copy, held, damagedRows } = await open(
    `${folder}/copy/s.db`,
  );
  assert.equal(damagedRows, 0);
  assert.deepEqual([...held.retained.keys()].sort(), ["more", "t"]);
  assert.ok(held.sessions.has("c"));
  copy.leave();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("StoreThread misses no log that an attempt of the same process to open it took away", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/s.db`;
  (await open(path)).thread.leave();
  for (const again of [true, false]) {
    const thread = new StoreThread(path, Date.now(), { again });
    while (thread.more() !== undefined);
    const { log } = thread.begin().findings;
    assert.equal(log?.type, again ? undefined : "missing");
    thread.leave();
  }
  await Deno.remove(folder, { recursive: true });
});
