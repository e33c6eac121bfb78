/** Measures the codec; every iteration handles {@linkcode COUNT} packets, so 100 µs are 100 ns each. */
import { Decoder } from "./decode/decoder.ts";
import {
  type EncodablePacket,
  encode,
  type OutgoingPublish,
  writeAcknowledgement,
  writePublish,
} from "./encode/encode.ts";
import {
  Acknowledgement,
  PacketType,
  type ProtocolVersion,
  type QoS,
} from "./packet.ts";
import { ReasonCode } from "./reason_code.ts";
import { hashTopic } from "./topic_hash.ts";
import type { Properties } from "./properties.ts";

const COUNT = 1000;
const TOPIC = "sensors/building7/room12/temperature";

function publish(
  topic: string,
  qos: QoS,
  payloadLength: number,
  properties: Properties,
): EncodablePacket {
  return {
    type: PacketType.Publish,
    topic,
    qos,
    retain: false,
    dup: false,
    packetId: qos === 0 ? 0 : 1,
    payload: new Uint8Array(payloadLength),
    properties,
  };
}

function benchDecode(
  name: string,
  version: ProtocolVersion,
  packet: EncodablePacket,
): void {
  const one = encode(packet, version);
  const bytes = new Uint8Array(one.length * COUNT);
  for (let i = 0; i < COUNT; i++) bytes.set(one, i * one.length);
  const decoder = new Decoder({
    role: "server",
    version,
    maximumPacketSize: 16_777_216,
  });
  Deno.bench(`decode ${COUNT} x ${name}`, { group: "decode" }, () => {
    let offset = 0;
    while (decoder.decode(bytes, offset, bytes.length) !== undefined) {
      offset += decoder.size;
    }
  });
}

benchDecode("publish 3.1.1 QoS 0", 4, publish(TOPIC, 0, 64, {}));
benchDecode("publish 3.1.1 QoS 0, short topic", 4, publish("t/12", 0, 64, {}));
benchDecode("publish 3.1.1 QoS 1", 4, publish(TOPIC, 1, 64, {}));
benchDecode("publish 5.0 QoS 0", 5, publish(TOPIC, 0, 64, {}));
benchDecode(
  "publish 5.0 QoS 0, alias",
  5,
  publish("", 0, 64, { topicAlias: 7 }),
);
benchDecode(
  "publish 5.0 QoS 0, three properties",
  5,
  publish(TOPIC, 0, 64, {
    messageExpiryInterval: 60,
    contentType: "text/plain",
    userProperties: [["source", "gateway-7"]],
  }),
);
benchDecode(
  "puback 3.1.1",
  4,
  new Acknowledgement(PacketType.Puback, 5, ReasonCode.Success),
);
benchDecode(
  "pubrel 5.0",
  5,
  new Acknowledgement(PacketType.Pubrel, 5, ReasonCode.Success),
);
benchDecode("subscribe 5.0", 5, {
  type: PacketType.Subscribe,
  packetId: 1,
  subscriptionIdentifier: 0,
  filters: [{
    filter: "sensors/+/temperature",
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  }],
  extraFilters: 0,
  properties: {},
});

const connect = encode({
  type: PacketType.Connect,
  protocolVersion: 5,
  cleanStart: true,
  keepAlive: 60,
  clientId: "gateway-0123456789",
  properties: { sessionExpiryInterval: 3600, receiveMaximum: 100 },
}, 5);
Deno.bench(`decode ${COUNT} x connect 5.0`, { group: "decode" }, () => {
  for (let i = 0; i < COUNT; i++) {
    new Decoder({ role: "server", maximumPacketSize: 65_536 })
      .decode(connect, 0, connect.length);
  }
});

const out = new Uint8Array(65_536 * COUNT / 64);
const outgoing: OutgoingPublish = {
  version: 4,
  qos: 0,
  retain: false,
  dup: false,
  packetId: 1,
  topic: new TextEncoder().encode(TOPIC),
  properties: new Uint8Array(0),
  messageExpiryInterval: -1,
  subscriptionIdentifiers: [],
  topicAlias: 0,
  source: new Uint8Array(256),
  start: 20,
  end: 84,
};
Deno.bench(`write ${COUNT} x publish 3.1.1 QoS 0`, { group: "write" }, () => {
  outgoing.version = 4;
  let offset = 0;
  for (let i = 0; i < COUNT; i++) offset = writePublish(out, offset, outgoing);
});
Deno.bench(`write ${COUNT} x publish 5.0 QoS 0`, { group: "write" }, () => {
  outgoing.version = 5;
  let offset = 0;
  for (let i = 0; i < COUNT; i++) offset = writePublish(out, offset, outgoing);
});
Deno.bench(`write ${COUNT} x puback`, { group: "write" }, () => {
  let offset = 0;
  for (let i = 1; i <= COUNT; i++) {
    offset = writeAcknowledgement(
      out,
      offset,
      PacketType.Puback,
      i,
      ReasonCode.Success,
      4,
    );
  }
});
const topicBytes = new TextEncoder().encode(TOPIC);
Deno.bench(`hash ${COUNT} x topic`, { group: "write" }, () => {
  for (let i = 0; i < COUNT; i++) hashTopic(topicBytes, 0, topicBytes.length);
});
