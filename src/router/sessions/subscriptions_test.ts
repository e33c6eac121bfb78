import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import { PERSISTENT, TestRouter } from "../../../tests/support/router.ts";
import {
  subscribe,
  unsubscribe,
} from "../../../tests/support/clients/write_packets.ts";

Deno.test("Subscriptions answers each filter in its place [MQTT-3.8.4-5, -6]", async () => {
  const limits = { subscriptionsPerClient: 3, topicLevels: 4 };
  await using router = new TestRouter({ limits });
  const peer = await router.connect();
  const filters = ["a", "a/#/b", "b/+", "$share/g", "$share/g/c", "d", "a"];
  await peer.send(
    subscribe(5, 7, filters.map((filter, n) => ({ filter, qos: n % 3 }))),
  );
  await router.settle();
  const { packetId, reasonCodes } = peer.expect("suback");
  assert.equal(packetId, 7);
  assert.deepEqual(reasonCodes, [0, 0x8F, 2, 0x8F, 1, 0x97, 0]);
  await peer.send(
    unsubscribe(5, 8, ["a", "a", "b/+", "never", "$share/g/c", "$share/g"]),
  );
  await router.settle();
  const unsuback = peer.expect("unsuback");
  assert.deepEqual(unsuback.reasonCodes, [0, 0x11, 0, 0x11, 0, 0x11]);
  assert.equal(router.counters.subscriptionsNow, 0);
});

Deno.test("Subscriptions refuses a filter below 5.0 with 0x80, in 3.1 by ending the client", async () => {
  await using router = new TestRouter();
  const four = await router.connect({ version: 4 });
  await four.send(subscribe(4, 1, [{ filter: "#/a" }, { filter: "a" }]));
  await router.settle();
  assert.deepEqual(four.expect("suback").reasonCodes, [0x80, 0]);
  const three = await router.connect({ version: 3 });
  await three.send(subscribe(3, 1, [{ filter: "#/a" }]));
  assert.equal(three.endCause(), "protocolError");
});

Deno.test("Subscriptions counts a deep filter with wildcards as several", async () => {
  const limits = { subscriptionsPerClient: 4 };
  await using router = new TestRouter({ limits });
  const peer = await router.connect();
  const deep = "+/".repeat(47) + "a";
  const subscribed = async (filter: string) =>
    (await peer.subscribe(filter)).reasonCodes[0];
  assert.equal(await subscribed(deep), 0);
  assert.equal(await subscribed(deep), 0);
  assert.equal(await subscribed("a"), 0);
  assert.equal(await subscribed("b"), 0x97);
  await peer.send(unsubscribe(5, 100, [deep]));
  await router.settle();
  peer.expect("unsuback");
  for (const filter of ["b", "c", "d"]) {
    assert.equal(await subscribed(filter), 0);
  }
  assert.equal(await subscribed(deep), 0x97);
});

Deno.test("Subscriptions replaces one with the same filter [MQTT-3.8.4-3]", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const peer = await router.connect();
  for (const [qos, identifier] of [[2, 1], [0, 2], [1, 3]] as const) {
    await peer.subscribe("a/+", {
      qos,
      properties: { subscriptionIdentifiers: [identifier] },
    });
    await publisher.publish("a/b", "x", { qos: 2 });
    await router.settle();
    const [message] = peer.messages();
    assert.equal(message!.qos, qos);
    assert.deepEqual(message!.properties.subscriptionIdentifiers, [identifier]);
  }
});

Deno.test("Subscriptions are in force at once, and no longer than that", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  const peer = await router.connect();
  for (let n = 0; n < 3; n++) {
    await publisher.publish("a", "before");
    await peer.subscribe("a");
    await publisher.publish("a", "between");
    await router.settle();
    assert.deepEqual(peer.payloads(), ["between"]);
    await peer.send(unsubscribe(5, 1, ["a"]));
    await publisher.publish("a", "after");
    await router.settle();
    peer.expect("unsuback");
    assert.deepEqual(peer.take(), []);
  }
});

