/** The codec held against an independent one, npm:mqtt-packet, in both directions. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import mqttPacket from "mqtt-packet";
import {
  anyConnect,
  anyPacket,
  type Sender,
} from "../../tests/support/packet_arbitraries.ts";
import { Decoder } from "./decode/decoder.ts";
import { type EncodablePacket, encode } from "./encode/encode.ts";
import {
  type FinishedPacket,
  packetName,
  PacketType,
  type ProtocolVersion,
  Publish,
} from "./packet.ts";
import type { Properties } from "./properties.ts";
import { publishContents } from "./decode/publish_contents.ts";
import { connectReturnCode } from "./reason_code.ts";

/** A packet as mqtt-packet has it. */
type Foreign = Parameters<typeof mqttPacket.generate>[0];

function foreignProperties(properties: Properties): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (name === "payloadFormatIndicator") result[name] = value === 1;
    else if (name === "subscriptionIdentifierAvailable") {
      result["subscriptionIdentifiersAvailable"] = value;
    } else if (name === "userProperties") {
      result[name] = Object.fromEntries(value);
    } else if (name === "subscriptionIdentifiers") {
      result["subscriptionIdentifier"] = value.length === 1 ? value[0] : value;
    } else if (value instanceof Uint8Array) result[name] = Buffer.from(value);
    else result[name] = value;
  }
  return result;
}

/** Our packet in terms of mqtt-packet. */
function toForeign(packet: EncodablePacket, version: ProtocolVersion): Foreign {
  const contents = packet instanceof Publish ? publishContents(packet) : packet;
  const properties =
    "properties" in contents && contents.properties !== undefined &&
      version === 5
      ? { properties: foreignProperties(contents.properties) }
      : {};
  const cmd = packetName(contents.type).toLowerCase();
  return { cmd, ...fieldsOf(contents, version), ...properties } as Foreign;
}

function fieldsOf(
  packet: Exclude<EncodablePacket, Publish>,
  version: ProtocolVersion,
): Record<string, unknown> {
  switch (packet.type) {
    case PacketType.Connect:
      return {
        protocolId: version === 3 ? "MQIsdp" : "MQTT",
        protocolVersion: version,
        ...(packet.isBridge && { bridgeMode: true }),
        clean: packet.cleanStart,
        keepalive: packet.keepAlive,
        clientId: packet.clientId,
        ...(packet.username === undefined ? {} : { username: packet.username }),
        ...(packet.password === undefined
          ? {}
          : { password: Buffer.from(packet.password) }),
        ...(packet.will === undefined ? {} : {
          will: {
            ...packet.will,
            payload: Buffer.from(packet.will.payload),
            ...(version === 5
              ? { properties: foreignProperties(packet.will.properties) }
              : {}),
          },
        }),
      };
    case PacketType.Connack:
      return version === 5
        ? {
          sessionPresent: packet.sessionPresent,
          reasonCode: packet.reasonCode,
        }
        : {
          sessionPresent: packet.sessionPresent,
          returnCode: connectReturnCode(packet.reasonCode),
        };
    case PacketType.Publish:
      return {
        topic: packet.topic,
        payload: Buffer.from(packet.payload),
        qos: packet.qos,
        retain: packet.retain,
        dup: packet.dup,
        ...(packet.qos === 0 ? {} : { messageId: packet.packetId }),
      };
    case PacketType.Subscribe:
      return {
        messageId: packet.packetId,
        subscriptions: packet.filters.map((request) => ({
          topic: request.filter,
          qos: request.qos,
          nl: request.noLocal,
          rap: request.retainAsPublished,
          rh: request.retainHandling,
        })),
      };
    case PacketType.Unsubscribe:
      return { messageId: packet.packetId, unsubscriptions: packet.filters };
    case PacketType.Suback:
    case PacketType.Unsuback:
      return { messageId: packet.packetId, granted: packet.reasonCodes };
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
      return { messageId: packet.packetId, reasonCode: packet.reasonCode };
    case PacketType.Disconnect:
    case PacketType.Auth:
      return { reasonCode: packet.reasonCode };
    default:
      return {};
  }
}

/** What mqtt-packet reads from `bytes`, written by mqtt-packet again. */
function throughForeign(
  bytes: Uint8Array,
  version: ProtocolVersion,
): Uint8Array {
  const parser = mqttPacket.parser({ protocolVersion: version });
  const packets: Foreign[] = [];
  parser.on("packet", (packet: Foreign) => packets.push(packet));
  parser.on("error", (error: Error) => {
    throw error;
  });
  assert.equal(parser.parse(Buffer.from(bytes)), 0);
  assert.equal(packets.length, 1);
  return mqttPacket.generate(packets[0]!, { protocolVersion: version });
}

function read(
  bytes: Uint8Array,
  sender: Sender,
  version: ProtocolVersion | undefined,
): unknown {
  const decoder = new Decoder({
    role: sender === "client" ? "server" : "client",
    ...(version === undefined ? {} : { version }),
    maximumPacketSize: 1_000_000,
  });
  // A plain array of bytes: the codec is to be fed with Uint8Array only, never with Buffer.
  const copy = Uint8Array.from(bytes);
  const packet = decoder.decode(copy, 0, copy.length) as FinishedPacket;
  assert.equal(decoder.size, bytes.length);
  return plain(packet);
}

/** What a packet says; what only one of the two codecs can tell is left out. */
function plain(packet: EncodablePacket): unknown {
  const contents = packet instanceof Publish ? publishContents(packet) : packet;
  if (contents.type === PacketType.Connect && contents.will !== undefined) {
    return {
      ...contents,
      will: { ...contents.will, rawProperties: undefined },
    };
  }
  if ("properties" in contents) {
    // mqtt-packet writes an empty property length where nothing need be written.
    return { ...contents, properties: contents.properties ?? {} };
  }
  return contents;
}

function compare(
  packet: EncodablePacket,
  sender: Sender,
  version: ProtocolVersion,
): void {
  const known = packet.type === PacketType.Connect ? undefined : version;
  const theirs = mqttPacket.generate(toForeign(packet, version), {
    protocolVersion: version,
  });
  assert.deepEqual(read(theirs, sender, known), plain(packet));
  const ours = throughForeign(encode(packet, version), version);
  assert.deepEqual(read(ours, sender, known), plain(packet));
}

for (const version of [3, 4, 5] as const) {
  Deno.test(`the codec and mqtt-packet understand each other's CONNECT, version ${version}`, () => {
    fc.assert(
      fc.property(anyConnect(version), (packet) => {
        compare(packet, "client", version);
      }),
      { numRuns: 300 },
    );
  });

  for (const sender of ["client", "server"] as const) {
    Deno.test(`the codec and mqtt-packet understand each other's packets, version ${version} from a ${sender}`, () => {
      fc.assert(
        fc.property(anyPacket(version, sender), (packet) => {
          compare(packet, sender, version);
        }),
        { numRuns: 500 },
      );
    });
  }
}
