import assert from "node:assert/strict";
import { Contents } from "../contents.ts";
import type { RoomReport } from "../disk_room.ts";
import { MemoryStore } from "../memory_store.ts";
import { RetryingStore } from "./retrying_store.ts";
import { HeldContents } from "../../../tests/support/stores/held_contents.ts";
import type { Store, StoreEvents, StoreReader } from "../store.ts";

/** A store that fails to open, before or after it has told something. */
class FailingStore extends MemoryStore {
  override async open(events: StoreEvents, reader: StoreReader): Promise<void> {
    events.resumed(5);
    await super.open(events, reader);
    throw new Error("it is a test");
  }
}

/** A store that holds a session. */
function keeper(
  Kind: new (...args: ConstructorParameters<typeof MemoryStore>) => MemoryStore,
) {
  const kept = new Contents();
  kept.saveSession({ clientId: "a", expiryInterval: 9, endedAt: 1 });
  return new Kind("atOnce", kept);
}

function setUp(stores: Store[], isPassing = true) {
  const reports: RoomReport[] = [];
  const late: HeldContents[] = [];
  const told = new HeldContents();
  let startedOver = 0;
  let tick: (() => void) | undefined;
  const opened = Promise.withResolvers<void>();
  const store = new RetryingStore({
    make: () => stores.shift()!,
    isPassing: () => isPassing,
    mayHoldMore: () => stores.length > 1,
    onOpened: opened.resolve,
    later: (callback) => {
      tick = callback;
      return () => tick = undefined;
    },
  });
  const events: StoreEvents = {
    resumed: () => {},
    startOver: () => {
      startedOver++;
      return new HeldContents();
    },
    openedLate: (_now, tell) => {
      const contents = new HeldContents();
      tell(contents);
      late.push(contents);
    },
    committed: () => {},
    room: (report) => reports.push(report),
    failed: () => {},
  };
  return {
    store,
    reports,
    late,
    told,
    opened: opened.promise,
    open: () => store.open(events, told),
    startedOver: () => startedOver,
    tick: () => tick!(),
  };
}

Deno.test("RetryingStore that opens at once is the store that it made", async () => {
  const inner = keeper(MemoryStore);
  const { store, told, reports, open } = setUp([inner]);
  await open();
  assert.ok(store.opened);
  assert.ok(told.sessions.has("a"));
  assert.deepEqual(reports, []);
  store.request(store.removeSession("a"));
  await store.close();
  assert.equal(inner.kept.sessions.size, 0);
});

Deno.test("RetryingStore tries again until a store opens, and tells then what that holds", async () => {
  const last = keeper(MemoryStore);
  const stores = [keeper(FailingStore), keeper(FailingStore), last];
  const parts = setUp(stores);
  const { store, reports, late } = parts;
  await parts.open();
  assert.equal(parts.startedOver(), 1, "what was told is void");
  assert.deepEqual(reports.map(({ room, unopened }) => [room, unopened]), [
    ["none", "unread"],
  ]);
  assert.ok(!store.opened);
  assert.ok(store.removeSession("a") > store.committed, "it is not kept");
  parts.tick();
  await store.close();
  assert.deepEqual(late, []);
  assert.equal(reports.length, 1, "the same is told once");
});

Deno.test("RetryingStore tells what a store holds that opens late, once", async () => {
  const last = keeper(MemoryStore);
  const parts = setUp([keeper(FailingStore), last]);
  const { store, reports, late } = parts;
  await parts.open();
  parts.tick();
  await parts.opened;
  assert.ok(store.opened);
  assert.deepEqual([...late[0]!.sessions.keys()], ["a"]);
  assert.deepEqual(reports.map(({ room, unopened }) => [room, unopened]), [
    ["none", "empty"],
    ["ample", undefined],
  ]);
  store.request(store.removeSession("a"));
  await store.close();
  assert.equal(last.kept.sessions.size, 0);
});

Deno.test("RetryingStore fails where waiting does not help", async () => {
  const { open } = setUp([keeper(FailingStore)], false);
  await assert.rejects(open, /it is a test/);
});
