import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import {
  payloadText,
  type ReceivedPublish,
} from "../../support/clients/read_packets.ts";
import {
  persistent,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const TAKEN_OVER = 0x8E;

for (const version of VERSIONS) {
  const named = (text: string) => `session ${VERSION_NAMES[version]}: ${text}`;
  const options = persistent(version);
  const present = version > 3; // CONNACK of 3.1 does not tell

  Deno.test(
    named(
      "a persistent session keeps subscriptions and what came meanwhile, in order [MQTT-3.1.2-5, MQTT-3.1.2-6, MQTT-3.1.2-23, MQTT-3.1.3-2, MQTT-3.1.4-4, MQTT-3.2.2-3, MQTT-4.5.0-1, MQTT3-3.1.2-4, MQTT3-3.1.2-5, MQTT3-3.1.3-2, MQTT3-3.1.4-3, MQTT3-3.2.2-2, MQTT3-3.2.2-3, MQTT3-4.1.0-1, MQTT3-4.5.0-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const publisher = await broker.connect({ version });
      let client = await broker.connect(options);
      assert.equal(client.connack.sessionPresent, false);
      await client.subscribe("a/#", { qos: 2 });
      for (let round = 0; round < 3; round++) {
        if (round === 1) await client.disconnect();
        else await client.close();
        for (let n = 0; n < 30; n++) {
          await publisher.publish("a/b", `${round} ${n}`, { qos: 1 + n % 2 });
        }
        client = await broker.connect(options);
        assert.equal(client.connack.sessionPresent, present);
        const received = (await client.messages(30)).map((message) => ({
          text: payloadText(message),
          qos: message.qos,
        }));
        const expected = Array.from({ length: 30 }, (_, n) => ({
          text: `${round} ${n}`,
          qos: 1 + n % 2,
        }));
        assert.deepEqual(received, expected);
        await publisher.publish("a/c", "now", { qos: 1 });
        assert.equal(payloadText(await client.message()), "now");
        await client.expectNothing();
      }
    },
  );

  Deno.test(
    named(
      "a clean start discards the session there was [MQTT-3.1.2-4, MQTT-3.2.2-2, MQTT3-3.1.2-6, MQTT3-3.2.2-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const publisher = await broker.connect({ version });
      const client = await broker.connect(options);
      await client.subscribe("a", { qos: 1 });
      await client.disconnect();
      await publisher.publish("a", "lost", { qos: 1 });
      const clean = await broker.connect({ ...options, clean: true });
      assert.equal(clean.connack.sessionPresent, false);
      await publisher.publish("a", "lost too", { qos: 1 });
      await clean.expectNothing();
    },
  );

  Deno.test(
    named(
      "a clean session ends with its connection [MQTT-4.1.0-2, MQTT3-3.1.2-6, MQTT3-4.1.0-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version, clientId: "clean" });
      await client.subscribe("a", { qos: 1 });
      await client.disconnect();
      const back = await broker.connect({
        version,
        clientId: "clean",
        clean: false,
      });
      assert.equal(back.connack.sessionPresent, false);
      await back.publish("a", "x", { qos: 1 });
      await back.expectNothing();
    },
  );

  Deno.test(
    named(
      "a second connection with its identifier takes the session over [MQTT-3.1.4-3, MQTT-3.14.2-1, MQTT-3.14.4-1, MQTT-3.14.4-2, MQTT3-3.1.4-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const publisher = await broker.connect({ version });
      let client = await broker.connect(options);
      await client.subscribe("a", { qos: 1 });
      for (let n = 0; n < 5; n++) {
        const next = await broker.connect(options);
        assert.equal(next.connack.sessionPresent, present);
        await client.expectClosed(TAKEN_OVER);
        client = next;
      }
      await publisher.publish("a", "x", { qos: 1 });
      assert.equal(payloadText(await client.message()), "x");
      await client.expectNothing();
      const clean = await broker.connect({ ...options, clean: true });
      assert.equal(clean.connack.sessionPresent, false);
      await client.expectClosed(TAKEN_OVER);
    },
  );

  Deno.test(
    named(
      "what was not acknowledged is sent again with DUP, its identifier and in order [MQTT-3.3.1-1, MQTT-4.4.0-1, MQTT-4.6.0-1, MQTT-4.3.2-3, MQTT-4.3.3-3, MQTT3-3.3.1-1, MQTT3-4.4.0-1, MQTT3-4.6.0-1, MQTT3-2.3.1-4, MQTT3-4.3.2-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const publisher = await broker.connect({ version });
      let client = await broker.connect(options);
      await client.subscribe("a", { qos: 2 });
      for (let n = 0; n < 10; n++) {
        await publisher.publish("a", String(n), { qos: 1 + n % 2 });
      }
      const first: ReceivedPublish[] = [];
      for (let n = 0; n < 10; n++) first.push(await client.expect("publish"));
      // One of them is done with, whatever its place.
      await client.acknowledge(first[4]!);
      await client.settle();
      const left = first.filter((message) => message !== first[4]);
      for (let round = 0; round < 3; round++) {
        await client.close();
        client = await broker.connect(options);
        for (const before of left) {
          const again = await client.expect("publish");
          assert.deepEqual(
            [again.packetId, again.qos, payloadText(again), again.dup],
            [before.packetId, before.qos, payloadText(before), true],
          );
        }
        await client.expectNothing();
      }
      // New messages get identifiers that are not in use.
      await publisher.publish("a", "new", { qos: 1 });
      const fresh = await client.message();
      assert.equal(fresh.dup, false);
      assert.ok(left.every(({ packetId }) => packetId !== fresh.packetId));
      for (const message of left) await client.acknowledge(message);
      await client.close();
      client = await broker.connect(options);
      await client.expectNothing();
    },
  );

  Deno.test(
    named(
      "after PUBREC it is PUBREL that is sent again, not PUBLISH [MQTT-4.3.3-5, MQTT-4.3.3-6, MQTT-4.4.0-1, MQTT3-4.3.3-1, MQTT3-4.4.0-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const publisher = await broker.connect({ version });
      let client = await broker.connect(options);
      await client.subscribe("a", { qos: 2 });
      for (const text of ["1", "2"]) {
        await publisher.publish("a", text, { qos: 2 });
      }
      const one = await client.expect("publish");
      const two = await client.expect("publish");
      await client.sendAcknowledgement("pubrec", one.packetId);
      await client.take("pubrel", one.packetId);
      for (let round = 0; round < 2; round++) {
        await client.close();
        client = await broker.connect(options);
        const pubrel = await client.take("pubrel");
        const publish = await client.take("publish");
        assert.equal(pubrel.packetId, one.packetId);
        assert.equal(publish.packetId, two.packetId);
        assert.equal(publish.dup, true);
        await client.expectNothing();
      }
      await client.sendAcknowledgement("pubcomp", one.packetId);
      await client.acknowledge(two);
      await client.close();
      client = await broker.connect(options);
      await client.expectNothing();
    },
  );

  Deno.test(
    named(
      "QoS 2 from a client is received once, across connections [MQTT-4.3.3-10, MQTT-4.3.3-11, MQTT3-4.3.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      let client = await broker.connect(options);
      const packetId = 11;
      for (const dup of [false, true, true]) {
        await client.sendPublish("a", "once", { qos: 2, packetId, dup });
        assert.equal((await client.expect("pubrec")).packetId, packetId);
        await client.close();
        client = await broker.connect(options);
        await client.expectNothing();
      }
      for (let round = 0; round < 2; round++) {
        await client.sendAcknowledgement("pubrel", packetId);
        assert.equal((await client.expect("pubcomp")).packetId, packetId);
        await client.close();
        client = await broker.connect(options);
      }
      assert.equal(payloadText(await subscriber.message()), "once");
      await subscriber.expectNothing();
      await client.publish("a", "next", { qos: 2, packetId });
      assert.equal(payloadText(await subscriber.message()), "next");
    },
  );

  Deno.test(
    named("a take-over hands on what was not acknowledged [MQTT-4.4.0-1]"),
    async () => {
      await using broker = await TestBroker.start();
      const publisher = await broker.connect({ version });
      const client = await broker.connect(options);
      await client.subscribe("a", { qos: 2 });
      await publisher.publish("a", "1", { qos: 1 });
      await publisher.publish("a", "2", { qos: 2 });
      const before = [
        await client.expect("publish"),
        await client.expect("publish"),
      ];
      const next = await broker.connect(options);
      for (const { packetId } of before) {
        const again = await next.message();
        assert.equal(again.packetId, packetId);
        assert.equal(again.dup, true);
      }
      await next.expectNothing();
    },
  );

  Deno.test(
    named(
      "nothing is sent again while the connection lasts [MQTT-4.4.0-1, MQTT-4.1.0-1]",
    ),
    async () => {
      await using broker = await TestBroker.start({ manualClock: true });
      const client = await broker.connect({
        ...options,
        properties: version === 5 ? { sessionExpiryInterval: 1 } : {},
      });
      await client.subscribe("a", { qos: 2 });
      await client.publish("a", "1", { qos: 1 });
      await client.publish("a", "2", { qos: 2 });
      await client.expect("publish");
      const two = await client.expect("publish");
      await client.sendAcknowledgement("pubrec", two.packetId);
      await client.expect("pubrel");
      for (let hour = 0; hour < 24; hour++) {
        broker.advance(3_600_000);
        await client.expectNothing();
      }
      await client.publish("a", "3", { qos: 1 });
      assert.equal(payloadText(await client.message()), "3");
    },
  );
}

Deno.test("session: versions share their sessions", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const first = await broker.connect(persistent(4));
  await first.subscribe("a", { qos: 1 });
  await first.disconnect();
  await publisher.publish("a", "to 5", { qos: 1 });
  const second = await broker.connect(persistent(5));
  assert.equal(second.connack.sessionPresent, true);
  assert.equal(payloadText(await second.message()), "to 5");
  await second.disconnect();
  await publisher.publish("a", "to 3", { qos: 1 });
  const third = await broker.connect(persistent(3));
  assert.equal(payloadText(await third.message()), "to 3");
});

Deno.test("session: a clean start forgets what was under way in both directions [MQTT-3.1.2-4, MQTT3-3.1.2-6]", async () => {
  for (const version of VERSIONS) {
    await using broker = await TestBroker.start();
    const options = persistent(version);
    const watcher = await broker.connect({ version });
    await watcher.subscribe("b", { qos: 2 });
    const one = await broker.connect(options);
    await one.subscribe("a", { qos: 2 });
    await one.publish("a", "unacknowledged", { qos: 1 });
    await one.publish("a", "unreceived", { qos: 2 });
    await one.sendPublish("b", "first", { qos: 2, packetId: 50 });
    await one.take("pubrec", 50);
    await one.close();
    const two = await broker.connect({ ...options, clean: true });
    await two.expectNothing();
    // The identifier of the forgotten exchange is a new message's.
    await two.publish("b", "second", { qos: 2, packetId: 50, dup: true });
    for (const text of ["first", "second"]) {
      assert.equal(payloadText(await watcher.message()), text);
    }
  }
});
