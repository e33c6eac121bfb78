/** What users, and the clients of one listener, may use: that it holds, is told, and changes with a reload. */

import assert from "node:assert/strict";
import type { ScopedLimits } from "../../../src/core/scoped_limits.ts";
import {
  TestBroker,
  type TestBrokerOptions,
  until,
} from "../../support/programs/broker.ts";
import { BY_NAME } from "../../support/by_name.ts";
import type { Client } from "../../support/clients/client.ts";
import type { ConnectOptions } from "../../support/clients/write_packets.ts";

const PUMP: ConnectOptions = { username: "pump" };

/** A broker whose user `pump` is limited. */
function start(
  pump: ScopedLimits,
  options: TestBrokerOptions = {},
): Promise<TestBroker> {
  return TestBroker.start({
    authenticator: BY_NAME,
    userLimits: { pump },
    ...options,
  });
}

async function refused(
  broker: TestBroker,
  code: number,
  options: ConnectOptions = PUMP,
): Promise<void> {
  const client = await broker.open();
  await client.sendConnect(options);
  await client.expectRefused(code);
}

/** Requires a line of the log that matches all of these. */
function told(broker: TestBroker, ...patterns: RegExp[]): void {
  assert.ok(
    broker.log.some((line) => patterns.every((pattern) => pattern.test(line))),
    `No line with ${patterns.join(" and ")}: ${broker.log.join("\n")}`,
  );
}

Deno.test("user limits: so many clients by their identifiers, which are told to be too many", async () => {
  await using broker = await start({ maximumConnections: 2 });
  const first = await broker.connect({ ...PUMP, clientId: "1" });
  const second = await broker.connect({ ...PUMP, clientId: "2" });
  await refused(broker, 0x97, { ...PUMP, clientId: "3" });
  assert.equal(broker.counters.refused.tooManyClients, 1);
  told(broker, /Connection refused/, /too many clients/, /user=pump/);
  await broker.connect({ username: "valve" });
  // It is the same client still.
  await broker.connect({ ...PUMP, clientId: "1" });
  await first.expectClosed(0x8E);
  await second.disconnect();
  await until("it is gone", () => broker.counters.connectionsNow === 2);
  await broker.connect({ ...PUMP, clientId: "3" });
});

Deno.test("user limits: so many connections a second, all others are refused", async () => {
  await using broker = await start({ connectsPerSecond: 2 }, {
    manualClock: true,
  });
  await broker.connect(PUMP);
  await broker.connect(PUMP);
  await refused(broker, 0x9F);
  assert.equal(broker.counters.refused.tooManyConnects, 1);
  told(broker, /Connection refused/, /too many connections a second/, /pump/);
  await broker.connect({ username: "valve" });
  broker.advance(500);
  await broker.connect(PUMP);
});

for (
  const [what, limits] of [
    ["messages", { publishesPerSecond: 10 }],
    ["bytes", { bytesPerSecond: 1024 }],
  ] as const
) {
  Deno.test(`user limits: all clients together send so many ${what} a second`, async () => {
    await using broker = await start(limits, { manualClock: true });
    const [first, second] = [
      await broker.connect(PUMP),
      await broker.connect(PUMP),
    ];
    const other = await broker.connect({ username: "valve" });
    await burst(first);
    await until("it waits", () => broker.counters.publishersSlowed === 1);
    await burst(second);
    await until("both wait", () => broker.counters.publishersSlowed === 2);
    await burst(other);
    await other.ping();
    told(broker, /Client slowed down/);
    // One client alone would owe about a second; what is left of a read that was cut short comes with the next.
    await second.sendPublish("a", "", { qos: 1 });
    const waited = await broker.advanceUntilSent(second, 50);
    assert.ok(waited > 1500 && waited < 4000, `${waited} ms`);
  });
}

/** Twenty messages, of a hundred bytes each. */
async function burst(client: Client): Promise<void> {
  const messages = Array.from(
    { length: 20 },
    () => [0x30, 98, 0, 1, 0x61, 0, ...new Array(94).fill(0x78)],
  );
  await client.sendRaw(Uint8Array.from(messages.flat()));
}

