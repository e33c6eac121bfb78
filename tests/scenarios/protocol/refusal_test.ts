import assert from "node:assert/strict";
import type { RefusedCause } from "../../../src/core/counters.ts";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { LateStore } from "../../support/stores/late_store.ts";
import { connect, VERSIONS } from "../../support/clients/write_packets.ts";

/** Requires that so many connections were refused, for this cause alone, of which the log tells at once. */
async function assertRefused(
  broker: TestBroker,
  cause: RefusedCause,
  count: number,
  line: RegExp,
): Promise<void> {
  const { refused } = broker.counters;
  await until(`${count} ${cause}`, () => refused[cause] >= count);
  const counted = Object.entries(refused).filter(([, times]) => times > 0);
  assert.deepEqual(counted, [[cause, count]]);
  const lines = broker.log.filter((one) => one.includes("Connection refused"));
  assert.equal(lines.length, 1, "one address and cause has a line a minute");
  assert.match(lines[0]!, line);
}

Deno.test("refusal: a will whose topic is not accepted is counted and logged", async () => {
  await using broker = await TestBroker.start({ limits: { topicLevels: 3 } });
  for (const version of VERSIONS) {
    const client = await broker.open(version);
    await client.sendConnect({ clientId: "me", will: { topic: "a/b/c/d" } });
    if (version === 5) await client.expectRefused(0x90);
    else await client.expectClosed();
  }
  await assertRefused(
    broker,
    "badWill",
    3,
    /client=me detail="Cannot accept the will: .*cause="will not accepted"/,
  );
});

Deno.test("refusal: a connection that ends before its CONNECT is complete is counted and logged", async () => {
  await using broker = await TestBroker.start();
  const packet = connect({ clientId: "me", version: 5 });
  for (const length of [0, 1, packet.length - 1]) {
    const client = await broker.open();
    await client.sendRaw(packet.subarray(0, length));
    await client.close();
  }
  await assertRefused(
    broker,
    "closedEarly",
    3,
    /address=127\.0\.0\.1 cause="closed before its CONNECT was complete"/,
  );
});

Deno.test("refusal: a take-over of a client that waits for its CONNACK is counted and logged", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const options = {
    clientId: "me",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const first = await broker.open();
  await first.sendConnect(options);
  await until("the session is to be kept", () => store.requested);
  const second = await broker.open();
  await second.sendConnect(options);
  await first.expectClosed();
  store.commit();
  await second.expect("connack");
  await assertRefused(
    broker,
    "sessionTakenOver",
    1,
    /client=me .*cause="session taken over before CONNACK"/,
  );
  const { clientsTotal, clientsNow } = broker.counters;
  assert.deepEqual({ clientsTotal, clientsNow }, {
    clientsTotal: 1,
    clientsNow: 1,
  });
});

Deno.test("refusal: a client that takes no packet as large as CONNACK is counted and logged [MQTT-3.1.2-24]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.open();
  await client.sendConnect({
    clientId: "me",
    properties: { maximumPacketSize: 10 },
  });
  await client.expectRefused(0x95);
  await assertRefused(
    broker,
    "packetTooLarge",
    1,
    /client=me .*cause="CONNACK larger than the client accepts"/,
  );
});
