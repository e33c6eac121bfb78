import assert from "node:assert/strict";
import { FakeRights } from "../../tests/support/rights.ts";
import { TestRouter } from "../../tests/support/router.ts";
import { persistent } from "../../tests/support/clients/write_packets.ts";
import { MemoryStore } from "../store/memory_store.ts";
import { SessionAdmin } from "./session_admin.ts";

Deno.test("SessionAdmin lists sessions with what is theirs", async () => {
  await using router = new TestRouter();
  const admin = new SessionAdmin(router.handle);
  const one = router.arrive({ ...persistent(5, "one"), username: "ann" });
  const two = router.arrive(persistent(4, "two"));
  await router.settle();
  one.expect("connack");
  two.expect("connack");
  await one.subscribe("a", { qos: 1 });
  await two.subscribe("a", { qos: 1 });
  await two.lose();
  await one.publish("a", "x", { qos: 1 });
  await router.settle();

  const records = await admin.list();
  assert.deepEqual(
    records.map((record) => [
      record.clientId,
      record.owner,
      record.link?.origin.listener,
      record.subscriptions,
      record.queuedMessages,
      record.inflight,
    ]),
    [
      ["one", "ann", "mqtt://a:1883", 1, 0, 1],
      ["two", undefined, undefined, 1, 1, 0],
    ],
  );
  assert.ok(records[1]!.queuedBytes > 0);
  assert.equal(records[0]!.offlineSince, undefined);
  assert.equal(typeof records[1]!.offlineSince, "number");
});

Deno.test("SessionAdmin lists very many sessions while others are served", async () => {
  await using router = new TestRouter();
  const admin = new SessionAdmin(router.handle);
  for (let i = 0; i < 3500; i++) router.arrive({ clientId: `client ${i}` });
  await router.settle();
  assert.equal((await admin.list()).length, 3500);
});

Deno.test("SessionAdmin ends connections, gives sessions away and deletes them", async () => {
  const store = new MemoryStore();
  await using router = new TestRouter({ store });
  const admin = new SessionAdmin(router.handle);
  const options = { ...persistent(5, "one"), username: "ann" };
  const first = router.arrive(options);
  await router.settle();
  first.expect("connack");
  assert.equal(await admin.disconnect("two"), false);
  assert.equal(await admin.disconnect("one"), true);
  assert.equal(first.endCause(), "administrative");
  await first.lose();

  assert.equal(await admin.adopt("two", "bob"), false);
  assert.equal(await admin.adopt("one", "bob"), true);
  assert.equal(store.kept.sessions.get("one")?.user, "bob");
  const ann = router.arrive(options);
  await router.settle();
  assert.equal(ann.endCause(), "notAuthorized");
  const bob = router.arrive({ ...options, username: "bob" });
  await router.settle();
  assert.equal(bob.expect("connack").sessionPresent, true);

  assert.equal(await admin.delete("one"), true);
  assert.equal(bob.endCause(), "administrative");
  assert.equal(await admin.delete("one"), false);
  assert.equal(store.kept.sessions.has("one"), false);
  assert.deepEqual(await admin.list(), []);
});

for (
  const { isOnline, delay } of [
    { isOnline: true, delay: 0 },
    { isOnline: true, delay: 60 },
    { isOnline: false, delay: 60 },
  ]
) {
  Deno.test(`SessionAdmin lets no will go out by the rights of a session's next owner, after ${delay} s, ${isOnline ? "online" : "offline"}`, async () => {
    await using router = new TestRouter();
    const admin = new SessionAdmin(router.handle);
    const watcher = router.arrive({ clientId: "watcher", username: "ann" });
    const first = router.arrive({
      ...persistent(5, "one"),
      username: "mallory",
      will: {
        topic: "secret",
        payload: "open",
        properties: delay === 0 ? {} : { willDelayInterval: delay },
      },
    });
    await router.settle();
    watcher.expect("connack");
    await watcher.subscribe("#", { qos: 0 });
    first.expect("connack");
    if (!isOnline) await first.lose();
    router.handle.changeRights(
      new FakeRights({ mallory: { publish: ["own"] } }),
    );
    assert.equal(await admin.adopt("one", "bob"), true);
    await router.advance(60_000);
    await router.settle();
    assert.deepEqual(watcher.messages(), []);
    assert.equal(router.counters.denied.will, 1);
    const records = await admin.list();
    assert.equal(records[1]!.owner, "bob");
  });
}
