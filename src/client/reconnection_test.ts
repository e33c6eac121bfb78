import assert from "node:assert/strict";
import { Acknowledgement, PacketType } from "../codec/packet.ts";
import type { PublishContents } from "../codec/decode/publish_contents.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import { utf8 } from "../../tests/support/bytes.ts";
import {
  ClientHandle,
  type OwnClientOptions,
} from "../../tests/support/clients/own_client.ts";
import {
  type Guest,
  ScriptedBroker,
} from "../../tests/support/programs/scripted_broker.ts";

const AGAIN = { reconnects: true, firstDelay: 1 };

/** Connects the client and lets it in. */
async function meet(
  broker: ScriptedBroker,
  options: OwnClientOptions = AGAIN,
): Promise<[ClientHandle, Guest]> {
  const [client, guest] = await Promise.all([
    ClientHandle.connect(broker.url, options),
    broker.accept(),
  ]);
  return [client, guest];
}

function message(packetId: number, dup = false): PublishContents {
  return {
    type: PacketType.Publish,
    topic: "t",
    payload: utf8(`message ${packetId}`),
    qos: 2,
    retain: false,
    dup,
    packetId,
    properties: {},
  };
}

Deno.test("MqttClient sends again what the broker has not acknowledged, with DUP if its session lives [MQTT-4.4.0-1]", async () => {
  for (const sessionPresent of [true, false]) {
    using broker = new ScriptedBroker();
    const [own, first] = await meet(broker);
    await using client = own;
    const outcomes = [
      client.publish("t", "one", { qos: 1 }),
      client.publish("t", "two", { qos: 2 }),
    ];
    await first.expect(PacketType.Publish);
    await first.expect(PacketType.Publish);
    first.close();
    const second = await broker.accept({ sessionPresent });
    for (const payload of ["one", "two"]) {
      const packet = await second.expect(PacketType.Publish);
      assert.equal(new TextDecoder().decode(packet.payload), payload);
      assert.equal(packet.dup, sessionPresent);
      const type = packet.qos === 1 ? PacketType.Puback : PacketType.Pubrec;
      await second.send(new Acknowledgement(type, packet.packetId, 0));
    }
    const { packetId } = await second.expect(PacketType.Pubrel);
    second.close();
    const third = await broker.accept({ sessionPresent: true });
    assert.equal((await third.expect(PacketType.Pubrel)).packetId, packetId);
    await third.send(new Acknowledgement(PacketType.Pubcomp, packetId, 0));
    for (const { reasonCode } of await Promise.all(outcomes)) {
      assert.equal(reasonCode, 0);
    }
    assert.match(client.losses[0]!.message, /^Lost mqtt:.*: it closed/);
  }
});

Deno.test("MqttClient reads a QoS 2 message once, whatever connections it takes [MQTT-4.3.3-10]", async () => {
  using broker = new ScriptedBroker();
  const [own, first] = await meet(broker);
  await using client = own;
  await first.send(message(7));
  await first.expect(PacketType.Pubrec);
  first.close();
  const second = await broker.accept({ sessionPresent: true });
  await second.send(message(7, true));
  await second.expect(PacketType.Pubrec);
  await second.send(new Acknowledgement(PacketType.Pubrel, 7, 0));
  await second.expect(PacketType.Pubcomp);
  await second.send(message(7));
  await second.expect(PacketType.Pubrec);
  await client.message();
  await client.message();
  await second.send(message(8));
  assert.equal(
    new TextDecoder().decode((await client.message()).payload),
    "message 8",
  );
});

Deno.test("MqttClient sends no more at once than the broker takes [MQTT-3.3.4-7]", async () => {
  using broker = new ScriptedBroker();
  const [own, guest] = await Promise.all([
    ClientHandle.connect(broker.url),
    broker.accept({ properties: { receiveMaximum: 2 } }),
  ]);
  await using client = own;
  const outcomes = [1, 2, 3].map((number) =>
    client.publish("t", String(number), { qos: 1 })
  );
  const { packetId } = await guest.expect(PacketType.Publish);
  await guest.expect(PacketType.Publish);
  const asked = client.subscribe("t", 0);
  const { packetId: id } = await guest.expect(PacketType.Subscribe);
  await guest.send({
    type: PacketType.Suback,
    packetId: id,
    reasonCodes: [0],
    properties: {},
  }, new Acknowledgement(PacketType.Puback, packetId, 0));
  await asked;
  await outcomes[0];
  await guest.expect(PacketType.Publish);
});

