import { PacketType, type ProtocolVersion } from "./packet.ts";
import {
  variableByteIntegerSize,
  writeVariableByteInteger,
} from "./variable_byte_integer.ts";

/**
 * A SUBACK or UNSUBACK without properties, with one reason code for each filter: millions of them, if a client asks
 * for so many. Before 5.0 UNSUBACK has no codes, and SUBACK only one for failure (3.1.1, section 3.9.3).
 */
export function encodeAnswer(
  type: typeof PacketType.Suback | typeof PacketType.Unsuback,
  packetId: number,
  codes: Uint8Array,
  version: ProtocolVersion,
): Uint8Array {
  const count = version < 5 && type === PacketType.Unsuback ? 0 : codes.length;
  const header = version === 5 ? 3 : 2;
  const start = 1 + variableByteIntegerSize(header + count);
  const packet = new Uint8Array(start + header + count);
  packet[0] = type << 4;
  writeVariableByteInteger(packet, 1, header + count);
  packet[start] = packetId >> 8;
  packet[start + 1] = packetId;
  if (count === 0) return packet;
  packet.set(codes, start + header);
  if (version < 5) {
    for (let at = start + header; at < packet.length; at++) {
      if (packet[at]! > 0x80) packet[at] = 0x80;
    }
  }
  return packet;
}
