import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { frame, utf8 } from "../../support/bytes.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  type ConnectOptions,
  VERSION_NAMES,
  VERSIONS,
  type Will,
} from "../../support/clients/write_packets.ts";

const TOPIC = "will/topic";

/** A broker with a client that is subscribed to the wills. */
async function start(options: { manualClock?: boolean } = {}) {
  const broker = await TestBroker.start(options);
  const watcher = await broker.connect({ clientId: "watcher" });
  await watcher.subscribe("will/#", { qos: 2, retainAsPublished: true });
  return { broker, watcher };
}

for (const version of VERSIONS) {
  const named = (text: string) => `will ${VERSION_NAMES[version]}: ${text}`;
  const client = (will: Will): ConnectOptions => ({
    version,
    clientId: "mortal",
    will,
  });

  for (const qos of [0, 1, 2]) {
    Deno.test(
      named(
        `is published at QoS ${qos} when the connection breaks, once [MQTT-3.1.2-7, MQTT-3.1.2-8, MQTT-3.1.2-10, MQTT-3.1.2-12, MQTT-3.1.2-14, MQTT3-3.1.2-8, MQTT3-3.1.2-10, MQTT3-3.1.2-12, MQTT3-3.1.2-16]`,
      ),
      async () => {
        const { broker, watcher } = await start();
        await using _ = broker;
        const mortal = await broker.connect(
          client({ topic: TOPIC, payload: "gone", qos }),
        );
        await watcher.expectNothing();
        await mortal.close();
        const will = await watcher.message();
        assert.equal(will.topic, TOPIC);
        assert.equal(payloadText(will), "gone");
        assert.equal(will.qos, qos);
        assert.equal(will.retain, false);
        // Without a will flag, nothing is published when it ends the same way.
        const again = await broker.connect({ version, clientId: "mortal" });
        await again.close();
        const marker = await broker.connect(client({ topic: "will/marker" }));
        await marker.close();
        assert.equal((await watcher.message()).topic, "will/marker");
      },
    );
  }

  Deno.test(
    named(
      "is retained if so asked [MQTT-3.1.2-15, MQTT-3.1.2-14, MQTT3-3.1.2-17, MQTT3-3.1.2-16]",
    ),
    async () => {
      const { broker, watcher } = await start();
      await using _ = broker;
      for (const retain of [false, true]) {
        const mortal = await broker.connect(
          client({ topic: TOPIC, payload: "kept", retain }),
        );
        await mortal.close();
        assert.equal((await watcher.message()).retain, retain);
        const late = await broker.connect();
        await late.subscribe(TOPIC);
        if (retain) {
          const message = await late.message();
          assert.equal(message.retain, true);
          assert.equal(payloadText(message), "kept");
        }
        await late.expectNothing();
      }
    },
  );

  Deno.test(
    named(
      "is not published after DISCONNECT [MQTT-3.14.4-3, MQTT-3.1.2-8, MQTT-3.1.2-10, MQTT3-3.14.4-3, MQTT3-3.1.2-10]",
    ),
    async () => {
      const { broker, watcher } = await start();
      await using _ = broker;
      const mortal = await broker.connect(client({ topic: TOPIC }));
      await mortal.disconnect();
      const marker = await broker.connect(client({ topic: "will/marker" }));
      await marker.close();
      assert.equal((await watcher.message()).topic, "will/marker");
      await watcher.expectNothing();
    },
  );

  Deno.test(
    named("is published when the server ends the connection for a fault"),
    async () => {
      const { broker, watcher } = await start();
      await using _ = broker;
      const mortal = await broker.connect(client({ topic: TOPIC }));
      await mortal.sendRaw(frame(0x00));
      await mortal.expectClosed(0x81, 0x82);
      assert.equal((await watcher.message()).topic, TOPIC);
    },
  );

  Deno.test(
    named(
      "is published when the session is taken over, in favour of nobody's will",
    ),
    async () => {
      const { broker, watcher } = await start();
      await using _ = broker;
      await broker.connect(client({ topic: "will/1" }));
      const second = await broker.connect(client({ topic: "will/2" }));
      assert.equal((await watcher.message()).topic, "will/1");
      await second.disconnect();
      await watcher.expectNothing();
    },
  );

  Deno.test(
    named("goes to nobody before its time, however long the connection lasts"),
    async () => {
      const { broker, watcher } = await start({ manualClock: true });
      await using _ = broker;
      const mortal = await broker.connect(client({ topic: TOPIC }));
      broker.advance(86_400_000);
      await mortal.expectNothing();
      await watcher.expectNothing();
    },
  );

  Deno.test(named("a will topic with wildcards is refused"), async () => {
    await using broker = await TestBroker.start();
    for (const topic of ["#", "a/+", ""]) {
      const mortal = await broker.open(version);
      await mortal.sendConnect({ will: { topic } });
      if (version === 5) {
        await mortal.expectMalformedConnect(0x81, 0x82, 0x90);
      } else {
        assert.notEqual(
          await mortal.receiveOrEnd().then((packet) =>
            packet?.type === "connack" ? packet.reasonCode : 1
          ),
          0,
        );
      }
      await mortal.close();
    }
  });
}

