import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { join } from "../../support/bytes.ts";
import type { Client } from "../../support/clients/client.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { publish } from "../../support/clients/write_packets.ts";

const MiB = 1024 * 1024;
const SIZE = 65_536;

/** Moves the manual clock on, a hundred times as fast as the real one, until stopped. */
function runClock(broker: TestBroker): AsyncDisposable {
  let running = true;
  const loop = (async () => {
    while (running) {
      broker.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  return {
    [Symbol.asyncDispose]: () => {
      running = false;
      return loop;
    },
  };
}

/** Receives and acknowledges so many messages, whatever else comes, and returns the first ten characters of each. */
async function receive(client: Client, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const message = await client.take("publish");
    await client.acknowledge(message);
    texts.push(payloadText(message).slice(0, 10).trim());
  }
  return texts;
}

Deno.test("memory: at the ceiling, where every client publishes and subscribes, all goes on once they read, and nothing is lost", async () => {
  await using broker = await TestBroker.start({
    manualClock: true, // stands still: the pause must end without anybody being ended
    limits: { memoryCeiling: 4 * MiB, outboxBytes: 256 * 1024 },
  });
  const clients: Client[] = [];
  for (let n = 0; n < 8; n++) {
    const client = await broker.connect();
    await client.subscribe("all", { qos: 1 });
    clients.push(client);
  }
  const slow = clients.slice(4);
  for (const client of slow) client.pause();
  const perClient = 40;
  const publishing = clients.map(async (client, who) => {
    for (let n = 0; n < perClient; n++) {
      await client.publish("all", `${who} ${n}`.padEnd(SIZE), { qos: 1 });
    }
  });
  const receiving = clients.map((client) => receive(client, 8 * perClient));
  await until("the ceiling is reached", () => broker.counters.memoryPauses > 0);
  // While publishers wait, others are served.
  const other = await broker.connect();
  await other.expectNothing();
  for (const client of slow) client.resume();
  await Promise.all(publishing);
  for (const texts of await Promise.all(receiving)) {
    assert.equal(new Set(texts).size, 8 * perClient);
    for (let who = 0; who < 8; who++) {
      const own = texts.filter((text) => text.startsWith(`${who} `));
      assert.deepEqual(
        own,
        Array.from({ length: perClient }, (_, n) => `${who} ${n}`),
      );
    }
  }
  assert.equal(broker.counters.disconnected.memory, 0);
  assert.equal(broker.counters.queuedBytesNow, 0);
});

Deno.test("memory: if nobody reads, the largest consumers are ended until there is room, and the broker serves on", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: {
      memoryCeiling: 4 * MiB,
      outboxBytes: 256 * 1024,
      stalledOutboxTime: 86_400_000,
    },
  });
  const clients: Client[] = [];
  const flood: Uint8Array[] = [];
  for (let n = 1; n <= 300; n++) {
    flood.push(
      publish(5, "all", "x".repeat(SIZE), { qos: n % 3, packetId: n }),
    );
  }
  for (let n = 0; n < 6; n++) {
    const client = await broker.connect();
    await client.subscribe("all", { qos: 2 });
    client.pause();
    clients.push(client);
  }
  const bytes = join(...flood);
  const flooding = clients.map((client) => client.sendRaw(bytes));
  await until("the ceiling is reached", () => broker.counters.memoryPauses > 0);
  {
    await using _ = runClock(broker);
    await until(
      "a consumer is ended",
      () => broker.counters.disconnected.memory > 0,
    );
    const other = await broker.connect();
    await other.subscribe("other", { qos: 1 });
    await other.publish("other", "served", { qos: 1 });
    assert.equal(payloadText(await other.message()), "served");
    // Whoever is left may read at last, or be ended.
    for (const client of clients) client.resume();
    await Promise.all(flooding);
    await other.publish("other", "after all", { qos: 2 });
    assert.equal(payloadText(await other.message()), "after all");
  }
  assert.equal(broker.counters.disconnected.internalError, 0);
});

Deno.test("memory: what waits for absent clients ends the pause too, in the end", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: { memoryCeiling: 2 * MiB },
  });
  for (let n = 0; n < 3; n++) {
    const away = await broker.connect({
      clientId: `away${n}`,
      clean: false,
      properties: { sessionExpiryInterval: 1_000_000 },
    });
    await away.subscribe("all", { qos: 1 });
    await away.disconnect();
  }
  const publisher = await broker.connect();
  await using _ = runClock(broker);
  for (let n = 0; n < 200; n++) {
    await publisher.publish("all", "x".repeat(SIZE), { qos: 1 });
  }
  assert.ok(broker.counters.memoryPauses > 0);
  assert.ok(broker.counters.queuedBytesNow < 4 * MiB);
});

Deno.test("memory: a publisher that waits is still answered, and can leave", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: { memoryCeiling: 2 * MiB },
  });
  const away = await broker.connect({
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 1000 },
  });
  await away.subscribe("all", { qos: 1 });
  await away.disconnect();
  const publisher = await broker.connect({ will: { topic: "will" } });
  const watcher = await broker.connect();
  await watcher.subscribe("will");
  while (broker.counters.memoryPauses === 0) {
    await publisher.sendPublish("all", "x".repeat(SIZE), { qos: 1 });
    await watcher.ping();
  }
  await publisher.sendPublish("all", "waits", { qos: 1 });
  await publisher.ping();
  await publisher.disconnect();
  await watcher.expectNothing();
});

Deno.test("memory: what waits in a shared group costs no session its messages", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: { memoryCeiling: 4 * MiB },
  });
  await using _ = runClock(broker);
  const kept = { clean: false, properties: { sessionExpiryInterval: 1e6 } };
  const member = await broker.connect({ ...kept, clientId: "member" });
  await member.subscribe("$share/g/large", { qos: 1 });
  await member.disconnect();
  const small = await broker.connect({ ...kept, clientId: "small" });
  await small.subscribe("small", { qos: 1 });
  await small.disconnect();
  const publisher = await broker.connect();
  await publisher.publish("small", "still here", { qos: 1 });
  for (let n = 0; n < 100; n++) {
    await publisher.sendPublish("large", "".padEnd(SIZE), { qos: 1 });
  }
  // All that could be ended is the publisher, with what of it is held back.
  const { disconnected } = broker.counters;
  await until("the publisher is ended", () => disconnected.memory > 0);
  const other = await broker.connect();
  for (let n = 0; n < 100; n++) await other.ping();
  const again = await broker.connect({ ...kept, clientId: "small" });
  assert.equal(again.connack.sessionPresent, true);
  assert.equal(payloadText(await again.message()), "still here");
});
