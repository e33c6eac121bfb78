// A store that is written to until the end of its work, whatever the disk answers: what
// `tests/durability/power_cut_test.ts` runs under strace. Arguments: the data folder, and a file that takes the number of
// each step once it is acknowledged.

import { JournalReader } from "../../../src/store/journal/reader.ts";
import { JournalWriter } from "../../../src/store/journal/writer.ts";
import { MessageBodies } from "../../../src/store/journal/message_body.ts";
import { DiskKeeper } from "../../../src/store/sqlite/disk_keeper.ts";
import { troubleOf } from "../../../src/store/sqlite/disk_trouble.ts";
import { StoreThread } from "../../../src/store/sqlite/thread.ts";
import { HeldContents } from "../../support/stores/held_contents.ts";
import { journalOf, STEPS } from "./steps.ts";

const [folder, acknowledged] = Deno.args;
const thread = opened();
const acks = Deno.openSync(acknowledged!, { write: true, append: true });
const later: (() => void)[] = [];
const keeper = new DiskKeeper({
  ballast: { make: () => true, giveUp: () => false, logBytes: 100_000 },
  database: thread,
  onRoom() {},
  onFailed(error) {
    throw error;
  },
  later: (callback) => void later.push(callback),
});
keeper.begin();
for (let step = 1; step <= STEPS; step++) {
  const journal = journalOf(step, new JournalWriter(new MessageBodies()));
  let isCommitted = false;
  keeper.write(() => {
    thread.commit(journal, step);
    isCommitted = true;
    acks.writeSync(new TextEncoder().encode(`${step}\n`));
  });
  while (!isCommitted) later.shift()!();
  if (thread.purging) keeper.write(() => thread.purge());
  if (step % 5 === 0) keeper.write(() => thread.tidy(step));
}
while (later.length > 0) later.shift()!();
// Nothing is closed: a power cut does not wait for that.
Deno.exit();

/** The store, once it can be opened: the broker tries again as well. */
function opened(): StoreThread {
  for (let again = false;; again = true) {
    try {
      const path = `${folder}/mailboxqtt.db`;
      const thread = new StoreThread(path, Date.now(), { again });
      const held = new HeldContents();
      for (let piece; (piece = thread.more()) !== undefined;) {
        new JournalReader(new MessageBodies()).read(piece, held);
      }
      thread.begin();
      return thread;
    } catch (error) {
      if (troubleOf(error) === undefined) throw error;
    }
  }
}
