import assert from "node:assert/strict";
import { utf8 } from "../../tests/support/bytes.ts";
import { TestBroker } from "../../tests/support/programs/broker.ts";
import { Certificates } from "../../tests/support/programs/certificates.ts";
import { ClientHandle } from "../../tests/support/clients/own_client.ts";

const VERSIONS = [3, 4, 5] as const;
const QOS = [0, 1, 2] as const;

Deno.test("MqttClient publishes and receives in all versions at every QoS", async () => {
  await using broker = await TestBroker.start();
  for (const version of VERSIONS) {
    await using sub = await ClientHandle.connect(broker.urls[0]!, { version });
    await using pub = await ClientHandle.connect(broker.urls[0]!, { version });
    const suback = await sub.subscribe("t/#", 2);
    assert.deepEqual(suback.reasonCodes, [2]);
    for (const qos of QOS) {
      const outcome = await pub.publish(`t/${qos}`, `at ${qos}`, { qos });
      assert.equal(outcome.reasonCode, 0);
      const { topic, payload, qos: received } = await sub.message();
      assert.deepEqual([topic, new TextDecoder().decode(payload), received], [
        `t/${qos}`,
        `at ${qos}`,
        qos,
      ]);
    }
  }
});

Deno.test("MqttClient speaks over TCP, Unix sockets and WebSocket", async () => {
  const folder = await Deno.makeTempDir();
  const others = [`unix://${folder}/socket`, "ws://127.0.0.1:0/mqtt"];
  {
    await using broker = await TestBroker.start({ alsoListen: others });
    for (const url of broker.urls) await exchange(url);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("MqttClient speaks TLS, with and without WebSocket", async () => {
  using made = await Certificates.make();
  const { certificate, key } = await made.server();
  const query = new URLSearchParams({ certificate, key });
  await using broker = await TestBroker.start({
    alsoListen: [
      `mqtts://127.0.0.1:0?${query}`,
      `wss://127.0.0.1:0/mqtt?${query}`,
    ],
  });
  const [, ...urls] = broker.urls;
  for (const url of urls) {
    await exchange(url, { authorities: made.authorityPem });
    await exchange(url, { isInsecure: true });
    await assert.rejects(
      ClientHandle.connect(url),
      /^ClientError: Cannot connect to \w+:\/\/127\.0\.0\.1:\d+\S*: its certificate was signed by no authority that is known here/,
    );
  }
});

/** Publishes a long message to itself. */
async function exchange(url: string, tls = {}): Promise<void> {
  const payload = crypto.getRandomValues(new Uint8Array(60_000));
  await using client = await ClientHandle.connect(url, { tls });
  await client.subscribe("long", 1);
  await client.publish("long", payload, { qos: 1 });
  assert.deepEqual((await client.message()).payload, payload);
}

Deno.test("MqttClient publishes many messages in their order", async () => {
  await using broker = await TestBroker.start();
  const url = broker.urls[0]!;
  for (const qos of QOS) {
    await using sub = await ClientHandle.connect(url);
    await using pub = await ClientHandle.connect(url);
    await sub.subscribe("t", qos);
    for (let index = 0; index < 3000; index++) {
      pub.client.publish({
        topic: "t",
        payload: utf8(String(index)),
        qos,
        retain: false,
      });
      await pub.client.room();
    }
    for (let index = 0; index < 3000; index++) {
      const { payload } = await sub.message();
      assert.equal(new TextDecoder().decode(payload), String(index));
    }
  }
});
