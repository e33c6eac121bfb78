// How fast the store on disk is. Run as a program it prints figures:
// deno run -A --import-map=.deno/imports.json --lock=.deno/deno.lock src/store/sqlite/sqlite_store_bench.ts [messages]

import {
  openStore,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import { SteadyClock } from "../../core/clock.ts";
import { openDatabase } from "../database/database.ts";
import { JournalReader } from "../journal/reader.ts";
import { JournalWriter } from "../journal/writer.ts";
import { MessageBodies, STORED_BODIES } from "../journal/message_body.ts";
import { NetWrites } from "../tables/net_writes.ts";
import { SqliteStore } from "./sqlite_store.ts";
import type { Store, StoreReader, StoreWrites } from "../store.ts";
import { prepareTables } from "../tables/tables.ts";

const BATCH = 1000;
const PAYLOAD = "x".repeat(200);

const CLIENTS = Array.from({ length: 10 }, (_, i) => `client-${i}`);

/** Enqueues a batch for ten clients in turn. */
function enqueue(to: StoreWrites<unknown>, batch: number): void {
  for (let i = batch * BATCH; i < (batch + 1) * BATCH; i++) {
    const owner = CLIENTS[i % CLIENTS.length]!;
    const message = testMessage(PAYLOAD, { publisher: "publisher-1" });
    const number = Math.floor(i / CLIENTS.length);
    const delivery = {
      number,
      message,
      qos: 1,
      retain: false,
      identifiers: [],
    };
    to.enqueue(owner, delivery as Parameters<Store["enqueue"]>[1]);
  }
}

/** Assigns a batch, or dequeues it. */
function follow(
  to: StoreWrites<unknown>,
  batch: number,
  kind: "assign" | "dequeue",
): void {
  for (let i = batch * BATCH; i < (batch + 1) * BATCH; i++) {
    const owner = CLIENTS[i % CLIENTS.length]!;
    const number = Math.floor(i / CLIENTS.length);
    if (kind === "dequeue") to.dequeue(owner, number);
    else to.assign(owner, number, owner, 1 + number % 65_535);
  }
}

function saveSessions(to: StoreWrites<unknown>): void {
  for (const clientId of CLIENTS) {
    to.saveSession({ clientId, expiryInterval: Infinity, endedAt: undefined });
  }
}

const DISCARD: StoreReader = {
  saveSession: () => {},
  saveSubscription: () => {},
  saveReceived: () => {},
  enqueue: () => {},
  assign: () => {},
  release: () => {},
  backlog: () => {},
  retain: () => {},
  saveWill: () => {},
};

/** What the Store's thread spends, without the thread: journal to committed transaction, per message. */
async function benchThread(
  name: string,
  writes: (to: StoreWrites<unknown>, batch: number) => void,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const { database } = openDatabase(`${folder}/bench.db`);
  const tables = prepareTables(database);
  const journal = new JournalWriter(new MessageBodies());
  let writing = 0;
  let applying = 0;
  let committing = 0;
  saveSessions(journal);
  for (let batch = 0; batch < 100; batch++) {
    const start = performance.now();
    writes(journal, batch);
    const bytes = journal.take();
    journal.reset();
    const written = performance.now();
    database.exec("BEGIN IMMEDIATE");
    const net = new NetWrites(tables);
    new JournalReader(STORED_BODIES).read(bytes, net);
    net.finish();
    const applied = performance.now();
    database.exec("COMMIT");
    const end = performance.now();
    writing += written - start;
    applying += applied - written;
    committing += end - applied;
  }
  database.close();
  await Deno.remove(folder, { recursive: true });
  const each = (ms: number) => (ms * 1000 / 100 / BATCH).toFixed(2);
  say(
    `${name}: ${
      each(writing)
    } µs on the broker's thread (messages made included), ` +
      `${each(applying)} + ${
        each(committing)
      } µs on the Store's (statements + commit) per message`,
  );
}

async function benchStore(messages: number): Promise<void> {
  const place = await SqlitePlace.create();
  const { store, commit } = await openStore(place.make());
  saveSessions(store);
  let start = performance.now();
  for (let batch = 0; batch < messages / BATCH; batch++) {
    enqueue(store, batch);
    await commit(store.committed + 1);
  }
  let ms = performance.now() - start;
  say(
    `enqueue and commit, ${BATCH} messages of 200 bytes at a time: ${
      Math.round(messages / ms * 1000)
    } messages a second`,
  );
  start = performance.now();
  await store.close();
  say(`close: ${Math.round(performance.now() - start)} ms`);

  const again = new SqliteStore({
    folder: place.folder,
    clock: new SteadyClock(),
  });
  const events = { resumed() {}, committed() {}, failed() {} };
  start = performance.now();
  await again.open(events, DISCARD);
  ms = performance.now() - start;
  say(
    `open with ${again.opening?.rows.delivery} messages: ${Math.round(ms)} ms`,
  );
  await again.close();
  await place.remove();
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const messages = Number(Deno.args[0] ?? 1_000_000);
  await benchThread("enqueue", enqueue);
  await benchThread("enqueue, assign; dequeue a batch later", (to, batch) => {
    if (batch > 0) follow(to, batch - 1, "dequeue");
    enqueue(to, batch);
    follow(to, batch, "assign");
  });
  await benchThread("enqueue, assign, dequeue in one batch", (to, batch) => {
    enqueue(to, batch);
    follow(to, batch, "assign");
    follow(to, batch, "dequeue");
  });
  await benchStore(messages);
}