Deno.test("will 5.0: is published after DISCONNECT with a reason code other than 0x00 [MQTT-3.1.2-8]", async () => {
  const { broker, watcher } = await start();
  await using _ = broker;
  for (const code of [0x04, 0x80, 0x8D, 0x93]) {
    const mortal = await broker.connect({ will: { topic: TOPIC } });
    await mortal.disconnect(code);
    assert.equal((await watcher.message()).topic, TOPIC);
  }
});

/** A client whose session outlives it by `expiry` seconds and whose will waits for `delay`. */
function delayed(delay: number, expiry: number): ConnectOptions {
  return {
    clientId: "delayed",
    clean: false,
    will: {
      topic: TOPIC,
      payload: "late",
      qos: 1,
      properties: { willDelayInterval: delay },
    },
    properties: { sessionExpiryInterval: expiry },
  };
}

Deno.test("will 5.0: waits for its delay, and not a moment less [MQTT-3.1.2-8]", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const mortal = await broker.connect(delayed(10, 100));
  await mortal.close();
  const elapsed = await broker.advanceUntilSent(watcher);
  assert.ok(elapsed >= 10_000, `Published after ${elapsed} ms`);
  const will = await watcher.message();
  assert.equal(will.properties.willDelayInterval, undefined);
  broker.advance(1_000_000);
  await watcher.expectNothing();
});

Deno.test("will 5.0: goes out when the session ends, if that is sooner [MQTT-3.1.2-8]", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const mortal = await broker.connect(delayed(1_000_000, 10));
  await mortal.close();
  const elapsed = await broker.advanceUntilSent(watcher);
  assert.ok(elapsed >= 10_000, `Published after ${elapsed} ms`);
  await watcher.message();
  broker.advance(2_000_000_000);
  await watcher.expectNothing();
});

Deno.test("will 5.0: with a session that ends with its connection, a delay is none [MQTT-3.1.2-8]", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const mortal = await broker.connect(delayed(10, 0));
  await mortal.close();
  assert.equal((await watcher.message()).topic, TOPIC);
});

Deno.test("will 5.0: a connection before its delay has passed cancels it [MQTT-3.1.3-9, MQTT-3.1.2-8]", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const mortal = await broker.connect(delayed(10, 100));
  await mortal.close();
  broker.advance(5_000);
  const back = await broker.connect({
    ...delayed(10, 100),
    will: { topic: "will/other" },
  });
  broker.advance(86_400_000);
  await back.expectNothing();
  await watcher.expectNothing();
  // The same by a take-over, with no time between the connections.
  const second = await broker.connect(delayed(10, 100));
  assert.equal((await watcher.message()).topic, "will/other");
  await broker.connect(delayed(10, 100));
  await second.expectClosed(0x8E);
  broker.advance(86_400_000);
  await watcher.expectNothing();
});

