import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const PROTOCOL_ERROR = 0x82;
const TOPIC_ALIAS_INVALID = 0x94;

Deno.test("topic alias: every one up to our maximum is accepted, and may be set anew [MQTT-3.3.2-12]", async () => {
  await using broker = await TestBroker.start();
  const client = await broker.connect();
  const maximum = client.connack.properties.topicAliasMaximum ?? 0;
  assert.ok(maximum > 0);
  await client.subscribe("t/#", { qos: 2 });
  for (let topicAlias = 1; topicAlias <= maximum; topicAlias++) {
    await client.sendPublish(`t/${topicAlias}`, "set", {
      properties: { topicAlias },
    });
    assert.equal((await client.message()).topic, `t/${topicAlias}`);
  }
  for (const topicAlias of [1, maximum, 2]) {
    for (const qos of [0, 1, 2]) {
      await client.publish("", "used", { qos, properties: { topicAlias } });
      const message = await client.message();
      assert.equal(message.topic, `t/${topicAlias}`);
      assert.equal(message.properties.topicAlias, undefined);
    }
  }
  await client.sendPublish("t/anew", "set", { properties: { topicAlias: 1 } });
  await client.sendPublish("", "used", { properties: { topicAlias: 1 } });
  for (const text of ["set", "used"]) {
    const message = await client.message();
    assert.deepEqual([message.topic, payloadText(message)], ["t/anew", text]);
  }
});

Deno.test("topic alias: 0 and those above our maximum are refused [MQTT-3.3.2-8, MQTT-3.3.2-9, MQTT-3.2.2-17, MQTT-3.2.2-18]", async () => {
  for (
    const [topicAliasMaximum, aliases] of [[10, [0, 11, 65_535]], [0, [
      1,
    ]]] as const
  ) {
    await using broker = await TestBroker.start({
      limits: { topicAliasMaximum },
    });
    for (const topicAlias of aliases) {
      const client = await broker.connect();
      await client.sendPublish("a", "x", { properties: { topicAlias } });
      await client.expectClosed(TOPIC_ALIAS_INVALID);
    }
  }
});

Deno.test("topic alias: one that was not set is a protocol error, also if a former connection set it [MQTT-3.3.2-7]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "alias",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  };
  const one = await broker.connect(options);
  await one.publish("a", "set", { qos: 1, properties: { topicAlias: 3 } });
  await one.publish("", "used", { qos: 1, properties: { topicAlias: 3 } });
  await one.disconnect();
  const two = await broker.connect(options);
  await two.sendPublish("", "not set", { properties: { topicAlias: 3 } });
  await two.expectClosed(PROTOCOL_ERROR);
});

Deno.test("topic alias: the broker uses them from the first message on, up to the client's maximum [MQTT-3.1.2-26, MQTT-3.3.2-11, MQTT-3.3.2-7]", async () => {
  await using broker = await TestBroker.start();
  const publisher = await broker.connect();
  const options = {
    clientId: "alias",
    clean: false,
    properties: { sessionExpiryInterval: 100, topicAliasMaximum: 2 },
  };
  for (let connection = 0; connection < 2; connection++) {
    const client = await broker.connect(options);
    await client.subscribe("t/#", { qos: 1 });
    const aliases = new Map<number, string>();
    const bare = new Set<string>();
    for (let n = 0; n < 40; n++) {
      const topic = `t/${n % 4}`;
      await publisher.publish(topic, topic, { qos: n % 2 });
      const message = await client.message();
      const { topicAlias } = message.properties;
      if (topicAlias !== undefined) {
        assert.ok(topicAlias >= 1 && topicAlias <= 2, `Alias ${topicAlias}`);
        if (message.topic !== "") aliases.set(topicAlias, message.topic);
      }
      if (n === 0) assert.equal(topicAlias, 1, "no alias at once");
      if (message.topic === "") bare.add(aliases.get(topicAlias!)!);
      const meant = message.topic === ""
        ? aliases.get(topicAlias!)
        : message.topic;
      assert.equal(meant, topic);
    }
    assert.ok(bare.size > 0, "aliases are never used");
    await client.disconnect();
  }
});

Deno.test("topic alias: none is sent to a client that allows none [MQTT-3.1.2-27]", async () => {
  await using broker = await TestBroker.start();
  for (const properties of [{}, { topicAliasMaximum: 0 }]) {
    const client = await broker.connect({ properties });
    await client.subscribe("a");
    for (let n = 0; n < 5; n++) {
      await client.sendPublish("a", "x", { properties: { topicAlias: 5 } });
      const message = await client.message();
      assert.equal(message.topic, "a");
      assert.equal(message.properties.topicAlias, undefined);
    }
    await client.disconnect();
  }
});

Deno.test("topic alias: what is sent again makes sense on its own connection [MQTT-3.3.2-7]", async () => {
  await using broker = await TestBroker.start();
  const options = {
    clientId: "alias",
    clean: false,
    properties: { sessionExpiryInterval: 100, topicAliasMaximum: 5 },
  };
  const one = await broker.connect(options);
  await one.subscribe("a", { qos: 1 });
  for (let n = 0; n < 3; n++) await one.publish("a", "x", { qos: 1 });
  for (let n = 0; n < 3; n++) await one.expect("publish");
  await one.close();
  const two = await broker.connect(options);
  const aliases = new Map<number, string>();
  for (let n = 0; n < 3; n++) {
    const { topic, properties } = await two.message();
    if (topic !== "" && properties.topicAlias !== undefined) {
      aliases.set(properties.topicAlias, topic);
    }
    assert.equal(topic || aliases.get(properties.topicAlias!), "a");
  }
});
