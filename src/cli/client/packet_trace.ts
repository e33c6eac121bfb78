import type { EncodablePacket } from "../../codec/encode/encode.ts";
import {
  Acknowledgement,
  packetName,
  PacketType,
  Publish,
} from "../../codec/packet.ts";
import { publishContents } from "../../codec/decode/publish_contents.ts";
import type { PacketTrace } from "../../client/broker_connection.ts";
import { printable } from "../../terminal/columns.ts";
import { printError } from "../../terminal/output.ts";

/** Tells on standard error which packets come and go. */
export function packetTrace(clientId: string): PacketTrace {
  return (direction, packet) =>
    printError(
      `Client ${clientId} ${direction} ${packetName(packet.type)}${
        detailsOf(packet)
      }\n`,
    );
}

function detailsOf(packet: EncodablePacket): string {
  if (packet instanceof Acknowledgement) {
    return ` (m${packet.packetId}, rc${packet.reasonCode})`;
  }
  switch (packet.type) {
    case PacketType.Publish: {
      const message = packet instanceof Publish
        ? publishContents(packet)
        : packet;
      const { dup, qos, retain, packetId, topic, payload } = message;
      return ` (d${Number(dup)}, q${qos}, r${Number(retain)}, m${packetId}, '${
        printable(topic)
      }', ${payload.length} bytes)`;
    }
    case PacketType.Connack:
      return ` (rc${packet.reasonCode}, session present ${
        Number(packet.sessionPresent)
      })`;
    case PacketType.Subscribe:
      return ` (m${packet.packetId}, ${
        packet.filters.map(({ filter, qos }) =>
          `'${printable(filter)}' q${qos}`
        )
          .join(", ")
      })`;
    case PacketType.Unsubscribe:
      return ` (m${packet.packetId}, ${
        packet.filters.map((filter) => `'${printable(filter)}'`).join(", ")
      })`;
    case PacketType.Suback:
    case PacketType.Unsuback:
      return ` (m${packet.packetId}, ${packet.reasonCodes.join(", ")})`;
    case PacketType.Disconnect:
      return ` (rc${packet.reasonCode})`;
    default:
      return "";
  }
}