Deno.test("will 5.0: a clean start before its delay has passed ends the session, so it goes out [MQTT-3.1.2-8]", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const mortal = await broker.connect(delayed(10, 100));
  await mortal.close();
  await broker.connect({ clientId: "delayed", clean: true });
  assert.equal((await watcher.message()).topic, TOPIC);
  broker.advance(86_400_000);
  await watcher.expectNothing();
});

Deno.test("will 5.0: DISCONNECT that ends the session sends it at once, DISCONNECT 0x00 none [MQTT-3.1.2-8, MQTT-3.14.4-3]", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const one = await broker.connect(delayed(10, 100));
  await one.disconnect(0x04, { sessionExpiryInterval: 0 });
  assert.equal((await watcher.message()).topic, TOPIC);
  const two = await broker.connect(delayed(10, 100));
  await two.disconnect(0x00);
  broker.advance(86_400_000);
  await watcher.expectNothing();
});

Deno.test("will 5.0: DISCONNECT 0x04 keeps the delay [MQTT-3.1.2-8]", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const mortal = await broker.connect(delayed(10, 100));
  await mortal.disconnect(0x04);
  const elapsed = await broker.advanceUntilSent(watcher);
  assert.ok(elapsed >= 10_000, `Published after ${elapsed} ms`);
});

Deno.test("will 5.0: its properties are those of the message, in their order [MQTT-3.1.3-10]", async () => {
  const { broker, watcher } = await start();
  await using _ = broker;
  const properties = {
    payloadFormatIndicator: 1,
    contentType: "text/plain",
    responseTopic: "answer/here",
    correlationData: utf8("42"),
    userProperties: [["b", "1"], ["a", "2"], ["b", "1"], ["", ""]] as [
      string,
      string,
    ][],
  };
  const mortal = await broker.connect({
    will: {
      topic: TOPIC,
      payload: "x",
      properties: { ...properties, willDelayInterval: 0 },
    },
  });
  await mortal.close();
  const will = await watcher.message();
  assert.deepEqual(
    JSON.stringify(will.properties),
    JSON.stringify({ ...properties }),
  );
});

Deno.test("will 5.0: its expiry interval begins when it is published", async () => {
  const { broker, watcher } = await start({ manualClock: true });
  await using _ = broker;
  const mortal = await broker.connect({
    ...delayed(100, 1000),
    will: {
      topic: TOPIC,
      qos: 1,
      properties: { willDelayInterval: 100, messageExpiryInterval: 50 },
    },
  });
  await mortal.close();
  await broker.advanceUntilSent(watcher, 1000);
  const will = await watcher.message();
  assert.equal(will.properties.messageExpiryInterval, 50);
});

Deno.test("will: is owed to the sessions of clients that are away, too", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const away = await broker.connect(options);
  await away.subscribe("will/#", { qos: 1 });
  await away.disconnect();
  const marker = await broker.connect();
  await marker.subscribe("will/#", { qos: 1 });
  const mortal = await broker.connect({ will: { topic: TOPIC, qos: 1 } });
  await mortal.close();
  await marker.message();
  const back = await broker.connect(options);
  assert.equal((await back.message()).topic, TOPIC);
});

Deno.test("will: one for a topic of the broker's own is refused with the connection", async () => {
  await using broker = await TestBroker.start();
  const topics = ["$SYS/broker/alarm/store", "$CONTROL/a", "$share/g/x"];
  for (const version of VERSIONS) {
    for (const topic of topics) {
      const client = await broker.open(version);
      await client.sendConnect({ will: { topic } });
      await client.expectRefused(version === 5 ? 0x87 : 5);
    }
  }
  assert.equal(
    broker.counters.refused.notAuthorized,
    VERSIONS.length * topics.length,
  );
});
