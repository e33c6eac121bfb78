// Packets to bytes: `encode` takes any packet; publish.ts has the writers of the hot path.

import { ByteWriter } from "./byte_writer.ts";
import { writeProperties } from "./properties.ts";
import {
  type Acknowledgement,
  type Connect,
  type Disconnect,
  type FinishedPacket,
  PacketType,
  type ProtocolVersion,
  Publish,
  type Subscribe,
  type Unsubscribe,
} from "../packet.ts";
import type { Auth, Connack, Suback, Unsuback } from "../packet.ts";
import {
  type PublishContents,
  publishContents,
} from "../decode/publish_contents.ts";
import { connectReturnCode, ReasonCode } from "../reason_code.ts";

export {
  copyBytes,
  type OutgoingPublish,
  publishSize,
  writeAcknowledgement,
  writePublish,
} from "./publish.ts";

/** What can be encoded: every packet, and a PUBLISH by its contents. */
export type EncodablePacket = FinishedPacket | PublishContents;

/**
 * Encodes one packet for a peer that speaks `version` (a CONNECT says its version itself). What the
 * version does not know is left out: properties, reason codes. Throws a RangeError when a field is
 * too long; nothing else is checked, so that tests can encode what is not allowed.
 */
export function encode(
  packet: EncodablePacket,
  version: ProtocolVersion,
): Uint8Array {
  const body = new ByteWriter();
  const flags = writeBody(body, packet, version);
  const frame = new ByteWriter();
  frame.byte(packet.type << 4 | flags);
  frame.variableByteInteger(body.written.length);
  frame.append(body.written);
  return frame.written;
}

/** Writes what follows the fixed header and returns the header's flags. */
function writeBody(
  body: ByteWriter,
  packet: EncodablePacket,
  version: ProtocolVersion,
): number {
  switch (packet.type) {
    case PacketType.Connect:
      writeConnect(body, packet);
      return 0;
    case PacketType.Connack:
      writeConnack(body, packet, version);
      return 0;
    case PacketType.Publish:
      return writeContents(
        body,
        packet instanceof Publish ? publishContents(packet) : packet,
        version,
      );
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
      writeAnswer(body, packet, version);
      return packet.type === PacketType.Pubrel ? 2 : 0;
    case PacketType.Subscribe:
      writeSubscribe(body, packet, version);
      return 2;
    case PacketType.Unsubscribe:
      writeUnsubscribe(body, packet, version);
      return 2;
    case PacketType.Suback:
    case PacketType.Unsuback:
      writeSubscriptionAnswer(body, packet, version);
      return 0;
    case PacketType.Disconnect:
    case PacketType.Auth:
      if (version === 5) writeReason(body, packet);
      return 0;
    case PacketType.Pingreq:
    case PacketType.Pingresp:
      return 0;
  }
}

function writeConnect(body: ByteWriter, connect: Connect): void {
  const { protocolVersion: version, will, username, password } = connect;
  body.string(version === 3 ? "MQIsdp" : "MQTT");
  body.byte(connect.isBridge ? version | 0x80 : version);
  let flags = connect.cleanStart ? 0x02 : 0;
  if (will !== undefined) {
    flags |= 0x04 | will.qos << 3 | (will.retain ? 0x20 : 0);
  }
  if (password !== undefined) flags |= 0x40;
  if (username !== undefined) flags |= 0x80;
  body.byte(flags);
  body.twoByteInteger(connect.keepAlive);
  if (version === 5) writeProperties(body, connect.properties);
  body.string(connect.clientId);
  if (will !== undefined) {
    if (version === 5) writeProperties(body, will.properties);
    body.string(will.topic);
    body.binary(will.payload);
  }
  if (username !== undefined) body.string(username);
  if (password !== undefined) body.binary(password);
}

function writeConnack(
  body: ByteWriter,
  connack: Connack,
  version: ProtocolVersion,
): void {
  // The byte of the session present flag is not used in MQTT 3.1.
  body.byte(connack.sessionPresent && version !== 3 ? 1 : 0);
  if (version === 5) {
    body.byte(connack.reasonCode);
    writeProperties(body, connack.properties);
  } else body.byte(connectReturnCode(connack.reasonCode));
}

function writeContents(
  body: ByteWriter,
  publish: PublishContents,
  version: ProtocolVersion,
): number {
  body.string(publish.topic);
  if (publish.qos !== 0) body.twoByteInteger(publish.packetId);
  if (version === 5) writeProperties(body, publish.properties);
  body.append(publish.payload);
  return (publish.dup ? 8 : 0) | publish.qos << 1 | (publish.retain ? 1 : 0);
}

function writeAnswer(
  body: ByteWriter,
  answer: Acknowledgement,
  version: ProtocolVersion,
): void {
  body.twoByteInteger(answer.packetId);
  if (version !== 5) return;
  const properties = answer.properties ?? {};
  if (!isEmpty(properties)) {
    body.byte(answer.reasonCode);
    writeProperties(body, properties);
  } else if (answer.reasonCode !== ReasonCode.Success) {
    body.byte(answer.reasonCode);
  }
}

function writeReason(body: ByteWriter, packet: Disconnect | Auth): void {
  if (!isEmpty(packet.properties)) {
    body.byte(packet.reasonCode);
    writeProperties(body, packet.properties);
  } else if (packet.reasonCode !== ReasonCode.Success) {
    body.byte(packet.reasonCode);
    // Only a DISCONNECT may leave out the property length on its own.
    if (packet.type === PacketType.Auth) body.byte(0);
  }
}

function writeSubscribe(
  body: ByteWriter,
  subscribe: Subscribe,
  version: ProtocolVersion,
): void {
  body.twoByteInteger(subscribe.packetId);
  if (version === 5) {
    const { subscriptionIdentifier: identifier, properties } = subscribe;
    writeProperties(
      body,
      identifier === 0
        ? properties
        : { ...properties, subscriptionIdentifiers: [identifier] },
    );
  }
  for (const request of subscribe.filters) {
    body.string(request.filter);
    body.byte(
      version === 5
        ? request.qos | (request.noLocal ? 0x04 : 0) |
          (request.retainAsPublished ? 0x08 : 0) | request.retainHandling << 4
        : request.qos,
    );
  }
}

function writeUnsubscribe(
  body: ByteWriter,
  unsubscribe: Unsubscribe,
  version: ProtocolVersion,
): void {
  body.twoByteInteger(unsubscribe.packetId);
  if (version === 5) writeProperties(body, unsubscribe.properties);
  for (const filter of unsubscribe.filters) body.string(filter);
}

function writeSubscriptionAnswer(
  body: ByteWriter,
  answer: Suback | Unsuback,
  version: ProtocolVersion,
): void {
  body.twoByteInteger(answer.packetId);
  if (version === 5) writeProperties(body, answer.properties);
  else if (answer.type === PacketType.Unsuback) return;
  for (const code of answer.reasonCodes) {
    body.byte(version === 5 ? code : Math.min(code, 0x80));
  }
}

function isEmpty(properties: object): boolean {
  for (const _ in properties) return false;
  return true;
}