Deno.test("MqttClient publishes nothing that the broker has said it does not take", async () => {
  using broker = new ScriptedBroker();
  const [own, guest] = await Promise.all([
    ClientHandle.connect(broker.url),
    broker.accept({
      properties: {
        maximumQoS: 1,
        retainAvailable: false,
        maximumPacketSize: 100,
      },
    }),
  ]);
  await using client = own;
  const refused = async (options: object, reason: ReasonCode, text = "") => {
    const { reasonCode } = await client.publish("t", text, options);
    assert.equal(reasonCode, reason);
  };
  await refused({ qos: 2 }, ReasonCode.QoSNotSupported);
  await refused({ retain: true }, ReasonCode.RetainNotSupported);
  await refused({}, ReasonCode.PacketTooLarge, "x".repeat(100));
  await refused(
    { properties: { topicAlias: 1 } },
    ReasonCode.TopicAliasInvalid,
  );
  await refused({}, ReasonCode.Success, "end");
  const { payload } = await guest.expect(PacketType.Publish);
  assert.equal(new TextDecoder().decode(payload), "end");
});

Deno.test("MqttClient resolves topic aliases", async () => {
  using broker = new ScriptedBroker();
  const [own, guest] = await meet(broker);
  await using client = own;
  const aliased = (topic: string, qos: 0 | 1): PublishContents => ({
    ...message(qos),
    qos,
    topic,
    properties: { topicAlias: 3 },
  });
  await guest.send(aliased("a/b", 0), aliased("", 1));
  assert.equal((await client.message()).topic, "a/b");
  assert.equal((await client.message()).topic, "a/b");
});

Deno.test("MqttClient says why it was refused, and why it was sent away", async () => {
  using broker = new ScriptedBroker();
  const refusals = [
    [5, ReasonCode.NotAuthorized, /: refused: not authorized \(0x87\): no!$/],
    [4, ReasonCode.BadUserNameOrPassword, /: bad user name or password$/],
    [3, ReasonCode.ServerUnavailable, /: refused: it is not available$/],
  ] as const;
  for (const [version, reasonCode, words] of refusals) {
    const properties = version === 5 ? { reasonString: "no!" } : {};
    await Promise.all([
      assert.rejects(ClientHandle.connect(broker.url, { version }), words),
      broker.accept({ reasonCode, properties }),
    ]);
  }
  const [own, guest] = await meet(broker);
  await using client = own;
  await guest.send({
    type: PacketType.Disconnect,
    reasonCode: ReasonCode.SessionTakenOver,
    properties: {},
  });
  const end = await client.client.finished;
  assert.match(end!.message, /another client has connected with the same/);
});

Deno.test("MqttClient says why it cannot connect", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const url = `mqtt://127.0.0.1:${port}`;
  const reject = (url: string, words: RegExp, options: OwnClientOptions = {}) =>
    assert.rejects(ClientHandle.connect(url, options), words);
  await reject(url, /: it has not answered for 0\.02 seconds$/, {
    timeout: 20,
  });
  (await listener.accept()).close();
  await Promise.all([
    reject(`mqtts://127.0.0.1:${port}`, /does not speak TLS on this port/),
    listener.accept().then(async (connection) => {
      await connection.write(utf8("HTTP/1.1 400 Bad Request\r\n\r\n"));
      connection.close();
    }),
  ]);
  await Promise.all([
    reject(`mqtts://127.0.0.1:${port}`, /is TLS spoken on this port\?$/),
    listener.accept().then((connection) => connection.close()),
  ]);
  await Promise.all([
    reject(
      url,
      /it closed the connection without an answer; does it speak MQTT/,
    ),
    listener.accept().then((connection) => connection.close()),
  ]);
  listener.close();
  await reject(
    url,
    new RegExp(`Cannot connect to ${url}: connection refused$`),
  );
  await reject(`ws://127.0.0.1:${port}`, /\/mqtt: connection refused$/);
  await reject("unix:///nowhere/at/all", /: no such file or directory/i);
});

Deno.test("MqttClient notices that the broker does not answer any more [MQTT-3.1.2-22]", async () => {
  using broker = new ScriptedBroker();
  const [own, guest] = await meet(broker, {
    ...AGAIN,
    connect: { keepAlive: 0.02 },
  });
  await using client = own;
  await guest.expect(PacketType.Pingreq);
  await client.until(() => client.losses.length > 0);
  assert.match(client.losses[0]!.message, /does not answer any more$/);
});

Deno.test("MqttClient ends in good order", async () => {
  using broker = new ScriptedBroker();
  const [{ client }, guest] = await meet(broker);
  const payload = new Uint8Array(900_000);
  client.publish({ topic: "t", payload, qos: 0, retain: false });
  const ended = client.disconnect();
  assert.deepEqual((await guest.expect(PacketType.Publish)).payload, payload);
  await guest.expect(PacketType.Disconnect);
  guest.close();
  assert.equal(await ended, true);
  assert.equal(await client.finished, undefined);
});
