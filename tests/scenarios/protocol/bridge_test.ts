/** Clients that set the bridge bit in the protocol version of their CONNECT, as mosquitto's bridges do before 5.0. */

import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const STATE = "$SYS/broker/connection/house/state";

for (const version of [3, 4] as const) {
  const name = `bridge ${version === 3 ? "3.1" : "3.1.1"}`;

  Deno.test(`${name}: what it publishes does not come back, and RETAIN is passed on to it`, async () => {
    await using broker = await TestBroker.start();
    const bridge = await broker.connect({ version, bridge: true });
    const plain = await broker.connect({ version });
    const publisher = await broker.connect();
    await bridge.subscribe("a/#", { qos: 1 });
    await plain.subscribe("a/#", { qos: 1 });
    for (const qos of [0, 1, 2]) {
      for (const retain of [false, true]) {
        await bridge.publish("a/own", "own", { qos, retain });
        assert.equal((await plain.message()).retain, false);
        await publisher.publish("a/other", "other", { qos, retain });
        assert.equal((await plain.message()).retain, false);
        const message = await bridge.message();
        assert.equal(payloadText(message), "other");
        assert.equal(message.retain, retain);
      }
    }
    // Of what is retained it gets again what others published.
    await bridge.subscribe("a/+");
    const message = await bridge.message();
    assert.equal(payloadText(message), "other");
    assert.equal(message.retain, true);
    await bridge.expectNothing();
    await plain.expectNothing();
  });

  Deno.test(`${name}: a shared subscription of it is not No Local, as none can be [MQTT-3.8.3-4]`, async () => {
    await using broker = await TestBroker.start();
    const bridge = await broker.connect({ version, bridge: true });
    await bridge.subscribe("$share/g/a");
    await bridge.publish("a", "own");
    assert.equal(payloadText(await bridge.message()), "own");
  });
}

for (const version of [3, 4, 5] as const) {
  Deno.test(`bridge state, version ${version}: it is published and retained, and so is the will there`, async () => {
    await using broker = await TestBroker.start();
    const watcher = await broker.connect();
    await watcher.subscribe("$SYS/broker/connection/+/state");
    const bridge = await broker.connect({
      version,
      bridge: version < 5,
      will: { topic: STATE, payload: "0", qos: 1, retain: true },
    });
    await bridge.publish(STATE, "1", { qos: 1, retain: true });
    assert.equal(payloadText(await watcher.message()), "1");
    assert.equal(broker.counters.retainedNow, 1);
    bridge.close();
    assert.equal(payloadText(await watcher.message()), "0");
    const late = await broker.connect();
    await late.subscribe(STATE);
    const kept = await late.message();
    assert.equal(payloadText(kept), "0");
    assert.equal(kept.retain, true);
    assert.equal(broker.counters.dropped.reservedTopic, 0);
  });
}
