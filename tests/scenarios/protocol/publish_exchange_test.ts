import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { join } from "../../support/bytes.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import {
  acknowledgement,
  publish,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const NO_SUBSCRIBERS = 0x10;

for (const version of VERSIONS) {
  const named = (text: string) => `publish ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named(
      "acknowledgements bear the identifier of their PUBLISH [MQTT-2.2.1-5, MQTT-2.2.1-2, MQTT-4.3.2-4, MQTT-4.3.3-8, MQTT-4.3.3-11, MQTT-3.4.2-1, MQTT-3.5.2-1, MQTT3-2.3.1-5, MQTT3-2.3.1-6, MQTT3-4.3.2-2, MQTT3-4.3.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      for (const packetId of [1, 255, 256, 65535]) {
        await client.sendPublish("a", "1", { qos: 1, packetId });
        const puback = await client.expect("puback");
        assert.equal(puback.packetId, packetId);
        assert.ok([0, NO_SUBSCRIBERS].includes(puback.reasonCode));
        await client.sendPublish("a", "2", { qos: 2, packetId });
        const pubrec = await client.expect("pubrec");
        assert.equal(pubrec.packetId, packetId);
        assert.ok([0, NO_SUBSCRIBERS].includes(pubrec.reasonCode));
        await client.sendAcknowledgement("pubrel", packetId);
        const pubcomp = await client.expect("pubcomp");
        assert.equal(pubcomp.packetId, packetId);
        assert.equal(pubcomp.reasonCode, 0);
      }
    },
  );

  Deno.test(
    named(
      "after PUBACK the same identifier is a new message, whatever DUP says [MQTT-4.3.2-5, MQTT3-2.3.1-3, MQTT3-4.3.2-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 1 });
      for (const dup of [false, true, true]) {
        await client.publish("a", String(dup), { qos: 1, packetId: 9, dup });
        const message = await subscriber.message();
        assert.equal(payloadText(message), String(dup));
      }
    },
  );

  Deno.test(
    named(
      "QoS 2 sent again before PUBREL is acknowledged again and delivered once [MQTT-4.3.3-10, MQTT3-4.3.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      const packetId = 5;
      for (const dup of [false, true, true]) {
        await client.sendPublish("a", "once", { qos: 2, packetId, dup });
        assert.equal((await client.expect("pubrec")).packetId, packetId);
      }
      await client.sendAcknowledgement("pubrel", packetId);
      assert.equal((await client.expect("pubcomp")).packetId, packetId);
      assert.equal(payloadText(await subscriber.message()), "once");
      await subscriber.expectNothing();
    },
  );

  Deno.test(
    named(
      "after PUBCOMP the same identifier is a new message [MQTT-4.3.3-12, MQTT3-4.3.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      for (const dup of [false, true, false]) {
        await client.publish("a", String(dup), { qos: 2, packetId: 7, dup });
        assert.equal(payloadText(await subscriber.message()), String(dup));
      }
    },
  );

  Deno.test(
    named(
      "PUBREL for an identifier not in use is answered all the same [MQTT-3.7.2-1, MQTT-4.3.3-11]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendAcknowledgement("pubrel", 77);
      const pubcomp = await client.expect("pubcomp");
      assert.equal(pubcomp.packetId, 77);
      assert.equal(pubcomp.reasonCode, version === 5 ? 0x92 : 0);
      await client.expectNothing();
    },
  );

  Deno.test(
    named(
      "PUBREC for an identifier not in use is answered, other acknowledgements of it do nothing [MQTT-3.6.2-1]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await client.sendAcknowledgement("puback", 78);
      await client.sendAcknowledgement("pubcomp", 79);
      if (version === 5) {
        await client.sendAcknowledgement("pubrec", 77);
        const pubrel = await client.expect("pubrel");
        assert.equal(pubrel.packetId, 77);
        assert.equal(pubrel.reasonCode, 0x92);
      }
      await client.expectNothing();
    },
  );

  Deno.test(
    named(
      "acknowledgements come in the order of their packets [MQTT-4.6.0-2, MQTT-4.6.0-3, MQTT3-4.6.0-2, MQTT3-4.6.0-3]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await (await broker.connect({ version })).subscribe("a", { qos: 0 });
      const packets: Uint8Array[] = [];
      for (let packetId = 1; packetId <= 200; packetId++) {
        packets.push(
          publish(version, "a", "x", { qos: 1 + packetId % 2, packetId }),
        );
      }
      await client.sendRaw(join(...packets));
      for (let packetId = 2; packetId <= 200; packetId += 2) {
        assert.equal((await client.take("puback")).packetId, packetId);
      }
      for (let packetId = 1; packetId <= 200; packetId += 2) {
        assert.equal((await client.take("pubrec")).packetId, packetId);
      }
    },
  );

  Deno.test(
    named(
      "PUBRELs come in the order of the PUBRECs [MQTT-4.6.0-4, MQTT-4.3.3-4, MQTT3-4.6.0-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      for (let n = 0; n < 50; n++) await client.publish("a", "x", { qos: 2 });
      const identifiers: number[] = [];
      for (let n = 0; n < 50; n++) {
        identifiers.push((await subscriber.expect("publish")).packetId);
      }
      await subscriber.sendRaw(
        join(
          ...identifiers.map((id) => acknowledgement(version, "pubrec", id)),
        ),
      );
      for (const id of identifiers) {
        assert.equal((await subscriber.expect("pubrel")).packetId, id);
      }
      for (const id of identifiers) {
        await subscriber.sendAcknowledgement("pubcomp", id);
      }
      await subscriber.expectNothing();
    },
  );

  Deno.test(
    named(
      "messages under way have each their own identifier, not zero [MQTT-2.2.1-4, MQTT-4.3.2-1, MQTT-4.3.3-1, MQTT3-2.3.1-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      const subscriber = await broker.connect({ version });
      await subscriber.subscribe("a", { qos: 2 });
      const used = new Set<number>();
      for (let n = 0; n < 300; n++) {
        await client.publish("a", "x", { qos: 1 + n % 2 });
        const { packetId } = await subscriber.expect("publish");
        assert.ok(!used.has(packetId), `Identifier ${packetId} twice`);
        used.add(packetId);
      }
    },
  );
}

Deno.test("publish 5.0: a message refused with 0x80 or above is done with [MQTT-4.4.0-2, MQTT-4.3.3-9]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "refuses",
    clean: false,
    properties: { sessionExpiryInterval: 100, receiveMaximum: 1 },
  };
  const subscriber = await broker.connect(options);
  const publisher = await broker.connect();
  await subscriber.subscribe("a", { qos: 2 });
  for (const [qos, type] of [[1, "puback"], [2, "pubrec"]] as const) {
    await publisher.publish("a", "refused", { qos });
    const refused = await subscriber.expect("publish");
    await subscriber.sendAcknowledgement(type, refused.packetId, 0x97);
    await publisher.publish("a", "next", { qos });
    const next = await subscriber.message();
    assert.equal(payloadText(next), "next");
  }
  await subscriber.close();
  const again = await broker.connect(options);
  assert.equal(again.connack.sessionPresent, true);
  await again.expectNothing();
});

Deno.test("publish 5.0: after a refusing PUBREC the identifier is free for a new message [MQTT-4.3.3-9]", async () => {
  await using broker = await TestBroker.start({
    limits: { retainedMessages: 0 },
  });
  const client = await broker.connect();
  const subscriber = await broker.connect();
  await subscriber.subscribe("a", { qos: 2 });
  const packetId = 5;
  await client.sendPublish("a", "refused", { qos: 2, packetId, retain: true });
  assert.equal((await client.expect("pubrec")).reasonCode, 0x97);
  for (const text of ["new", "newer"]) {
    await client.publish("a", text, { qos: 2, packetId });
    assert.equal(payloadText(await subscriber.message()), text);
  }
  await subscriber.expectNothing();
});

for (const version of VERSIONS) {
  Deno.test(`publish ${VERSION_NAMES[version]}: acknowledgements of the wrong kind complete nothing [MQTT-4.3.2-3, MQTT-4.3.3-3, MQTT-4.3.3-5]`, async () => {
    await using broker = await TestBroker.start();
    const options = {
      version,
      clientId: "confused",
      clean: false,
      properties: { sessionExpiryInterval: 100 },
    };
    const wrong = [
      { qos: 1, types: ["pubrec", "pubcomp"] },
      { qos: 2, types: ["puback", "pubcomp"] },
    ] as const;
    for (const { qos, types } of wrong) {
      for (const type of types) {
        let client = await broker.connect(options);
        await client.subscribe("a", { qos: 2 });
        await client.publish("a", `${qos} ${type}`, { qos });
        const before = await client.expect("publish");
        await client.sendAcknowledgement(type, before.packetId);
        await client.close(); // whatever the broker thought of that
        client = await broker.connect(options);
        const again = await client.expect("publish");
        assert.equal(again.packetId, before.packetId);
        assert.equal(again.dup, true);
        await client.acknowledge(again);
        await client.disconnect();
      }
    }
  });

  Deno.test(`publish ${VERSION_NAMES[version]}: a repeated PUBREC is answered again [MQTT-4.3.3-4]`, async () => {
    await using broker = await TestBroker.start();
    const client = await broker.connect({ version });
    await client.subscribe("a", { qos: 2 });
    await client.publish("a", "x", { qos: 2 });
    const { packetId } = await client.expect("publish");
    for (let n = 0; n < 3; n++) {
      await client.sendAcknowledgement("pubrec", packetId);
      const pubrel = await client.expect("pubrel");
      assert.deepEqual([pubrel.packetId, pubrel.reasonCode], [packetId, 0]);
    }
    await client.sendAcknowledgement("pubcomp", packetId);
    await client.expectNothing();
  });
}
