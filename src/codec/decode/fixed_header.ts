/** What can be wrong with the first bytes of a packet (section 2.1), known before the others are there. */
import { packetName, PacketType, type ProtocolVersion } from "../packet.ts";
import { malformed, type PacketError, protocolError } from "../packet_error.ts";

/** Who receives the packets. */
export type Role = "server" | "client";

const CLIENT_TO_SERVER: ReadonlySet<number> = new Set([
  PacketType.Connect,
  PacketType.Subscribe,
  PacketType.Unsubscribe,
  PacketType.Pingreq,
]);
const SERVER_TO_CLIENT: ReadonlySet<number> = new Set([
  PacketType.Connack,
  PacketType.Suback,
  PacketType.Unsuback,
  PacketType.Pingresp,
]);
const WITH_FLAG_2: ReadonlySet<number> = new Set([
  PacketType.Pubrel,
  PacketType.Subscribe,
  PacketType.Unsubscribe,
]);

/** What is wrong with a packet's first byte; `version` is undefined before CONNECT. */
export function firstByteFault(
  byte: number,
  role: Role,
  version: ProtocolVersion | undefined,
): PacketError | undefined {
  const type = byte >> 4;
  const flags = byte & 0x0F;
  if (type === 0 || (type === PacketType.Auth && (version ?? 5) < 5)) {
    return malformed(`Cannot decode packet: type ${type} is reserved`);
  }
  const name = packetName(type);
  if (version === undefined && type !== PacketType.Connect) {
    return protocolError(
      `Cannot accept ${name}: the first packet must be CONNECT [MQTT-3.1.0-1]`,
    );
  }
  if (version !== undefined && type === PacketType.Connect) {
    if (role === "server") {
      return protocolError(
        "Cannot accept CONNECT: there has been one [MQTT-3.1.0-2]",
      );
    }
  }
  if ((role === "server" ? SERVER_TO_CLIENT : CLIENT_TO_SERVER).has(type)) {
    return protocolError(
      `Cannot accept ${name}: a ${role} does not receive it`,
    );
  }
  if (
    role === "client" && type === PacketType.Disconnect && (version ?? 5) < 5
  ) {
    return protocolError(
      "Cannot accept DISCONNECT: a client does not receive it below 5.0",
    );
  }
  if (type === PacketType.Publish) return publishFlagsFault(flags, version);
  const expected = WITH_FLAG_2.has(type) ? 2 : 0;
  if ((flags & ~unusedFlags(type, version)) === expected) return undefined;
  return malformed(
    `Cannot decode ${name}: flags are 0b${
      flags.toString(2).padStart(4, "0")
    } [MQTT-2.1.3-1]`,
  );
}

/**
 * The flags that mean nothing in a packet of this type, and may be set. MQTT 3.1 has a QoS and the DUP flag in PUBREL,
 * SUBSCRIBE and UNSUBSCRIBE, and does not use any other flag. The flags of a CONNECT are judged when its version is
 * known.
 */
function unusedFlags(
  type: number,
  version: ProtocolVersion | undefined,
): number {
  if (version !== 3) return type === PacketType.Connect ? 0x0F : 0;
  return WITH_FLAG_2.has(type) ? 0x09 : 0x0F;
}

function publishFlagsFault(
  flags: number,
  version: ProtocolVersion | undefined,
): PacketError | undefined {
  if ((flags & 6) === 6) {
    return malformed("Cannot decode PUBLISH: QoS is 3 [MQTT-3.3.1-4]");
  }
  // MQTT 3.1 does not say that DUP must be 0 with QoS 0.
  if ((flags & 6) === 0 && (flags & 8) !== 0 && version !== 3) {
    return malformed(
      "Cannot decode PUBLISH: DUP is set with QoS 0 [MQTT-3.3.1-2]",
    );
  }
  return undefined;
}

/** For each first byte 1 when {@linkcode firstByteFault} finds fault with it: a look-up for the hot path. */
export function faultyFirstBytes(
  role: Role,
  version: ProtocolVersion | undefined,
): Uint8Array {
  return tables[role][version ?? 0] ??= Uint8Array.from(
    { length: 256 },
    (_, byte) => firstByteFault(byte, role, version) === undefined ? 0 : 1,
  );
}

/** By role, and by version with 0 for none yet. Every connection asks twice. */
const tables: Record<Role, (Uint8Array | undefined)[]> = {
  server: [],
  client: [],
};

/** What is wrong with the Remaining Length of a packet with this first byte. */
export function lengthFault(
  byte: number,
  version: ProtocolVersion | undefined,
  remaining: number,
): PacketError | undefined {
  const type = byte >> 4;
  const [least, most] = lengthRange(type, version ?? 5, (byte & 6) !== 0);
  if (remaining >= least && remaining <= most) return undefined;
  return malformed(
    `Cannot decode ${packetName(type)}: remaining length is ${remaining}, ${
      remaining < least ? `less than ${least}` : `more than ${most}`
    }`,
  );
}

function lengthRange(
  type: number,
  version: ProtocolVersion,
  hasPacketId: boolean,
): readonly [least: number, most: number] {
  const v5 = version === 5;
  switch (type) {
    case PacketType.Connect:
      // The least that says which protocol it is; the rest depends on that.
      return [7, Infinity];
    case PacketType.Connack:
      return v5 ? [3, Infinity] : [2, 2];
    case PacketType.Publish:
      return [hasPacketId ? 5 : 3, Infinity];
    case PacketType.Puback:
    case PacketType.Pubrec:
    case PacketType.Pubrel:
    case PacketType.Pubcomp:
      return v5 ? [2, Infinity] : [2, 2];
    case PacketType.Unsuback:
      return v5 ? [3, Infinity] : [2, 2];
    case PacketType.Subscribe:
    case PacketType.Unsubscribe:
    case PacketType.Suback:
      return [2, Infinity];
    case PacketType.Disconnect:
      return v5 ? [0, Infinity] : [0, 0];
    case PacketType.Auth:
      return [0, Infinity];
    default:
      return [0, 0];
  }
}