Deno.test("Subscriptions sends SUBACK and UNSUBACK of a kept session once they are kept", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const peer = router.arrive(PERSISTENT);
  await router.settle();
  await router.commit();
  peer.expect("connack");
  await peer.send(subscribe(5, 1, [{ filter: "a", qos: 1 }]));
  await router.settle();
  assert.deepEqual(peer.take(), []);
  assert.ok(store.awaited);
  await router.commit();
  peer.expect("suback");
  const kept = store.kept.subscriptions.get(peer.clientId)!;
  assert.deepEqual(kept.get("a"), {
    filter: "a",
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    identifier: 0,
  });
  await peer.send(unsubscribe(5, 2, ["a"]));
  await router.settle();
  assert.deepEqual(peer.take(), []);
  await router.commit();
  peer.expect("unsuback");
  assert.equal(kept.size, 0);
  // Nothing to be kept: at once.
  const { requested } = store;
  await peer.send(
    unsubscribe(5, 3, ["a"]),
    subscribe(5, 4, [{ filter: "#/a" }]),
  );
  await router.settle();
  peer.expect("unsuback");
  assert.deepEqual(peer.expect("suback").reasonCodes, [0x8F]);
  const ephemeral = await router.connect();
  await ephemeral.subscribe("a");
  assert.equal(store.requested, requested);
});

/** A clock on which every look takes a millisecond, so that a slice does as much on every machine. */
function tickingClock(): Disposable {
  let time = performance.now();
  performance.now = () => ++time;
  // Behind the property is the method of its prototype again.
  return { [Symbol.dispose]: () => Reflect.deleteProperty(performance, "now") };
}

Deno.test("Subscriptions works through long lists while it serves others", async () => {
  using _clock = tickingClock();
  await using router = new TestRouter();
  const other = await router.connect();
  const peer = await router.connect();
  const filters = Array.from({ length: 50_000 }, (_, n) => `level/${n}/+`);
  const work = peer.send(
    subscribe(5, 1, filters.map((filter) => ({ filter }))),
  );
  let pings = 0;
  const pinging = (async () => {
    while (router.counters.subscriptionsNow < 50_000) {
      await other.send(Uint8Array.of(0xC0, 0));
      pings++;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  })();
  await Promise.all([work, pinging]);
  await router.settle();
  assert.ok(pings > 3, `${pings} turns of the other client`);
  assert.equal(peer.expect("suback").reasonCodes.length, 50_000);
  await peer.send(unsubscribe(5, 2, filters));
  await router.settle();
  assert.equal(peer.expect("unsuback").reasonCodes.length, 50_000);
  assert.equal(router.counters.subscriptionsNow, 0);
});

Deno.test("Subscriptions stops working for a client that has gone", async () => {
  await using router = new TestRouter();
  const peer = await router.connect();
  const filters = Array.from({ length: 50_000 }, (_, n) => `level/${n}/+`);
  const work = peer.send(
    subscribe(5, 1, filters.map((filter) => ({ filter }))),
  );
  await peer.lose();
  await work;
  assert.equal(router.counters.subscriptionsNow, 0);
  assert.equal(router.counters.sessionsNow, 0);
});

for (const options of [{}, PERSISTENT]) {
  const whose = options === PERSISTENT ? "a session that is kept" : "any other";

  Deno.test(`Subscriptions answers before a new member or subscriber is given what waits: ${whose}`, async () => {
    const store = new MemoryStore("byHand");
    await using router = new TestRouter({ store });
    const away = router.arrive(PERSISTENT);
    const peer = router.arrive(options);
    await router.settle();
    await router.commit();
    await away.send(subscribe(5, 1, [{ filter: "$share/g/a", qos: 1 }]));
    await router.settle();
    await router.commit();
    await away.lose();
    const publisher = await router.connect();
    await publisher.publish("a", "1", { qos: 1, retain: true });
    await router.settle();
    await router.commit();
    peer.expect("connack");
    for (const filter of ["$share/g/a", "a"]) {
      await peer.send(subscribe(5, 1, [{ filter, qos: 1 }]));
      await router.settle();
      await router.commit();
      peer.expect("suback");
      peer.expect("publish");
    }
    assert.deepEqual(peer.take(), []);
  });
}
