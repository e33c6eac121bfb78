import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory_store.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
} from "../../tests/support/router.ts";
import type { ReceivedPublish } from "../../tests/support/clients/read_packets.ts";
import { publish } from "../../tests/support/clients/write_packets.ts";

const PROPERTIES = {
  contentType: "a content type",
  responseTopic: "response/topic",
  userProperties: [["name", "value"]] as [string, string][],
};

/** Requires that nothing of a message was borrowed from a read buffer that is in use again. */
function assertWhole(
  message: ReceivedPublish | undefined,
  topic: string,
): void {
  assert.ok(message !== undefined);
  const { topicAlias: _, ...properties } = message.properties;
  assert.equal(message.topic, topic);
  assert.equal(new TextDecoder().decode(message.payload), `payload ${topic}`);
  assert.deepEqual(properties, PROPERTIES);
}

/** Publishes in a read buffer that is overwritten with 0xFF as soon as the Router has done with it. */
async function send(
  publisher: Peer,
  topic: string,
  options: { qos?: number; retain?: boolean } = {},
): Promise<void> {
  const { qos = 0 } = options;
  await publisher.send(
    publish(5, topic, `payload ${topic}`, {
      ...options,
      packetId: qos > 0 ? publisher.nextPacketId() : 0,
      properties: PROPERTIES,
    }),
  );
}

for (const sharesBuffers of [false, true]) {
  const what = sharesBuffers ? "that may be handed on" : "of its own";

  Deno.test(`Router keeps nothing of a read buffer ${what}: retained`, async () => {
    const store = new MemoryStore();
    await using router = new TestRouter({ store });
    const publisher = await router.connect();
    publisher.sharesBuffers = sharesBuffers;
    await send(publisher, "retained/topic", { retain: true });
    const peer = await router.connect();
    await peer.subscribe("retained/+");
    assertWhole(peer.messages()[0], "retained/topic");
    const kept = store.written.retained.get("retained/topic")!;
    assert.equal(
      new TextDecoder().decode(kept.payload),
      "payload retained/topic",
    );
  });

  Deno.test(`Router keeps nothing of a read buffer ${what}: queued and sent again`, async () => {
    const store = new MemoryStore();
    await using router = new TestRouter({ store });
    const publisher = await router.connect();
    publisher.sharesBuffers = sharesBuffers;
    const options = {
      clean: false,
      properties: { ...PERSISTENT.properties, receiveMaximum: 2 },
    };
    const peer = await router.connect(options);
    await peer.subscribe("#", { qos: 2 });
    for (const [n, qos] of [1, 2, 1, 2].entries()) {
      await send(publisher, `topic/${n}`, { qos });
    }
    await router.settle();
    assert.equal(peer.messages().length, 2);
    for (const message of store.written.owed(peer.clientId)) {
      const topic = new TextDecoder().decode(message.topic.bytes);
      const payload = new TextDecoder().decode(message.payload);
      assert.equal(payload, `payload ${topic}`);
    }
    await peer.lose();
    const { clientId } = peer;
    const more = { ...PERSISTENT.properties, receiveMaximum: 9 };
    const back = await router.connect({
      ...options,
      clientId,
      properties: more,
    });
    const messages = back.messages();
    assert.deepEqual(messages.map(({ dup }) => dup), [
      true,
      true,
      false,
      false,
    ]);
    messages.forEach((message, n) => assertWhole(message, `topic/${n}`));
  });

  Deno.test(`Router keeps nothing of a read buffer ${what}: shared groups`, async () => {
    await using router = new TestRouter();
    const publisher = await router.connect();
    publisher.sharesBuffers = sharesBuffers;
    const one = await router.connect(PERSISTENT);
    await one.subscribe("$share/g/#", { qos: 1 });
    await send(publisher, "under/way", { qos: 1 });
    await one.lose();
    await send(publisher, "waiting", { qos: 1 });
    const other = await router.connect();
    await other.subscribe("$share/g/#", { qos: 1 });
    await router.connect({ clientId: one.clientId });
    const messages = other.messages();
    assertWhole(messages[0], "waiting");
    assertWhole(messages[1], "under/way");
  });

  Deno.test(`Router keeps nothing of a read buffer ${what}: topics and aliases`, async () => {
    await using router = new TestRouter();
    const publisher = await router.connect();
    publisher.sharesBuffers = sharesBuffers;
    const peer = await router.connect({ properties: { topicAliasMaximum: 9 } });
    await peer.subscribe("a/+");
    const plain = await router.connect();
    await plain.subscribe("a/+");
    const topic = "a/topic";
    const payload = `payload ${topic}`;
    const properties = { ...PROPERTIES, topicAlias: 3 };
    for (const name of [topic, "", "", topic]) {
      await publisher.send(publish(5, name, payload, { properties }));
      await send(publisher, topic);
    }
    await router.settle();
    const messages = plain.messages();
    assert.equal(messages.length, 8);
    for (const message of messages) assertWhole(message, topic);
    const [first, ...others] = peer.messages();
    assertWhole(first, topic);
    assert.equal(others.length, 7);
    for (const message of others) {
      assert.equal(message.properties.topicAlias, 1);
      assertWhole({ ...message, topic }, topic);
    }
  });

  Deno.test(`Router keeps nothing of a read buffer ${what}: what waits for the disk or the socket`, async () => {
    const store = new MemoryStore("byHand");
    await using router = new TestRouter({ store });
    const publisher = router.arrive(PERSISTENT);
    publisher.sharesBuffers = sharesBuffers;
    await router.settle();
    await router.commit();
    publisher.expect("connack");
    const peers = [
      await router.connect(),
      await router.connect({ properties: { receiveMaximum: 1 } }),
      await router.connect({ properties: { topicAliasMaximum: 9 } }),
    ];
    for (const peer of peers) await peer.subscribe("#", { qos: 2 });
    peers[0]!.limit(0);
    await send(publisher, "one", { qos: 2 });
    await send(publisher, "two", { qos: 2 });
    await send(publisher, "three", { qos: 0 });
    await router.settle();
    await router.commit();
    for (const peer of peers) {
      peer.resume();
      await router.settle();
      const messages = peer.messages();
      for (const message of messages) assertWhole(message, message.topic);
      assert.equal(messages.length, peer === peers[1] ? 2 : 3);
    }
  });
}

