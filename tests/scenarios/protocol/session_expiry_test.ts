import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import type { Client } from "../../support/clients/client.ts";
import { disconnect, persistent } from "../../support/clients/write_packets.ts";

const PROTOCOL_ERROR = 0x82;

/** Ends the connection and waits until the broker has seen it. */
async function leave(broker: TestBroker, client: Client): Promise<void> {
  const { clientsNow } = broker.counters;
  await client.close();
  await until(
    "the client is gone",
    () => broker.counters.clientsNow < clientsNow,
  );
}

Deno.test("session 5.0: Clean Start and Session Expiry Interval are two things [MQTT-3.1.2-23, MQTT-4.1.0-2]", async () => {
  await using broker = await TestBroker.start();
  const clientId = "both";
  const one = await broker.connect({
    clientId,
    clean: true,
    properties: { sessionExpiryInterval: 1000 },
  });
  await one.disconnect();
  const two = await broker.connect({ clientId, clean: false });
  assert.equal(two.connack.sessionPresent, true, "kept after a clean start");
  await two.disconnect();
  const three = await broker.connect({ clientId, clean: false });
  assert.equal(
    three.connack.sessionPresent,
    false,
    "ended: no expiry interval",
  );
});

Deno.test("session 5.0: a session is gone once its expiry interval has passed, and not before [MQTT-4.1.0-2, MQTT-3.1.2-23]", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const options = {
    clientId: "expires",
    clean: false,
    properties: { sessionExpiryInterval: 60 },
  };
  await leave(broker, await broker.connect(options));
  broker.advance(59_000);
  const kept = await broker.connect(options);
  assert.equal(kept.connack.sessionPresent, true);
  await leave(broker, kept);
  broker.advance(62_000);
  const gone = await broker.connect(options);
  assert.equal(gone.connack.sessionPresent, false);
});

Deno.test("session 5.0: 0xFFFFFFFF is for ever [MQTT-3.1.2-23]", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const options = {
    clientId: "ever",
    clean: false,
    properties: { sessionExpiryInterval: 0xFFFF_FFFF },
  };
  await leave(broker, await broker.connect(options));
  for (let year = 0; year < 150; year++) broker.advance(365 * 86_400_000);
  const back = await broker.connect(options);
  assert.equal(back.connack.sessionPresent, true);
});

Deno.test("session 5.0: DISCONNECT may change the expiry interval", async () => {
  await using broker = await TestBroker.start();
  const options = persistent(5);
  const one = await broker.connect(options);
  await one.disconnect(0, { sessionExpiryInterval: 0 });
  const two = await broker.connect(options);
  assert.equal(two.connack.sessionPresent, false, "set to zero: ended at once");
  await two.disconnect(0, { sessionExpiryInterval: 50 });
  const three = await broker.connect(options);
  assert.equal(three.connack.sessionPresent, true);
});

Deno.test("session 5.0: DISCONNECT must not give an expiry interval to a session that had none", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect({ clientId: "none" });
  const closed = client.expectClosed(PROTOCOL_ERROR);
  await client.sendRaw(
    Uint8Array.of(0xE0, 7, 0, 5, 0x11, 0, 0, 0, 10),
  );
  await closed;
  const back = await broker.connect({ clientId: "none", clean: false });
  assert.equal(back.connack.sessionPresent, false);
});

Deno.test("session 5.0: the server's limit on the expiry interval is told and kept", async () => {
  await using broker = await TestBroker.start({
    manualClock: true,
    limits: { maximumSessionExpiry: 100 },
  });
  const options = {
    clientId: "limited",
    clean: false,
    properties: { sessionExpiryInterval: 0xFFFF_FFFF },
  };
  const one = await broker.connect(options);
  assert.equal(one.connack.properties.sessionExpiryInterval, 100);
  await leave(broker, one);
  broker.advance(102_000);
  const two = await broker.connect(options);
  assert.equal(two.connack.sessionPresent, false);
});

Deno.test("session: what an expired session subscribed to and was owed is gone", async () => {
  await using broker = await TestBroker.start({ manualClock: true });
  const options = {
    clientId: "expires",
    clean: false,
    properties: { sessionExpiryInterval: 10 },
  };
  const publisher = await broker.connect();
  const client = await broker.connect(options);
  await client.subscribe("a", { qos: 1 });
  await leave(broker, client);
  await publisher.publish("a", "lost", { qos: 1 });
  assert.equal(broker.counters.subscriptionsNow, 1);
  broker.advance(12_000);
  const back = await broker.connect(options);
  assert.equal(broker.counters.subscriptionsNow, 0);
  await publisher.publish("a", "lost too", { qos: 1 });
  await back.expectNothing();
});

Deno.test("session 5.0: each CONNECT sets the expiry interval anew [MQTT-4.1.0-2]", async () => {
  await using broker = await TestBroker.start();
  const one = await broker.connect(persistent(5));
  await one.disconnect();
  const two = await broker.connect({ clientId: "stays", clean: false });
  assert.equal(two.connack.sessionPresent, true);
  await two.disconnect();
  const three = await broker.connect(persistent(5));
  assert.equal(three.connack.sessionPresent, false);
});

Deno.test("session 5.0: DISCONNECT may change the expiry that CONNECT asked for, whatever was granted [MQTT-3.1.2-23]", async () => {
  await using broker = await TestBroker.start({
    limits: { maximumSessionExpiry: 0 },
  });
  const client = await broker.connect({
    properties: { sessionExpiryInterval: 100 },
  });
  await client.disconnect(0, { sessionExpiryInterval: 50 });
  const strict = await broker.connect();
  await strict.sendRaw(disconnect(5, 0, { sessionExpiryInterval: 50 }));
  await strict.expectClosed(0x82);
});
