import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describeContents } from "../../../tests/support/stores/describe_contents.ts";
import { HeldContents } from "../../../tests/support/stores/held_contents.ts";
import {
  Scribe,
  STEPS,
  testMessage,
} from "../../../tests/support/stores/store_writes.ts";
import { BacklogReader } from "./backlog_reader.ts";
import type { Contents } from "../contents.ts";
import { Damage } from "./damage.ts";
import { Held } from "./held.ts";
import type { JournalSink } from "../journal/journal.ts";
import { JournalReader } from "../journal/reader.ts";
import { JournalWriter } from "../journal/writer.ts";
import type { Message } from "../message.ts";
import { MessageBodies, STORED_BODIES } from "../journal/message_body.ts";
import { NetWrites } from "./net_writes.ts";
import { SCHEMA } from "../database/schema.ts";
import { prepareTables } from "./tables.ts";

/** A database in memory that is told batches. */
function memoryDatabase() {
  const database = new DatabaseSync(":memory:");
  database.exec(SCHEMA);
  const tables = prepareTables(database);
  const journal = new JournalWriter(new MessageBodies());
  /** Writes a batch; returns how many rows changed. */
  const batch = (write: (to: JournalSink<Message>) => void): number => {
    write(journal);
    const before = changes();
    const net = new NetWrites(tables);
    new JournalReader(STORED_BODIES).read(journal.take(), net);
    net.finish();
    journal.reset();
    return changes() - before;
  };
  const number = (sql: string) =>
    Number(Object.values(database.prepare(sql).get()!)[0]);
  const changes = () => number("SELECT total_changes()");
  const held = async (): Promise<Contents> => {
    const contents = new HeldContents();
    const damage = new Damage();
    const read = (piece: Uint8Array) =>
      new JournalReader(new MessageBodies()).read(piece, contents);
    for (const piece of new Held(database, damage, tables.purge).pieces()) {
      read(piece);
    }
    const backlogs = new BacklogReader(database, tables.owners);
    for (const [owner, backlog] of backlogs.backlogs()) {
      contents.backlog(owner, backlog);
    }
    const missing = await contents.fill((query) => {
      const piece = backlogs.read(query, damage);
      read(piece.journal);
      return piece;
    });
    assert.equal(missing, 0);
    assert.equal(damage.count, 0);
    return contents;
  };
  return { batch, held, number, close: () => database.close() };
}

const SESSION = { clientId: "c", expiryInterval: Infinity, endedAt: undefined };

function delivery(number: number, message: Message) {
  return { number, message, qos: 2, retain: false, identifiers: [] } as const;
}

Deno.test("NetWrites writes nothing of a delivery that comes and goes in one batch", () => {
  const { batch, close } = memoryDatabase();
  batch((to) => to.saveSession(SESSION));
  const changed = batch((to) => {
    for (let number = 1; number <= 100; number++) {
      to.enqueue("c", delivery(number, testMessage("x")));
      to.assign("c", number, "c", number);
      to.release("c", number);
      to.dequeue("c", number);
    }
  });
  assert.equal(changed, 0);
  close();
});

Deno.test("NetWrites writes only the last retained message of a topic in a batch", () => {
  const { batch, close } = memoryDatabase();
  const changed = batch((to) => {
    for (let i = 0; i < 50; i++) to.retain("t", testMessage(String(i)));
  });
  assert.equal(changed, 1);
  close();
});

Deno.test("NetWrites keeps a message once that many wait for, until the last one has it", async () => {
  const { batch, number, held, close } = memoryDatabase();
  const clients = Array.from({ length: 10 }, (_, i) => `c${i}`);
  const message = testMessage("x".repeat(1000));
  batch((to) => {
    for (const clientId of clients) {
      to.saveSession({ ...SESSION, clientId });
      to.enqueue(clientId, delivery(1, message));
    }
  });
  const messages = "SELECT count(*) FROM message";
  const inline = "SELECT count(*) FROM delivery WHERE body IS NOT NULL";
  assert.equal(number(messages), 1);
  assert.equal(number(inline), 0);
  assert.equal((await held()).owed("c7")[0]!.payload.length, 1000);
  batch((to) => {
    for (const clientId of clients.slice(2)) to.dequeue(clientId, 1);
  });
  assert.equal(number(messages), 1);
  batch((to) => to.removeSession("c0"));
  assert.equal(number(messages), 1);
  batch((to) => to.dequeue("c1", 1));
  assert.equal(number(messages), 0);
  batch((to) => to.enqueue("c1", delivery(2, message)));
  assert.equal(number(messages), 0, "only one waits for it");
  assert.equal(number(inline), 1);
  close();
});

Deno.test("NetWrites discards what went to nobody in the end, whomever it went to before", async () => {
  const { batch, held, close } = memoryDatabase();
  const group = "$share/g/t";
  batch((to) => {
    to.saveSession(SESSION);
    to.saveSession({ ...SESSION, clientId: "d" });
    to.enqueue(group, delivery(1, testMessage("x")));
    to.assign(group, 1, "c", 1);
  });
  batch((to) => {
    to.assign(group, 1, "d", 1);
    to.removeSession("d");
    to.discard(group, 1, 1);
  });
  assert.deepEqual((await held()).owed(group), []);
  close();
});

Deno.test("NetWrites puts up with writes that make no sense", async () => {
  const { batch, held, close } = memoryDatabase();
  batch((to) => {
    to.removeSession("nobody");
    to.removeSubscription("nobody", "t");
    to.assign("nobody", 1, "nobody", 1);
    to.release("nobody", 1);
    to.dequeue("nobody", 1);
    to.removeReceived("nobody", 1);
    to.retain("t", undefined);
    to.saveWill("nobody", undefined);
    to.saveSession(SESSION);
  });
  batch((to) => to.enqueue("c", delivery(1, testMessage("new"))));
  const owed = (await held()).owed("c").map(({ payload }) =>
    new TextDecoder().decode(payload)
  );
  assert.deepEqual(owed, ["new"]);
  close();
});

Deno.test("NetWrites comes to the same as the writes one by one, however they fall into batches", async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const { batch, held, close } = memoryDatabase();
      const scribe = new Scribe();
      let next = 0;
      while (next < steps.length) {
        batch((to) => {
          while (next < steps.length) {
            const step = steps[next++]!;
            if (step[0] === "commit") break;
            if (step[0] !== "close" && step[0] !== "crash") {
              scribe.write(step, to);
            }
          }
        });
        assert.deepEqual(
          describeContents(await held()),
          describeContents(scribe.written),
        );
      }
      close();
    }),
    { numRuns: Deno.env.has("MAILBOXQTT_LONG") ? 5000 : 300 },
  );
});
