import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { ExactlyOnce } from "../../support/clients/exactly_once.ts";
import { LateStore } from "../../support/stores/late_store.ts";
import { LONG } from "../../support/sizes.ts";
import {
  type Version,
  VERSION_NAMES,
} from "../../support/clients/write_packets.ts";

/** Nobody is slowed down for taking over too often. */
const limits = { takeovers: 1000 };

/** How the connections of one client identifier follow each other. */
interface Load {
  readonly version: Version;
  readonly takeOvers: number;
  /** Milliseconds that each commit takes. */
  readonly commitTime: number;
  /** Messages that the client publishes on each connection. */
  readonly perConnection: number;
}

/**
 * One client identifier is taken over again and again while it publishes and receives at QoS 2; its own session and
 * those it talks to must come out complete, in order and without doubles.
 */
async function takeOver(load: Load): Promise<void> {
  const store = new LateStore({ commitTime: load.commitTime });
  await using broker = await TestBroker.start({ store, limits });
  const persistent = (clientId: string) => ({
    version: load.version,
    clientId,
    clean: false,
    properties: load.version === 5 ? { sessionExpiryInterval: 1000 } : {},
  });
  const taken = new ExactlyOnce();
  const peer = new ExactlyOnce();
  const peerClient = await broker.connect(persistent("peer"));
  await peerClient.subscribe("to/peer", { qos: 2 });
  await peer.resume(peerClient);
  const peerEnd = peer.serve(peerClient);

  let client = await broker.connect(persistent("taken"));
  await client.subscribe("to/taken", { qos: 2 });
  await taken.resume(client);
  let end = taken.serve(client);
  let sent = 0;
  for (let n = 0; n < load.takeOvers; n++) {
    for (let count = 0; count < load.perConnection; count++) {
      await taken.publish("to/peer", String(sent));
      await peer.publish("to/taken", String(sent));
      sent++;
    }
    // Now and then the connection is left to get something done.
    if (n % 3 === 0) {
      const { length } = taken.received;
      await taken.until(() => taken.received.length > length);
    }
    const next = await broker.connect(persistent("taken"));
    assert.equal(next.connack.sessionPresent, load.version > 3);
    await end; // DISCONNECT 0x8E, or the mere end
    await client.close();
    client = next;
    await taken.resume(client);
    end = taken.serve(client);
  }
  await taken.until(() =>
    taken.received.length === sent && taken.pending === 0
  );
  await peer.until(() => peer.received.length === sent && peer.pending === 0);
  const expected = Array.from({ length: sent }, (_, n) => String(n));
  assert.deepEqual(taken.received, expected);
  assert.deepEqual(peer.received, expected);
  assert.ok(taken.duplicates > 0, "the load was too light to show anything");
  assert.equal(broker.counters.disconnected.internalError, 0);
  assert.equal(broker.counters.disconnected.sessionTakenOver, load.takeOvers);
  await client.close();
  await peerClient.close();
  await Promise.all([end, peerEnd]);
}

for (const version of [4, 5] as const) {
  const takeOvers = LONG ? 1000 : 60;
  Deno.test(`take-over ${VERSION_NAMES[version]}: ${takeOvers} of one identifier under QoS 2 load with slow commits mix nothing up [MQTT-3.1.4-3, MQTT-4.4.0-1, MQTT-4.3.3-10]`, async () => {
    await takeOver({
      version,
      takeOvers,
      commitTime: LONG ? 50 : 10,
      perConnection: 5,
    });
  });
}

Deno.test("take-over: many connections at once for one identifier leave one", async () => {
  const store = new LateStore({ commitTime: 20 });
  await using broker = await TestBroker.start({ store, limits });
  const options = {
    clientId: "one",
    clean: false,
    properties: { sessionExpiryInterval: 1000 },
  };
  const clients = await Promise.all(
    Array.from({ length: 50 }, () => broker.open()),
  );
  await Promise.all(clients.map((client) => client.sendConnect(options)));
  const left: number[] = [];
  const outcomes = clients.map(async (client, index) => {
    // Some are taken over before they were told that they are in.
    for (;;) {
      const packet = await client.receiveOrEnd();
      if (packet === undefined) return;
      if (packet.type === "disconnect") assert.equal(packet.reasonCode, 0x8E);
      else if (packet.type === "pingresp") left.push(index);
    }
  });
  const watcher = await broker.connect();
  await watcher.settle();
  while (broker.counters.connectionsNow > 2) await watcher.ping();
  await Promise.all(
    clients.map((client) => client.sendRaw(Uint8Array.of(0xC0, 0))),
  );
  while (left.length === 0) await watcher.ping();
  assert.equal(left.length, 1);
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(outcomes);
  assert.equal(broker.counters.sessionsNow, 2);
});