for (const whose of ["user", "listener"] as const) {
  const startWith = (
    limits: ScopedLimits,
    options: TestBrokerOptions = {},
  ) =>
    whose === "user"
      ? start(limits, options)
      : start({}, { ...options, clientLimits: limits });

  Deno.test(`${whose} limits: packets no larger than this`, async () => {
    await using broker = await startWith({ maximumPacketSize: 2000 });
    const client = await broker.connect(PUMP);
    assert.equal(client.connack.properties.maximumPacketSize, 2000);
    await client.sendPublish("a", "x".repeat(3000));
    await client.expectClosed(0x95);
    assert.equal(broker.counters.disconnected.packetTooLarge, 1);
    told(broker, /Client disconnected/, /packet too large/);
  });

  Deno.test(`${whose} limits: so many subscriptions, in one packet or several`, async () => {
    await using broker = await startWith({ subscriptionsPerClient: 3 });
    const client = await broker.connect({ ...PUMP, clientId: "p" });
    const filters = (...names: string[]) => names.map((filter) => ({ filter }));
    const codes = async (...names: string[]) => {
      const { reasonCodes } = await client.subscribe(filters(...names));
      return reasonCodes;
    };
    assert.deepEqual(await codes("1", "2"), [0, 0]);
    assert.deepEqual(await codes("3", "4", "5", "6", "7"), [
      0,
      ...[0x97, 0x97, 0x97, 0x97],
    ]);
    assert.deepEqual(await codes("3"), [0]);
    assert.equal(broker.counters.subscriptionsRefused, 4);
    told(broker, /Subscriptions refused/, /client=p/, /limit=3/);
  });

  Deno.test(`${whose} limits: so many messages on their way, and so many that wait`, async () => {
    await using broker = await startWith({
      maximumInflight: 2,
      queuedMessages: 3,
    }, { queuePolicies: { one: "drop-newest", all: "drop-newest" } });
    const reader = await broker.connect({ ...PUMP, clientId: "reader" });
    await reader.subscribe("a", { qos: 1 });
    const writer = await broker.connect({ username: "valve" });
    for (let count = 1; count <= 8; count++) {
      await writer.publish("a", String(count), { qos: 1 });
    }
    const { dropped } = broker.counters;
    assert.equal(dropped.queueMessages, 3);
    told(broker, /Queue is full/, /client=reader/, /too many messages/);
    await reader.peek();
    await reader.ping();
    assert.equal(reader.waiting, 2);
    await reader.messages(5);
    await reader.expectNothing();
  });
}

Deno.test("user limits: the bytes that wait", async () => {
  await using broker = await start({ maximumInflight: 1, queuedBytes: 2500 }, {
    queuePolicies: { one: "drop-newest", all: "drop-newest" },
  });
  const reader = await broker.connect({ ...PUMP, clientId: "reader" });
  await reader.subscribe("a", { qos: 1 });
  const writer = await broker.connect({ username: "valve" });
  for (let count = 1; count <= 5; count++) {
    await writer.publish("a", "x".repeat(1000), { qos: 1 });
  }
  assert.equal(broker.counters.dropped.queueBytes, 2);
  told(broker, /Queue is full/, /client=reader/, /too many bytes/);
});

Deno.test("limits changed by a reload: clients of before are counted, and may stay", async () => {
  await using broker = await start({});
  const first = await broker.connect(PUMP);
  const second = await broker.connect(PUMP);
  await broker.changeLimits({
    userLimits: { pump: { maximumConnections: 1 } },
  });
  await first.ping();
  await second.disconnect();
  await until("it is gone", () => broker.counters.connectionsNow === 1);
  await refused(broker, 0x97);
  await broker.changeLimits({ clientLimits: { maximumConnections: 1 } });
  const third = await broker.open();
  await third.expectClosed();
  await broker.changeLimits({});
  await broker.connect(PUMP);
});

for (const whose of ["user", "listener"] as const) {
  Deno.test(`limits changed by a reload: a ${whose}'s rates hold at once, and again no more`, async () => {
    await using broker = await start({}, { manualClock: true });
    const client = await broker.connect(PUMP);
    const limits = { publishesPerSecond: 1 };
    const changed = whose === "user"
      ? { userLimits: { pump: limits } }
      : { clientLimits: limits };
    await client.ping();
    await broker.changeLimits(changed);
    // Whatever it was read with is over.
    await client.ping();
    await burst(client);
    await until("it waits", () => broker.counters.publishersSlowed > 0);
    // What it owes is not forgotten, nor does its wait go on when there is none.
    await broker.changeLimits(changed);
    const slowed = broker.counters.publishersSlowed;
    await client.sendPublish("a");
    await until("it waits", () => broker.counters.publishersSlowed > slowed);
    await broker.changeLimits({});
    await client.ping();
  });
}

Deno.test("limits changed by a reload: what a client was told of holds while it is connected", async () => {
  await using broker = await start({});
  const first = await broker.connect(PUMP);
  await broker.changeLimits({
    userLimits: { pump: { maximumPacketSize: 2000 } },
  });
  await first.publish("a", "x".repeat(3000), { qos: 1 });
  const second = await broker.connect(PUMP);
  assert.equal(second.connack.properties.maximumPacketSize, 2000);
  await second.sendPublish("a", "x".repeat(3000));
  await second.expectClosed(0x95);
});
