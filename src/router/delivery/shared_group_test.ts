import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import { GROUP, setUp } from "../../../tests/support/shared_group.ts";
import { type Peer, PERSISTENT } from "../../../tests/support/router.ts";
import {
  publish,
  unsubscribe,
} from "../../../tests/support/clients/write_packets.ts";

/** The next message and its acknowledgement. */
async function acknowledgeAll(peer: Peer): Promise<void> {
  for (const message of peer.messages()) {
    if (message.qos === 1) await peer.acknowledge("puback", message.packetId);
    if (message.qos === 2) await peer.acknowledge("pubrec", message.packetId);
  }
}

for (const qos of [0, 1, 2]) {
  Deno.test(`SharedGroup gives QoS ${qos} messages to its members in turn`, async () => {
    const { router, member, send } = await setUp();
    await using _ = router;
    const members = [await member(), await member(), await member()];
    await send(qos, 1, 2, 3, 4, 5, 6);
    const got = members.map((peer) => peer.payloads());
    assert.deepEqual(got.map((payloads) => payloads.length), [2, 2, 2]);
    assert.deepEqual(got.flat().toSorted(), ["1", "2", "3", "4", "5", "6"]);
  });

  Deno.test(`SharedGroup gives QoS ${qos} messages to members that are online first`, async () => {
    const { router, member, send } = await setUp();
    await using _ = router;
    const away = await member(2, PERSISTENT);
    const here = await member();
    await away.lose();
    await send(qos, 1, 2, 3);
    assert.deepEqual(here.payloads(), ["1", "2", "3"]);
    const back = await router.connect({
      ...PERSISTENT,
      clientId: away.clientId,
    });
    assert.deepEqual(back.take(), []);
  });
}

Deno.test("SharedGroup delivers to each group, and to subscribers beside them", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const inGroup = await member();
  const other = await router.connect();
  await other.subscribe("$share/h/+");
  const plain = await router.connect();
  await plain.subscribe("a");
  await send(0, 1);
  for (const peer of [inGroup, other, plain]) {
    assert.deepEqual(peer.payloads(), ["1"]);
  }
});

Deno.test("SharedGroup sends with no more than each member's QoS [MQTT-4.8.2-3]", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const members = [await member(0), await member(1), await member(2)];
  await send(2, 1, 2, 3);
  assert.deepEqual(
    members.map((peer) => peer.messages().map(({ qos }) => qos)),
    [[0], [1], [2]],
  );
});

Deno.test("SharedGroup keeps messages while no member is online, in order, QoS 0 not", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const one = await member(2, PERSISTENT);
  await one.lose();
  await send(1, 1, 2);
  await send(2, 3);
  await send(0, "dropped");
  await send(1, 4);
  assert.equal(router.counters.queuedNow, 4);
  assert.equal(router.counters.dropped.offline, 1);
  const other = await router.connect();
  await other.subscribe(GROUP, { qos: 2 });
  assert.deepEqual(other.payloads(), ["1", "2", "3", "4"]);
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(router.counters.queuedBytesNow, 0);
});

Deno.test("SharedGroup gives what waits to the first member that can take it", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const properties = { receiveMaximum: 1 };
  const one = await member(2, { properties });
  const two = await member(2, { properties });
  await send(1, 1, 2, 3, 4, 5);
  assert.deepEqual(one.payloads(), ["1"]);
  assert.deepEqual(two.payloads(), ["2"]);
  await two.acknowledge("puback", 1);
  await router.settle();
  assert.deepEqual(two.payloads(), ["3"]);
  await one.acknowledge("puback", 1);
  await router.settle();
  assert.deepEqual(one.payloads(), ["4"]);
  const three = await member();
  assert.deepEqual(three.payloads(), ["5"]);
});

Deno.test("SharedGroup sends QoS 0 past QoS 1 messages that wait", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const one = await member(2, { properties: { receiveMaximum: 1 } });
  await send(1, 1, 2);
  await send(0, "now");
  const other = await router.connect();
  await other.subscribe("a");
  await send(0, "also now");
  assert.deepEqual(one.payloads(), ["1", "now", "also now"]);
  assert.equal(router.counters.dropped.offline, 0);
});

