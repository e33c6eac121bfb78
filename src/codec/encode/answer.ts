import { ByteWriter } from "./byte_writer.ts";
import { writeProperties } from "./properties.ts";
import { PacketType, type ProtocolVersion } from "../packet.ts";
import {
  variableByteIntegerSize,
  writeVariableByteInteger,
} from "../variable_byte_integer.ts";

/**
 * A SUBACK or UNSUBACK with one reason code for each filter: millions of them, if a client asks for so many; and, in
 * 5.0, a reason string if there is one. Before 5.0 UNSUBACK has no codes, and SUBACK only one for failure (3.1.1,
 * section 3.9.3).
 */
export function encodeAnswer(
  type: typeof PacketType.Suback | typeof PacketType.Unsuback,
  packetId: number,
  codes: Uint8Array,
  version: ProtocolVersion,
  reasonString?: string,
): Uint8Array {
  const properties = new ByteWriter();
  if (version === 5) {
    const one = reasonString === undefined ? {} : { reasonString };
    writeProperties(properties, one);
  }
  const count = version < 5 && type === PacketType.Unsuback ? 0 : codes.length;
  const header = 2 + properties.written.length;
  const start = 1 + variableByteIntegerSize(header + count);
  const packet = new Uint8Array(start + header + count);
  packet[0] = type << 4;
  writeVariableByteInteger(packet, 1, header + count);
  packet[start] = packetId >> 8;
  packet[start + 1] = packetId;
  packet.set(properties.written, start + 2);
  if (count === 0) return packet;
  packet.set(codes, start + header);
  if (version < 5) {
    for (let at = start + header; at < packet.length; at++) {
      if (packet[at]! > 0x80) packet[at] = 0x80;
    }
  }
  return packet;
}
