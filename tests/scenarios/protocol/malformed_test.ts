import assert from "node:assert/strict";
import type { PacketVector } from "../../../src/codec/vectors/vector.ts";
import { VECTORS } from "../../../src/codec/vectors/vectors.ts";
import { TestBroker } from "../../support/programs/broker.ts";
import { frame, join, string, u16 } from "../../support/bytes.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  connect,
  publish,
  subscribe,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const UNSUPPORTED_VERSION = 0x84;
const CLIENT_ID_NOT_VALID = 0x85;

const REFUSED = VECTORS.filter((vector) =>
  vector.sender === "client" && vector.reason !== undefined
);

/** Sends a refused first packet and requires the answer that the specification names, then the end. */
async function refuseFirst(
  broker: TestBroker,
  { version, bytes, reason }: PacketVector,
): Promise<void> {
  const client = await broker.open(version);
  await client.sendRaw(bytes);
  if (bytes[0]! >> 4 !== 1) await client.expectClosed();
  else if (version === 5) await client.expectMalformedConnect(reason!, 0x01);
  else if (reason === UNSUPPORTED_VERSION) {
    await client.expectRefused(0x01, UNSUPPORTED_VERSION);
  } else if (reason === CLIENT_ID_NOT_VALID) await client.expectRefused(0x02);
  else await client.expectClosed();
}

/** Sends a refused packet after CONNECT: DISCONNECT with its code in MQTT 5.0, and in any case the end. */
async function refuseLater(
  broker: TestBroker,
  { version, bytes, reason }: PacketVector,
): Promise<void> {
  const client = await broker.connect({ version });
  await client.sendRaw(bytes);
  await client.expectClosed(reason!);
}

for (const version of VERSIONS) {
  const vectors = REFUSED.filter((vector) => vector.version === version);
  Deno.test(`malformed ${VERSION_NAMES[version]}: every packet of the table that is refused ends its connection and no other [MQTT-4.13.1-1, MQTT-4.13.2-1, MQTT-2.1.3-1, MQTT-3.14.0-1, MQTT-3.14.1-1, MQTT-3.15.1-1, MQTT-1.5.5-1, MQTT-1.5.7-1, MQTT-3.3.2-13, MQTT-3.3.2-14, MQTT-3.3.2-19, MQTT3-4.8.0-1, MQTT3-3.14.1-1, MQTT3-2.2.2-2]`, async () => {
    await using broker = await TestBroker.start();
    const bystander = await broker.connect({ version });
    await bystander.subscribe("a/b", { qos: 1 });
    const faults: string[] = [];
    for (const vector of vectors) {
      try {
        await (vector.first ? refuseFirst : refuseLater)(broker, vector);
      } catch (error) {
        faults.push(`${vector.name}: ${(error as Error).message}`);
      }
    }
    assert.deepEqual(faults, []);
    assert.ok(vectors.length > 100);
    await bystander.publish("a/b", "still here", { qos: 1 });
    assert.equal(payloadText(await bystander.message()), "still here");
    await bystander.expectNothing();
    assert.ok(
      broker.log.every((line) => !line.includes("internal error")),
      "an internal error was logged",
    );
  });

  Deno.test(`malformed ${VERSION_NAMES[version]}: nothing after the fault is carried out, what came before is`, async () => {
    await using broker = await TestBroker.start();
    const watcher = await broker.connect({ version });
    await watcher.subscribe("#", { qos: 1 });
    const client = await broker.open(version);
    await client.sendRaw(join(
      connect({ version, clientId: "faulty" }),
      publish(version, "before", "x"),
      frame(0x36, string("qos 3"), u16(1)),
      publish(version, "after", "x"),
      subscribe(version, 1, [{ filter: "#" }]),
    ));
    await client.expect("connack");
    await client.expectClosed(0x81);
    assert.equal((await watcher.message()).topic, "before");
    await watcher.publish("end");
    assert.equal((await watcher.message()).topic, "end");
  });

  Deno.test(`malformed ${VERSION_NAMES[version]}: random bytes and bent packets harm nobody else`, async () => {
    await using broker = await TestBroker.start();
    const bystander = await broker.connect({ version });
    await bystander.subscribe("quiet");
    const random = randomNumbers(version);
    const good = join(
      publish(version, "a/b", "payload", { qos: 2, packetId: 9 }),
      subscribe(version, 1, [{ filter: "a/#", qos: 2 }]),
      publish(version, "a/b", "payload", { qos: 1, packetId: 10 }),
      Uint8Array.of(0x62, 2, 0, 9, 0xC0, 0),
    );
    for (let round = 0; round < 300; round++) {
      const client = await broker.connect({ version });
      const bytes = good.slice();
      for (let n = 0; n <= random() % 4; n++) {
        bytes[random() % bytes.length] = random() % 256;
      }
      await client.sendRaw(bytes);
      // Half of them leave at once, the others when the broker has seen the bytes.
      if (round % 2) await bystander.ping();
      await client.close();
    }
    await bystander.publish("quiet", "still here");
    for (;;) {
      if (payloadText(await bystander.message()) === "still here") break;
    }
    assert.equal(broker.counters.disconnected.internalError, 0);
  });
}

/** Numbers below 2^31 that are the same at each run. */
function randomNumbers(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7FFF_FFFF;
    return state >>> 8;
  };
}
