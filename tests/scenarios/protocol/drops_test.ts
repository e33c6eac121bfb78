import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";

for (
  const [whose, filter, field] of [
    ["a session", "a", "client=away"],
    ["a shared group", "$share/g/a", "group=$share/g/a"],
  ] as const
) {
  Deno.test(`drops: a queue of ${whose} that is full is told when that begins and when it ends`, async () => {
    await using broker = await TestBroker.start({
      limits: { queuedMessages: 2 },
    });
    const options = {
      clientId: "away",
      clean: false,
      properties: { sessionExpiryInterval: 10_000 },
    };
    const away = await broker.connect(options);
    await away.subscribe(filter, { qos: 1 });
    await away.disconnect();
    const publisher = await broker.connect();
    for (let n = 0; n < 5; n++) await publisher.publish("a", "x", { qos: 1 });
    const lines = () =>
      broker.log.filter((line) => line.includes("Queue "))
        .map((line) => line.slice(line.indexOf("Queue ")));
    const begins =
      `Queue is full: messages are dropped from now on ${field} cause="queue holds too many messages"`;
    assert.equal(broker.counters.dropped.queueMessages, 3);
    assert.deepEqual(lines(), [begins]);
    assert.equal(broker.counters.fullQueuesNow, 1);
    const back = await broker.connect(options);
    for (let n = 0; n < 2; n++) await back.acknowledge(await back.message());
    const ends = `Queue has room again ${field} dropped=3`;
    await until("the end is told", () => lines().length === 2);
    assert.deepEqual(lines(), [begins, ends]);
    assert.equal(broker.counters.fullQueuesNow, 0);
  });
}

Deno.test("drops: others are counted, and logged once a minute with their cause in words", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const properties = { maximumPacketSize: 50 };
  const client = await broker.connect({ clientId: "small", properties });
  await client.subscribe("a");
  const publisher = await broker.connect();
  for (let n = 0; n < 4; n++) {
    await publisher.publish("a", "x".repeat(100), { qos: 1 });
  }
  const lines = () =>
    broker.log.filter((line) => line.includes("dropped"))
      .map((line) => line.slice(line.indexOf("Messages")));
  const line = (count: number) =>
    `Messages dropped client=small cause="larger than the client accepts" count=${count}`;
  assert.equal(broker.counters.dropped.tooLarge, 4);
  assert.deepEqual(lines(), [line(1)]);
  broker.advance(61_000);
  await until("the others are told of", () => lines().length === 2);
  assert.deepEqual(lines(), [line(1), line(3)]);
});

Deno.test("drops: what waits in a shared group is counted and logged when the last member leaves it", async () => {
  await using broker = await TestBroker.start();
  const member = await broker.connect({ properties: { receiveMaximum: 1 } });
  await member.subscribe("$share/g/a", { qos: 1 });
  const publisher = await broker.connect();
  for (let n = 0; n < 3; n++) await publisher.publish("a", "x", { qos: 1 });
  await member.expect("publish");
  await member.unsubscribe("$share/g/a");
  assert.equal(broker.counters.dropped.sessionEnded, 2);
  const [line, ...others] = broker.log.filter((one) => / dropped /.test(one));
  assert.match(line!, /group=\$share\/g\/a cause="session ended" count=2$/);
  assert.deepEqual(others, []);
});
