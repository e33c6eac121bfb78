import assert from "node:assert/strict";
import { Decoder, type DecoderOptions } from "./decode/decoder.ts";
import { type EncodablePacket, encode } from "./encode/encode.ts";
import {
  Acknowledgement,
  type FinishedPacket,
  packetName,
  PacketType,
  Publish,
  UnfinishedPacket,
} from "./packet.ts";
import { PacketError } from "./packet_error.ts";
import type { Properties } from "./properties.ts";
import { decodeProperties } from "./decode/property_blocks.ts";
import { publishContents } from "./decode/publish_contents.ts";
import { ReasonCode } from "./reason_code.ts";

function decoder(options: Partial<DecoderOptions> = {}): Decoder {
  return new Decoder({
    role: "server",
    version: 5,
    maximumPacketSize: 16_777_216,
    ...options,
  });
}

const COUNT = 5000;
const many: Properties = {
  userProperties: Array.from({ length: COUNT }, (_, i) => [`n${i}`, `v${i}`]),
};
const withMany = { properties: many };
const filters = Array.from({ length: COUNT }, (_, i) => `filter/${i}`);
const LONG_FROM_CLIENT: readonly EncodablePacket[] = [
  {
    type: PacketType.Publish,
    topic: "a",
    payload: new Uint8Array(10),
    qos: 1,
    retain: false,
    dup: false,
    packetId: 1,
    properties: { ...many, messageExpiryInterval: 5 },
  },
  new Acknowledgement(PacketType.Puback, 1, ReasonCode.Success, many),
  new Acknowledgement(PacketType.Pubrec, 1, ReasonCode.Success, many),
  new Acknowledgement(PacketType.Pubrel, 1, ReasonCode.Success, many),
  new Acknowledgement(PacketType.Pubcomp, 1, ReasonCode.Success, many),
  {
    type: PacketType.Subscribe,
    packetId: 1,
    subscriptionIdentifier: 0,
    filters: filters.map((filter) => ({
      filter,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    })),
    extraFilters: 0,
    properties: {},
  },
  {
    type: PacketType.Subscribe,
    packetId: 1,
    subscriptionIdentifier: 0,
    filters: [{
      filter: "a",
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    }],
    extraFilters: 0,
    ...withMany,
  },
  {
    type: PacketType.Unsubscribe,
    packetId: 1,
    filters,
    extraFilters: 0,
    properties: {},
  },
  { type: PacketType.Disconnect, reasonCode: ReasonCode.Success, ...withMany },
  {
    type: PacketType.Auth,
    reasonCode: ReasonCode.ContinueAuthentication,
    properties: { ...many, authenticationMethod: "m" },
  },
];
const LONG_FROM_SERVER: readonly EncodablePacket[] = [
  {
    type: PacketType.Connack,
    sessionPresent: false,
    reasonCode: ReasonCode.Success,
    ...withMany,
  },
  {
    type: PacketType.Suback,
    packetId: 1,
    reasonCodes: new Array<ReasonCode>(COUNT * 4).fill(1),
    properties: {},
  },
  {
    type: PacketType.Unsuback,
    packetId: 1,
    reasonCodes: new Array<ReasonCode>(COUNT * 4).fill(0),
    properties: {},
  },
];

function decodeInSteps(
  server: Decoder,
  bytes: Uint8Array,
  items: number,
): [FinishedPacket, number] {
  const unfinished = server.decode(bytes, 0, bytes.length);
  assert(unfinished instanceof UnfinishedPacket);
  assert.equal(server.size, bytes.length);
  for (let steps = 1;; steps++) {
    const packet = unfinished.step(items);
    if (packet !== undefined) return [packet, steps];
  }
}

Deno.test("decode leaves long lists unfinished, whichever packet holds them", () => {
  const cases = [
    ...LONG_FROM_CLIENT.map((packet) => ["server", packet] as const),
    ...LONG_FROM_SERVER.map((packet) => ["client", packet] as const),
  ];
  for (const [role, packet] of cases) {
    const bytes = encode(packet, 5);
    const [finished, steps] = decodeInSteps(
      decoder({ role, maximumUserProperties: COUNT }),
      bytes,
      100,
    );
    const name = packetName(packet.type);
    assert(steps >= COUNT / 100, `${name} took ${steps} steps`);
    assert(steps <= COUNT * 4 / 100 + 2, `${name} took ${steps} steps`);
    assert.deepEqual(
      finished instanceof Publish ? publishContents(finished) : finished,
      packet,
      name,
    );
    const [atOnce] = decodeInSteps(
      decoder({ role, maximumUserProperties: COUNT }),
      bytes,
      Infinity,
    );
    assert.deepEqual(atOnce, finished, name);
  }
});

Deno.test("decode leaves a long CONNECT unfinished and then knows the version", () => {
  const packet: EncodablePacket = {
    type: PacketType.Connect,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 0,
    clientId: "abc",
    properties: many,
    will: {
      topic: "w",
      payload: new Uint8Array(3),
      qos: 0,
      retain: false,
      properties: { ...many, willDelayInterval: 1 },
      rawProperties: new Uint8Array(0),
    },
  };
  const server = new Decoder({
    role: "server",
    maximumPacketSize: 16_777_216,
    maximumUserProperties: 10,
  });
  const [connect, steps] = decodeInSteps(server, encode(packet, 5), 100);
  assert(connect.type === PacketType.Connect);
  assert(steps >= 2 * COUNT / 100);
  assert.equal(server.version, 5);
  assert.equal(connect.properties.extraUserProperties, COUNT - 10);
  assert.equal(connect.will?.properties.extraUserProperties, COUNT - 10);
  // What is forwarded is complete all the same [MQTT-3.1.3-10].
  const raw = connect.will.rawProperties;
  const forwarded = decodeProperties(raw, 0, raw.length, PacketType.Publish);
  assert.deepEqual(forwarded, many);
});

Deno.test("step makes no progress without items, and few with long strings", () => {
  const long = "x".repeat(60_000);
  const bytes = encode({
    type: PacketType.Unsubscribe,
    packetId: 1,
    filters: new Array<string>(20).fill(long),
    extraFilters: 0,
    properties: {},
  }, 5);
  const unfinished = decoder().decode(bytes, 0, bytes.length);
  assert(unfinished instanceof UnfinishedPacket);
  for (let i = 0; i < 10; i++) assert.equal(unfinished.step(0), undefined);
  let steps = 0;
  while (unfinished.step(100) === undefined) steps++;
  // One string a step; the last step is the one that returns the packet.
  assert.equal(steps, 19);
});

Deno.test("step throws a PacketError where a long list goes wrong", () => {
  for (const packet of LONG_FROM_CLIENT) {
    const bytes = encode(packet, 5).slice();
    // A null character in the middle, which belongs to some string.
    const middle = bytes.length >> 1;
    bytes[bytes.indexOf("1".charCodeAt(0), middle)] = 0;
    assert.throws(
      () => decodeInSteps(decoder(), bytes, 100),
      (error) =>
        error instanceof PacketError &&
        error.reasonCode === ReasonCode.MalformedPacket,
      packetName(packet.type),
    );
  }
});