Deno.test("SharedGroup gives what was never sent to another member at once [MQTT-4.8.2-4]", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  for (const options of [{}, PERSISTENT]) {
    const slow = await member(2, options);
    slow.limit(0);
    // What is under way to the socket counts as sent, what is behind it does not.
    await send(1, 1);
    await send(1, 2);
    await send(2, 3, 4);
    const other = await member();
    assert.deepEqual(other.take(), []);
    await slow.lose();
    const payloads = other.payloads();
    assert.deepEqual(
      payloads,
      "clean" in options ? ["2", "3", "4"] : ["1", "2", "3", "4"],
    );
    const { clientId } = slow;
    await other.lose();
    await router.connect({ clientId }); // clean: ends what is left of it
  }
});

Deno.test("SharedGroup gives QoS 1 that was not acknowledged to another when the session ends, QoS 2 dies with it [MQTT-4.8.2-4, -5]", async () => {
  const store = new MemoryStore();
  const { router, member, send } = await setUp({ store });
  await using _ = router;
  const one = await member(2, PERSISTENT);
  await send(1, 1, 2);
  await send(2, 3, 4);
  assert.equal(one.payloads().length, 4);
  await one.acknowledge("puback", 1);
  await one.acknowledge("pubrec", 3);
  await router.settle();
  const other = await member();
  await one.lose();
  assert.deepEqual(other.take(), [], "the session is still there");
  assert.equal(store.written.owed(GROUP).length, 3);
  const back = await router.connect({ clientId: one.clientId });
  const [message] = other.messages();
  assert.equal(new TextDecoder().decode(message!.payload), "2");
  assert.equal(message!.dup, false);
  assert.equal(store.written.owed(GROUP).length, 1, "QoS 2 is forgotten");
  assert.deepEqual(back.take(), []);
});

Deno.test("SharedGroup completes QoS 2 with the member that has it [MQTT-4.8.2-5]", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const one = await member(2, PERSISTENT);
  await send(2, 1, 2);
  assert.equal(one.payloads().length, 2);
  await one.acknowledge("pubrec", 1);
  await router.settle();
  const other = await member();
  await one.lose();
  const back = await router.connect({ ...PERSISTENT, clientId: one.clientId });
  assert.equal(back.expect("pubrel").packetId, 1);
  const again = back.expect("publish");
  assert.deepEqual([again.packetId, again.dup], [2, true]);
  assert.deepEqual(other.take(), []);
});

Deno.test("SharedGroup leaves with a member what an earlier connection of it was sent [MQTT-4.8.2-4]", async () => {
  const store = new MemoryStore();
  const { router, member, send } = await setUp({ store });
  await using _ = router;
  const one = await member(2, PERSISTENT);
  await send(2, 1, 2);
  assert.equal(one.payloads().length, 2);
  const other = await member();
  const { clientId } = one;
  // Over with before its CONNACK, and then before anything was acknowledged.
  const early = router.arrive({ ...PERSISTENT, clientId });
  await early.lose();
  for (let n = 0; n < 2; n++) {
    const again = router.arrive({ ...PERSISTENT, clientId });
    await router.settle();
    again.expect("connack");
    assert.deepEqual(
      again.messages().map(({ packetId, dup }) => [packetId, dup]),
      [[1, true], [2, true]],
    );
    await again.lose();
  }
  await router.settle();
  assert.deepEqual(other.take(), []);
});

Deno.test("SharedGroup discards what a member refuses [MQTT-4.8.2-6]", async () => {
  const store = new MemoryStore();
  const { router, member, send } = await setUp({ store });
  await using _ = router;
  const one = await member(2, PERSISTENT);
  await send(1, 1);
  await send(2, 2);
  const other = await member();
  for (const { packetId, qos } of one.messages()) {
    await one.acknowledge(qos === 1 ? "puback" : "pubrec", packetId, 0x80);
  }
  await router.settle();
  assert.deepEqual(other.take(), []);
  assert.equal(router.counters.dropped.rejected, 2);
  assert.equal(store.written.owed(GROUP).length, 0);
});

Deno.test("SharedGroup ends with its last member, and forgets what waited", async () => {
  const store = new MemoryStore();
  const { router, member, send } = await setUp({ store });
  await using _ = router;
  const one = await member(2, PERSISTENT);
  await one.lose();
  await send(1, 1, 2);
  assert.equal(store.written.owed(GROUP).length, 2);
  const back = await router.connect({ clientId: one.clientId });
  assert.equal(store.written.deliveries.size, 0);
  assert.equal(router.counters.queuedNow, 0);
  assert.equal(router.counters.queuedBytesNow, 0);
  await back.subscribe(GROUP, { qos: 2 });
  assert.deepEqual(back.take(), []);
});

