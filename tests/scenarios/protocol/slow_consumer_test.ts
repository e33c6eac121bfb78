import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { join, joinAll, u16 } from "../../support/bytes.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  publish,
  unsubscribe,
  type Version,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

for (const version of VERSIONS) {
  Deno.test(`slow consumer ${VERSION_NAMES[version]}: QoS 0 is dropped and counted, QoS 1 and 2 are not, and nobody else waits`, async () => {
    await using broker = await TestBroker.start({
      limits: { outboxBytes: 65_536 },
    });
    const publisher = await broker.connect();
    const other = await broker.connect({ version });
    const slow = await broker.connect({ version });
    await other.subscribe("sure", { qos: 2 });
    await slow.subscribe("sure", { qos: 2 });
    await slow.subscribe("fast", { qos: 0 });
    slow.pause();
    // More than the sockets' buffers and the Outbox can hold.
    const blocks = 3000;
    for (let n = 0; n < blocks;) {
      const packets: Uint8Array[] = [];
      for (const end = n + 100; n < end; n++) {
        packets.push(publish(5, "fast", String(n).padEnd(10_000)));
      }
      await publisher.sendRaw(join(...packets));
      await publisher.publish("sure", String(n), { qos: 1 + n / 100 % 2 });
      assert.equal(payloadText(await other.message()), String(n));
    }
    assert.ok(broker.counters.dropped.outboxFull > 0, "nothing was dropped");
    slow.resume();
    const sure: string[] = [];
    let last = -1;
    let received = 0;
    while (sure.length < blocks / 100) {
      const message = await slow.message();
      if (message.topic === "sure") sure.push(payloadText(message));
      else {
        const n = parseInt(payloadText(message));
        assert.ok(n > last, "not in order");
        last = n;
        received++;
      }
    }
    assert.deepEqual(
      sure,
      Array.from({ length: 30 }, (_, n) => String(100 * (n + 1))),
    );
    assert.ok(received > 0, "everything was dropped");
    await publisher.publish("fast", "after");
    await publisher.settle();
    let message = await slow.message();
    while (payloadText(message) !== "after") {
      message = await slow.message();
      received++;
    }
    assert.equal(broker.counters.dropped.outboxFull, blocks - received);
  });
}

Deno.test("slow consumer: one that takes nothing for the time allowed is ended", async () => {
  await using broker = await TestBroker.start({
    limits: { outboxBytes: 65_536, stalledOutboxTime: 1_000 },
    manualClock: true,
  });
  const publisher = await broker.connect();
  const slow = await broker.connect({ version: 4 });
  const idle = await broker.connect({ version: 4 });
  await slow.subscribe("fast");
  slow.pause();
  const payload = "x".repeat(100_000);
  while (broker.counters.dropped.outboxFull === 0) {
    await publisher.publish("fast", payload);
    await publisher.settle();
  }
  const before = broker.counters.clientsNow;
  for (let n = 0; n < 100 && broker.counters.clientsNow === before; n++) {
    broker.advance(100);
    await publisher.ping();
  }
  await until(
    "the slow client is ended",
    () => broker.counters.clientsNow === before - 1,
  );
  assert.equal(broker.counters.disconnected.slowConsumer, 1);
  await idle.expectNothing();
});

Deno.test("queue: what does not fit into an absent client's session is dropped and counted", async () => {
  const versions: Version[] = [4, 5];
  for (const limits of [{ queuedMessages: 10 }, { queuedBytes: 5_000 }]) {
    await using broker = await TestBroker.start({ limits });
    const publisher = await broker.connect();
    for (const version of versions) {
      const options = {
        version,
        clientId: `away${version}`,
        clean: false,
        properties: { sessionExpiryInterval: 100 },
      };
      const away = await broker.connect(options);
      await away.subscribe(`to/${version}`, { qos: 1 });
      await away.disconnect();
      const before = { ...broker.counters.dropped };
      for (let n = 0; n < 30; n++) {
        await publisher.publish(`to/${version}`, String(n).padEnd(400), {
          qos: 1,
        });
      }
      const { dropped } = broker.counters;
      const lost = dropped.queueMessages - before.queueMessages +
        dropped.queueBytes - before.queueBytes;
      assert.ok(lost > 0 && lost < 30, `${lost} dropped`);
      const back = await broker.connect(options);
      const kept = (await back.messages(30 - lost)).map((message) =>
        parseInt(payloadText(message))
      );
      assert.deepEqual(kept, kept.toSorted((a, b) => a - b));
      await back.expectNothing();
      if ("queuedMessages" in limits) assert.equal(kept.length, 10);
    }
    assert.equal(broker.counters.queuedNow, 0);
    assert.equal(broker.counters.queuedBytesNow, 0);
  }
});

Deno.test("queue: QoS 0 for an absent client is not kept, and counted", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const publisher = await broker.connect();
  const away = await broker.connect(options);
  await away.subscribe("a", { qos: 0 });
  await away.subscribe("b", { qos: 2 });
  await away.disconnect();
  await publisher.publish("a", "lost", { qos: 2 });
  await publisher.publish("b", "lost", { qos: 0 });
  await publisher.publish("b", "kept", { qos: 1 });
  const back = await broker.connect(options);
  assert.equal(payloadText(await back.message()), "kept");
  await back.expectNothing();
  assert.equal(broker.counters.dropped.offline, 2);
});

Deno.test("slow consumer: one that asks and does not read the answers is not read either, and loses none", async () => {
  await using broker = await TestBroker.start({
    limits: { outboxBytes: 65_536 },
  });
  const other = await broker.connect();
  const slow = await broker.connect();
  slow.pause();
  const request = unsubscribe(5, 1, Array.from({ length: 1000 }, () => "a"));
  const requests = Array.from({ length: 8000 }, (_, n) => {
    const copy = request.slice();
    copy.set(u16(n + 1), 3); // after one byte for the type and two for the length
    return copy;
  });
  const bytes = joinAll(requests);
  const sending = slow.sendRaw(bytes);
  // The sockets' buffers take some of the answers; from then on the broker reads no more.
  let last = -1;
  for (let quiet = 0; quiet < 10;) {
    const { packetsReceived } = broker.counters;
    await other.settle();
    quiet = packetsReceived - last <= 1 ? quiet + 1 : 0;
    last = packetsReceived;
  }
  assert.ok(broker.counters.bytesReceived < bytes.length, "all was read");
  slow.resume();
  for (let n = 1; n <= requests.length; n++) {
    const { packetId, reasonCodes } = await slow.expect("unsuback");
    assert.deepEqual([packetId, reasonCodes.length], [n, 1000]);
  }
  await sending;
});