Deno.test("Router hands on large reads to slow clients as they came", async () => {
  await using router = new TestRouter();
  const publisher = await router.connect();
  publisher.sharesBuffers = true;
  const peers: Peer[] = [];
  for (let n = 0; n < 3; n++) {
    const peer = await router.connect();
    await peer.subscribe("t/#");
    peer.limit(n === 0 ? Infinity : 0);
    peers.push(peer);
  }
  const payload = (n: number) => new Uint8Array(1000).fill(n);
  for (let round = 0; round < 4; round++) {
    const packets = Array.from(
      { length: 60 },
      (_, n) => publish(5, "t/a", payload(n)),
    );
    await publisher.send(...packets);
  }
  await router.settle();
  for (const peer of peers) {
    for (let turn = 0; turn < 50; turn++) peer.limit(5_003);
    peer.resume();
    const messages = peer.messages();
    assert.equal(messages.length, 240);
    messages.forEach((message, at) => {
      assert.deepEqual(message.payload, payload(at % 60));
    });
  }
});

Deno.test("Router serves others while it works on a long read", async () => {
  await using router = new TestRouter();
  const subscribers: Peer[] = [];
  for (let n = 0; n < 50; n++) {
    const peer = await router.connect({ properties: { topicAliasMaximum: 1 } });
    await peer.subscribe("a", { qos: 0 });
    subscribers.push(peer);
  }
  const publisher = await router.connect();
  const other = await router.connect();
  let isDone = false;
  const packet = publish(5, "a", "x");
  const work = publisher.send(...Array.from({ length: 5_000 }, () => packet))
    .then(() => isDone = true);
  let turns = 0;
  while (!isDone) {
    await other.send(Uint8Array.of(0xC0, 0));
    turns++;
  }
  await work;
  assert.ok(turns > 2, `${turns} turns of the other client`);
  for (const peer of subscribers) assert.equal(peer.messages().length, 5_000);
});

Deno.test("Router lets go of read buffers when it is closed", async () => {
  const router = new TestRouter();
  const publisher = await router.connect();
  const sent = Array.from(
    { length: 10 },
    () => publisher.send(publish(5, "a", "x")),
  );
  await router[Symbol.asyncDispose]();
  await Promise.all(sent);
  await publisher.send(publish(5, "a", "x"));
});

Deno.test("Router keeps a fault to the client whose packets led to it", async () => {
  const store = new MemoryStore();
  const router = new TestRouter({ store });
  const victim = await router.connect(PERSISTENT);
  await victim.subscribe("a", { qos: 1 });
  const publisher = await router.connect();
  store.enqueue = () => {
    throw new Error("A fault for this test");
  };
  await publisher.publish("a", "x", { qos: 1 });
  await router.settle();
  assert.equal(publisher.endCause(), "internalError");
  assert.equal(router.faults.length, 1);
  assert.match(router.faults.splice(0).join(), /A fault for this test/);
  assert.equal(victim.endCause(), undefined);
  const other = await router.connect();
  await other.publish("a", "0");
  await router.settle();
  assert.deepEqual(victim.payloads(), ["0"]);
  await router[Symbol.asyncDispose]();
});

Deno.test("Router meters what waits at gates as well as in Outboxes", async () => {
  const store = new MemoryStore("byHand");
  await using router = new TestRouter({ store });
  const publisher = router.arrive(PERSISTENT);
  const subscriber = await router.connect();
  await subscriber.subscribe("a", { qos: 2 });
  await router.commit();
  publisher.expect("connack");
  const { governor } = router.handle.view;
  const metered = () => governor.bytes - store.uncommittedBytes;
  const size = 100_000;
  await publisher.publish("a", "x".repeat(size), { qos: 2 });
  await router.settle();
  assert.deepEqual(subscriber.take(), []);
  assert.ok(metered() >= size);
  subscriber.limit(0);
  await router.commit();
  assert.ok(metered() >= size);
  subscriber.resume();
  governor.forgetLink(subscriber.link);
  assert.ok(metered() < 100);
});
