import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import {
  mosquittoPub,
  mosquittoPubLines,
  MosquittoSub,
} from "../../support/clients/mosquitto.ts";
import { MqttJs } from "../../support/clients/mqtt_js.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const MOSQUITTO_VERSIONS = ["mqttv31", "mqttv311", "mqttv5"];

for (const version of MOSQUITTO_VERSIONS) {
  Deno.test(`real clients: mosquitto_pub reaches mosquitto_sub with ${version} at each QoS`, async () => {
    await using broker = await TestBroker.start();
    await using all = await MosquittoSub.start(
      broker.address,
      "-V",
      version,
      "-q",
      "2",
      "-t",
      "a/#",
    );
    for (const qos of ["0", "1", "2"]) {
      const flags = ["-V", version, "-q", qos, "-t", `a/${qos}`];
      await mosquittoPub(broker.address, ...flags, "-m", `hello ${qos}`);
      assert.equal(await all.line(), `a/${qos} ${qos} 0 hello ${qos}`);
    }
    const lines = Array.from({ length: 200 }, (_, n) => `line ${n}`);
    await mosquittoPubLines(
      broker.address,
      lines,
      "-V",
      version,
      "-q",
      "2",
      "-t",
      "a/l",
    );
    for (const line of lines) assert.equal(await all.line(), `a/l 2 0 ${line}`);
  });

  Deno.test(`real clients: mosquitto's retained messages, wills and persistent sessions work with ${version}`, async () => {
    await using broker = await TestBroker.start();
    const { address } = broker;
    await mosquittoPub(
      address,
      "-V",
      version,
      "-q",
      "1",
      "-t",
      "kept",
      "-m",
      "retained",
      "-r",
    );
    {
      await using one = await MosquittoSub.start(
        address,
        "-V",
        version,
        "-q",
        "1",
        "-t",
        "kept",
        "-t",
        "will",
      );
      assert.equal(await one.line(), "kept 1 1 retained");
      const mortal = await MosquittoSub.start(
        address,
        "-V",
        version,
        "-t",
        "never",
        "--will-topic",
        "will",
        "--will-payload",
        "gone",
        "--will-qos",
        "1",
      );
      await mortal.kill();
      assert.equal(await one.line(), "will 1 0 gone");
    }
    const session = [
      "-V",
      version,
      "-q",
      "1",
      "-i",
      "stays",
      "-c",
      "-t",
      "later",
    ];
    if (version === "mqttv5") session.push("-x", "1000");
    await (await MosquittoSub.start(address, ...session)).end();
    await mosquittoPub(
      address,
      "-V",
      version,
      "-q",
      "1",
      "-t",
      "later",
      "-m",
      "waited",
    );
    await using back = await MosquittoSub.start(address, ...session);
    assert.equal(await back.line(), "later 1 0 waited");
  });
}

for (const protocolVersion of [4, 5] as const) {
  Deno.test(`real clients: MQTT.js speaks version ${protocolVersion} at each QoS, and resumes its session`, async () => {
    await using broker = await TestBroker.start();
    const options = {
      protocolVersion,
      clientId: "mqttjs",
      clean: false,
      ...(protocolVersion === 5
        ? { properties: { sessionExpiryInterval: 1000 } }
        : {}),
    };
    const watcher = await broker.connect();
    await watcher.subscribe("from/js", { qos: 2 });
    {
      await using js = await MqttJs.connect(broker.address, options);
      assert.deepEqual(await js.subscribe("to/js", 2), [2]);
      for (const qos of [0, 1, 2] as const) {
        await js.publish("from/js", `at ${qos}`, { qos });
        const message = await watcher.message();
        assert.deepEqual([payloadText(message), message.qos], [
          `at ${qos}`,
          qos,
        ]);
        await watcher.publish("to/js", `back at ${qos}`, { qos });
        assert.deepEqual(await js.message(), {
          topic: "to/js",
          payload: `back at ${qos}`,
          qos,
        });
      }
    }
    await watcher.publish("to/js", "waited", { qos: 2 });
    await using back = await MqttJs.connect(broker.address, options);
    assert.equal(back.sessionPresent, true);
    assert.deepEqual(await back.message(), {
      topic: "to/js",
      payload: "waited",
      qos: 2,
    });
  });
}

Deno.test("real clients: MQTT.js passes properties of version 5 on and back", async () => {
  await using broker = await TestBroker.start();
  await using js = await MqttJs.connect(broker.address, { protocolVersion: 5 });
  await js.subscribe("a", 1);
  const watcher = await broker.connect();
  await watcher.subscribe("b", { qos: 1 });
  await js.publish("b", "x", {
    qos: 1,
    properties: {
      contentType: "text/plain",
      responseTopic: "a",
      userProperties: { k: ["1", "2"] },
    },
  });
  const { properties } = await watcher.message();
  assert.equal(properties.contentType, "text/plain");
  assert.deepEqual(properties.userProperties, [["k", "1"], ["k", "2"]]);
  await watcher.publish(properties.responseTopic!, "answer", { qos: 1 });
  assert.equal((await js.message()).payload, "answer");
});
