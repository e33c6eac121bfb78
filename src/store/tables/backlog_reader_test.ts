import assert from "node:assert/strict";
import {
  openStore,
  readPage,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";

Deno.test("BacklogReader reads all of a backlog in pages that are within the limit, and says where it ends", async () => {
  const count = 700;
  const place = await SqlitePlace.create();
  const { store, commit } = await openStore(place.make());
  const message = testMessage("payload");
  for (let number = 1; number <= count; number++) {
    const terms = { qos: 1 as const, retain: false, identifiers: [] };
    store.enqueue("client", { number, message, ...terms });
  }
  await commit(store.committed + 1);
  // A few rows in a page, then all that there are, then few again: their number is guessed from the page before.
  const limits = [2_000, 2_000, 1_000_000, 1_000_000, 1_000_000, 2_000];
  const numbers: number[] = [];
  for (let after = 0, end = false, turn = 0; !end; turn++) {
    const bytes = limits[turn % limits.length]!;
    const query = { owner: "client", after, last: count, bytes };
    const page = await readPage(store, query);
    assert.ok(page.deliveries.length * 160 <= bytes);
    numbers.push(...page.deliveries.map(({ number }) => number));
    assert.equal(page.last, numbers.at(-1) ?? after);
    assert.ok(!page.end || numbers.length === count, "an end before the end");
    ({ last: after, end } = page);
  }
  assert.deepEqual(numbers, Array.from({ length: count }, (_, n) => n + 1));
  await store.close();
  await place.remove();
});
