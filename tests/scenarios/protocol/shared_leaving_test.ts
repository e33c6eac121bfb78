import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  cut,
  member,
  numbers,
  publishNumbers,
  SHARED,
  sorted,
} from "../../support/shared_members.ts";

Deno.test("shared: what was never sent to a member that goes away goes to another at once", async () => {
  for (const qos of [1, 2]) {
    await using broker = await TestBroker.start();
    const publisher = await broker.connect();
    const stuck = await broker.connect(member("stuck", 1));
    await stuck.subscribe(SHARED, { qos: 2 });
    await publishNumbers(publisher, 0, 20, qos);
    const sent = await stuck.expect("publish");
    await stuck.expectNothing();
    const other = await broker.connect();
    await other.subscribe(SHARED, { qos: 2 });
    await cut(broker, stuck);
    const received = new Set<string>();
    while (received.size < 19) received.add(payloadText(await other.message()));
    assert.ok(!received.has(payloadText(sent)));
    await other.expectNothing();
    // What was sent stays with the one it was sent to.
    const back = await broker.connect(member("stuck"));
    const again = await back.message();
    assert.equal(payloadText(again), payloadText(sent));
    assert.equal(again.packetId, sent.packetId);
    assert.equal(again.dup, true);
    await back.expectNothing();
  }
});

Deno.test("shared: QoS 1 sent but not acknowledged goes to another when the session ends", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const publisher = await broker.connect();
  const ending = [
    { clientId: "clean" },
    {
      clientId: "expiring",
      clean: false,
      properties: { sessionExpiryInterval: 10 },
    },
  ];
  for (const options of ending) {
    const one = await broker.connect(options);
    await one.subscribe(SHARED, { qos: 1 });
    await publishNumbers(publisher, 0, 5, 1);
    for (let n = 0; n < 5; n++) await one.expect("publish");
    const other = await broker.connect();
    await other.subscribe(SHARED, { qos: 1 });
    await cut(broker, one);
    if (options.clean === false) {
      await other.expectNothing();
      broker.advance(12_000);
    }
    const messages = await other.messages(5);
    assert.deepEqual(messages.map(payloadText), numbers(0, 5));
    await other.expectNothing();
    await other.disconnect();
  }
});

Deno.test("shared: QoS 1 sent but not acknowledged waits for the next member if there is none", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const away = await broker.connect(member("away"));
  await away.subscribe(SHARED, { qos: 1 });
  const one = await broker.connect({ clientId: "clean" });
  await cut(broker, away);
  await one.subscribe(SHARED, { qos: 1 });
  await publishNumbers(publisher, 0, 3, 1);
  for (let n = 0; n < 3; n++) await one.expect("publish");
  await cut(broker, one);
  const back = await broker.connect(member("away"));
  assert.deepEqual((await back.messages(3)).map(payloadText), numbers(0, 3));
});

Deno.test("shared: QoS 2 sent to a member is completed with it [MQTT-4.8.2-4]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const one = await broker.connect(member("one"));
  await one.subscribe(SHARED, { qos: 2 });
  await publishNumbers(publisher, 0, 2, 2);
  const messages = [await one.expect("publish"), await one.expect("publish")];
  await one.sendAcknowledgement("pubrec", messages[0]!.packetId);
  await one.expect("pubrel");
  const other = await broker.connect();
  await other.subscribe(SHARED, { qos: 2 });
  await cut(broker, one);
  await other.expectNothing();
  const back = await broker.connect(member("one"));
  const pubrel = await back.take("pubrel");
  assert.equal(pubrel.packetId, messages[0]!.packetId);
  const again = await back.expect("publish");
  assert.equal(again.packetId, messages[1]!.packetId);
  assert.equal(again.dup, true);
  await other.expectNothing();
});

Deno.test("shared: QoS 2 sent to a member dies with its session [MQTT-4.8.2-5]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const one = await broker.connect({ clientId: "one" });
  await one.subscribe(SHARED, { qos: 2 });
  await publishNumbers(publisher, 0, 2, 2);
  const first = await one.expect("publish");
  await one.expect("publish");
  await one.sendAcknowledgement("pubrec", first.packetId);
  await one.expect("pubrel");
  const other = await broker.connect();
  await other.subscribe(SHARED, { qos: 2 });
  await cut(broker, one);
  await publishNumbers(publisher, 2, 3, 2);
  assert.equal(payloadText(await other.message()), "2");
  await other.expectNothing();
});

Deno.test("shared: a member that unsubscribes leaves what it was not sent to the others", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const one = await broker.connect(member("one", 1));
  await one.subscribe(SHARED, { qos: 1 });
  await publishNumbers(publisher, 0, 5, 1);
  const sent = await one.expect("publish");
  const other = await broker.connect();
  await other.subscribe(SHARED, { qos: 1 });
  await one.unsubscribe(SHARED);
  const received = (await other.messages(4)).map(payloadText);
  assert.deepEqual(sorted(received, [payloadText(sent)]), numbers(0, 5));
  await one.acknowledge(sent);
  await one.expectNothing();
  await other.expectNothing();
});

Deno.test("shared: a take-over of a member loses and doubles nothing", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const one = await broker.connect(member("one", 2));
  await one.subscribe(SHARED, { qos: 1 });
  await publishNumbers(publisher, 0, 10, 1);
  await one.expect("publish");
  await one.expect("publish");
  const next = await broker.connect(member("one"));
  await one.expectClosed(0x8E);
  const messages = await next.messages(10);
  assert.deepEqual(messages.map(payloadText), numbers(0, 10));
  assert.deepEqual(messages.map(({ dup }) => dup).slice(0, 3), [
    true,
    true,
    false,
  ]);
  await next.expectNothing();
});
