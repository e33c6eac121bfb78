import assert from "node:assert/strict";
import { testMessage } from "../../../tests/support/stores/store_writes.ts";
import {
  openStore,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import { summarize } from "./summary.ts";

Deno.test("summarize counts all, and lists who is owed most, then who is away longest", async () => {
  const place = await SqlitePlace.create();
  const { store, resumed } = await openStore(place.make());
  const now = resumed[0]!;
  const session = (clientId: string, endedAt: number | undefined) =>
    store.saveSession({ clientId, expiryInterval: Infinity, endedAt });
  session("online", undefined);
  session("new", now - 1000);
  session("old", now - 60_000);
  session("behind", now - 500);
  const parts = { qos: 1, retain: false, identifiers: [] } as const;
  const shared = testMessage("x".repeat(1000));
  const owners = ["behind", "behind", "$share/g/t"];
  owners.forEach((owner, number) =>
    store.enqueue(owner, { ...parts, number, message: shared })
  );
  store.assign("behind", 0, "behind", 1);
  store.retain("t", testMessage(""));
  const steps: number[][] = [];
  await store.close();
  const again = await openStore(place.make());
  const running = await summarize(place.folder, (...step) => steps.push(step));
  await place.crash(again.store);
  assert.equal(running.pid, Deno.pid);
  assert.equal(running.lastEnd, undefined);
  assert.deepEqual(steps.at(-1), [3, 3]);
  assert.deepEqual(running.counts, {
    sessions: 4,
    subscriptions: 0,
    deliveries: 3,
    sharedMessages: 1,
    inflight: 1,
    received: 0,
    retained: 1,
    wills: 0,
    damaged: 0,
  });
  const listed = running.owners.map(({ name, messages, bytes }) =>
    [name, messages, bytes > 1000 * messages] as const
  );
  assert.deepEqual(listed, [
    ["behind", 2, true],
    ["$share/g/t", 1, true],
    ["old", 0, false],
    ["new", 0, false],
    ["online", 0, false],
  ]);
  const [behind, group, old] = running.owners;
  assert.equal(behind!.bytes, 2 * group!.bytes);
  assert.equal(group!.offlineSince, undefined);
  const away = Date.now() - old!.offlineSince!;
  assert.ok(away >= 60_000 && away < 3_600_000, `${away}`);
  const killed = await summarize(place.folder, () => {});
  assert.equal(killed.pid, undefined);
  assert.equal(killed.lastEnd, "unclean");
  const last = await openStore(place.make());
  await last.store.close();
  assert.equal((await summarize(place.folder, () => {})).lastEnd, "clean");
  await place.remove();
});
