/** What one listener's clients may use: how many, how fast, how much. */

import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { text } from "../../support/bytes.ts";

Deno.test("a listener takes so many connections, and so many from one address", async () => {
  for (
    const [clientLimits, cause] of [
      [{ maximumConnections: 2 }, "tooManyConnections"],
      [{ maximumConnectionsPerAddress: 2 }, "tooManyFromAddress"],
    ] as const
  ) {
    await using broker = await TestBroker.start({ clientLimits });
    const first = await broker.connect();
    await broker.connect();
    const third = await broker.open();
    if (cause === "tooManyConnections") {
      // It might have taken over its own connection.
      await third.sendConnect();
      await third.expectRefused(0x89);
    } else {
      await third.expectClosed();
      assert.ok(broker.log.some((line) => /Connections refused/.test(line)));
    }
    assert.equal(broker.counters.refused[cause], 1);
    await first.disconnect();
    await until("it is gone", () => broker.counters.connectionsNow === 1);
    await broker.connect();
  }
});

Deno.test("connections that come too fast are served later, not refused", async () => {
  await using broker = await TestBroker.start({
    clientLimits: { connectsPerSecond: 2 },
    manualClock: true,
  });
  await broker.connect();
  await broker.connect();
  const third = await broker.open();
  await third.sendConnect();
  await until("it waits", () => broker.counters.connectsSlowed === 1);
  const waited = await broker.advanceUntilSent(third);
  assert.equal((await third.expect("connack")).reasonCode, 0);
  assert.ok(waited >= 500 && waited <= 1000, `${waited} ms`);
});

Deno.test("a broker ends with connections that still wait", async () => {
  const broker = await TestBroker.start({
    clientLimits: { connectsPerSecond: 1 },
    manualClock: true,
  });
  await broker.connect();
  const second = await broker.open();
  await until("it waits", () => broker.counters.connectsSlowed === 1);
  await broker[Symbol.asyncDispose]();
  await second.expectClosed();
});

for (
  const [what, clientLimits] of [
    ["messages", { publishesPerSecond: 10 }],
    ["bytes", { bytesPerSecond: 500 }],
  ] as const
) {
  Deno.test(`a client that sends too many ${what} is read later, and loses none`, async () => {
    await using broker = await TestBroker.start({
      clientLimits,
      manualClock: true,
    });
    const subscriber = await broker.connect();
    await subscriber.subscribe("a");
    const publisher = await broker.connect({ keepAlive: 1 });
    const payload = "x".repeat(45);
    for (let sent = 0; sent < 25; sent++) {
      await publisher.sendPublish("a", payload);
    }
    await publisher.sendPublish("a", "last", { qos: 1 });
    await until("it waits", () => broker.counters.publishersSlowed > 0);
    const waited = await broker.advanceUntilSent(publisher);
    await publisher.take("puback");
    assert.ok(waited > 0 && waited < 5000, `${waited} ms`);
    for (let received = 0; received < 25; received++) {
      assert.equal(text((await subscriber.expect("publish")).payload), payload);
    }
    assert.equal(text((await subscriber.expect("publish")).payload), "last");
    assert.ok(broker.log.some((line) => /Client slowed down/.test(line)));
  });
}

Deno.test("a client that is not read for a while may still be ended", async () => {
  await using broker = await TestBroker.start({
    clientLimits: { publishesPerSecond: 1 },
    manualClock: true,
  });
  const client = await broker.connect();
  for (let sent = 0; sent < 20; sent++) await client.sendPublish("a");
  await until("it waits", () => broker.counters.publishersSlowed > 0);
});

Deno.test("a listener's clients may use less than others", async () => {
  await using broker = await TestBroker.start({
    clientLimits: { maximumPacketSize: 2000 },
  });
  const client = await broker.connect();
  assert.equal(client.connack.properties.maximumPacketSize, 2000);
  await client.sendPublish("a", "x".repeat(3000));
  await client.expectClosed(0x95);
});
