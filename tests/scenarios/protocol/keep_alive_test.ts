import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  PINGREQ,
  publish,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const TIMEOUT = 0x8D;

for (const version of VERSIONS) {
  const named = (text: string) =>
    `keep alive ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named(
      "silence for one and a half of it ends the connection, as if the network had failed [MQTT-3.1.2-22, MQTT3-3.1.2-24]",
    ),
    async () => {
      await using broker = await TestBroker.start({ manualClock: true });
      const watcher = await broker.connect({ version });
      await watcher.subscribe("will");
      const client = await broker.connect({
        version,
        keepAlive: 10,
        will: { topic: "will", payload: "gone" },
      });
      const elapsed = await broker.advanceUntilSent(client);
      assert.ok(elapsed >= 15_000, `Ended after ${elapsed} ms`);
      await client.expectClosed(TIMEOUT);
      assert.equal(payloadText(await watcher.message()), "gone");
    },
  );

  Deno.test(
    named(
      "any packet begins it anew [MQTT-3.12.4-1, MQTT-3.2.2-22, MQTT3-3.12.4-1]",
    ),
    async () => {
      await using broker = await TestBroker.start({ manualClock: true });
      const client = await broker.connect({ version, keepAlive: 10 });
      for (let n = 0; n < 10; n++) {
        broker.advance(14_000);
        if (n % 2 === 0) await client.ping();
        else await client.publish("a", "x", { qos: 1 });
      }
      const elapsed = await broker.advanceUntilSent(client);
      assert.ok(elapsed >= 15_000, `Ended after ${elapsed} ms`);
      await client.expectClosed(TIMEOUT);
    },
  );

  Deno.test(
    named(
      "bytes of a packet that is not whole do not count [MQTT-3.1.2-22, MQTT3-3.1.2-24]",
    ),
    async () => {
      await using broker = await TestBroker.start({ manualClock: true });
      const client = await broker.connect({ version, keepAlive: 10 });
      const { counters } = broker;
      for (const byte of publish(version, "a", "trickles").subarray(0, 8)) {
        const { bytesReceived } = counters;
        await client.sendRaw(Uint8Array.of(byte));
        await until("it is read", () => counters.bytesReceived > bytesReceived);
        broker.advance(2_000);
      }
      await client.expectClosed(TIMEOUT);
    },
  );

  Deno.test(named("what the server sends does not count"), async () => {
    await using broker = await TestBroker.start({ manualClock: true });
    const publisher = await broker.connect({ version });
    const client = await broker.connect({ version, keepAlive: 10 });
    await client.subscribe("a");
    for (let n = 0; n < 7; n++) {
      broker.advance(2_000);
      await publisher.publish("a");
      await client.message();
    }
    await broker.advanceUntilSent(client);
    await client.expectClosed(TIMEOUT);
  });

  Deno.test(named("0 turns it off"), async () => {
    await using broker = await TestBroker.start({ manualClock: true });
    const client = await broker.connect({ version, keepAlive: 0 });
    for (let day = 0; day < 30; day++) broker.advance(86_400_000);
    await client.expectNothing();
  });
}

Deno.test("keep alive 5.0: a longer wish than the server's limit is answered with that [MQTT-3.2.2-21, MQTT-3.2.2-22]", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: { maximumKeepAlive: 30 },
  });
  const shorter = await broker.connect({ keepAlive: 20 });
  assert.equal(shorter.connack.properties.serverKeepAlive, undefined);
  await shorter.disconnect();
  for (const keepAlive of [31, 65_535]) {
    const client = await broker.connect({ keepAlive });
    assert.equal(client.connack.properties.serverKeepAlive, 30);
    const elapsed = await broker.advanceUntilSent(client);
    assert.ok(elapsed >= 45_000, `Ended after ${elapsed} ms`);
    await client.expectClosed(TIMEOUT);
  }
});

Deno.test("keep alive 3.1.1: 0 stays allowed where the server has a limit", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: { maximumKeepAlive: 30 },
  });
  const client = await broker.connect({ version: 4, keepAlive: 0 });
  broker.advance(86_400_000);
  await client.expectNothing();
});

Deno.test("keep alive: a client that is not read because it does not read is not silent", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: { outboxBytes: 65_536, stalledOutboxTime: 600_000 },
  });
  const client = await broker.connect({ keepAlive: 10 });
  await client.subscribe("t");
  client.pause();
  const publisher = await broker.connect();
  const large = "x".repeat(8 * 1024 * 1024);
  await publisher.publish("t", large, { qos: 1 });
  // Is read, and then nothing more until there is room for its answer.
  await client.sendRaw(PINGREQ);
  await publisher.settle();
  for (let n = 0; n < 5; n++) {
    broker.advance(14_000);
    await publisher.settle();
  }
  client.resume();
  assert.equal((await client.message()).payload.length, large.length);
  await client.expect("pingresp");
  await client.ping();
});