Deno.test("SharedGroup forgets what the last member had not acknowledged when its session ends", async () => {
  const store = new MemoryStore();
  const { router, member, send } = await setUp({ store });
  await using _ = router;
  for (const options of [{}, PERSISTENT]) {
    const one = await member(2, options);
    await send(1, 1);
    await send(2, 2);
    await one.lose();
    await router.connect({ clientId: one.clientId });
    assert.equal(store.written.deliveries.size, 0);
    assert.equal(router.counters.queuedNow, 0);
    assert.equal(router.counters.queuedBytesNow, 0);
  }
});

Deno.test("SharedGroup goes on without a member that unsubscribes, and takes it back", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const one = await member();
  const two = await member();
  await two.send(unsubscribe(5, 9, [GROUP]));
  await send(1, 1, 2);
  assert.deepEqual(one.payloads(), ["1", "2"]);
  assert.equal(two.expect("unsuback").reasonCodes[0], 0);
  await two.subscribe(GROUP, { qos: 1 });
  await two.subscribe(GROUP, { qos: 0 });
  await send(1, 3, 4);
  assert.equal(one.payloads().length, 1);
  const [message] = two.messages();
  assert.equal(message!.qos, 0, "subscribed again with another QoS");
});

Deno.test("SharedGroup sends no retained messages to new members [4.8.2]", async () => {
  const { router, publisher } = await setUp();
  await using _ = router;
  await publisher.publish("a", "x", { retain: true });
  const peer = await router.connect();
  await peer.subscribe(GROUP);
  assert.deepEqual(peer.take(), []);
});

Deno.test("SharedGroup sends each member its subscription identifier and Retain As Published", async () => {
  const { router, publisher } = await setUp();
  await using _ = router;
  const one = await router.connect();
  await one.subscribe(GROUP, {
    retainAsPublished: true,
    properties: { subscriptionIdentifiers: [7] },
  });
  const two = await router.connect();
  await two.subscribe(GROUP);
  for (let n = 0; n < 2; n++) {
    await publisher.publish("a", "x", { retain: true });
    await publisher.publish("a", "x");
  }
  await router.settle();
  for (const message of one.messages()) {
    assert.deepEqual(message.properties.subscriptionIdentifiers, [7]);
  }
  for (const message of two.messages()) {
    assert.equal(message.properties.subscriptionIdentifiers, undefined);
    assert.equal(message.retain, false);
  }
});

Deno.test("SharedGroup keeps to the limits of a queue", async () => {
  const { router, member, send } = await setUp({
    limits: { queuedMessages: 2 },
  });
  await using _ = router;
  const one = await member(1, PERSISTENT);
  await one.lose();
  await send(1, 1, 2, 3);
  assert.equal(router.counters.dropped.queueMessages, 1);
  const back = await router.connect({ ...PERSISTENT, clientId: one.clientId });
  assert.deepEqual(back.payloads(), ["2", "3"]);
});

Deno.test("SharedGroup loses nothing of QoS 1 and doubles nothing while members come and go", async () => {
  const { router, publisher, member } = await setUp();
  await using _ = router;
  let next = 0;
  const received: string[] = [];
  const members: Peer[] = [await member(1)];
  for (let round = 0; round < 60; round++) {
    await publisher.send(
      ...Array.from({ length: 10 }, () =>
        publish(5, "a", String(next++), {
          qos: 1,
          packetId: publisher.nextPacketId(),
        })),
    );
    await router.settle();
    for (const peer of members) {
      for (const message of peer.messages()) {
        received.push(new TextDecoder().decode(message.payload));
        await peer.acknowledge("puback", message.packetId);
      }
    }
    if (round % 3 === 0) members.push(await member(1));
    if (round % 5 === 4) await members.shift()!.lose();
    publisher.take();
  }
  await router.settle();
  for (const peer of members) received.push(...peer.payloads());
  assert.deepEqual(
    received.map(Number).toSorted((a, b) => a - b),
    Array.from({ length: next }, (_, n) => n),
  );
});

Deno.test("SharedGroup keeps waiting messages for the next that can, whoever acknowledges", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const one = await member(2, { properties: { receiveMaximum: 2 } });
  await send(1, 1, 2, 3, 4, 5, 6);
  const seen: string[] = [];
  for (let n = 0; n < 6; n++) {
    const message = one.expect("publish");
    seen.push(new TextDecoder().decode(message.payload));
    await one.acknowledge("puback", message.packetId);
    await router.settle();
  }
  assert.deepEqual(seen, ["1", "2", "3", "4", "5", "6"]);
  await acknowledgeAll(one);
});
