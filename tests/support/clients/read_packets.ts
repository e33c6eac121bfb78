/**
 * Control packets as a client reads them, strictly: what a server must not send is an error.
 *
 * @module
 */
import { ByteReader, text } from "../bytes.ts";
import type { Version } from "./write_packets.ts";
import { decodeProperties, type Properties } from "../properties.ts";

/** A PUBLISH as received. */
export interface ReceivedPublish {
  readonly type: "publish";
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly packetId: number;
  readonly properties: Properties;
  /** Bytes of the whole packet. */
  readonly size: number;
}

/** The packets that a server may send. */
export type Received =
  | {
    readonly type: "connack";
    readonly sessionPresent: boolean;
    readonly reasonCode: number;
    readonly properties: Properties;
  }
  | ReceivedPublish
  | {
    readonly type: "puback" | "pubrec" | "pubrel" | "pubcomp";
    readonly packetId: number;
    readonly reasonCode: number;
    readonly properties: Properties;
  }
  | {
    readonly type: "suback" | "unsuback";
    readonly packetId: number;
    readonly reasonCodes: number[];
    readonly properties: Properties;
  }
  | { readonly type: "pingresp" }
  | {
    readonly type: "disconnect" | "auth";
    readonly reasonCode: number;
    readonly properties: Properties;
  };

/** The packet of one type. */
export type ReceivedOf<T extends Received["type"]> = Received & {
  readonly type: T;
};

/** The reason codes that a server may send in each packet of MQTT 5.0 (sections 3.2.2.2 to 3.14.2.1). */
const REASON_CODES: Readonly<Record<string, readonly number[]>> = {
  connack: codes("00 80..8A 8C 90 95 97 99..9D 9F"),
  puback: codes("00 10 80 83 87 90 91 97 99"),
  pubrec: codes("00 10 80 83 87 90 91 97 99"),
  pubrel: codes("00 92"),
  pubcomp: codes("00 92"),
  suback: codes("00..02 80 83 87 8F 91 97 9E A1 A2"),
  unsuback: codes("00 11 80 83 87 8F 91"),
  disconnect: codes("00 80..83 87 89 8B 8D..90 93..A2"),
  auth: codes("00 18 19"),
};

function codes(list: string): number[] {
  return list.split(" ").flatMap((range) => {
    const [first, last = first] = range.split("..").map((hex) =>
      parseInt(hex, 16)
    );
    return Array.from({ length: last! - first! + 1 }, (_, n) => first! + n);
  });
}

function requireReasonCodes(packet: Received): void {
  const sent = "reasonCodes" in packet
    ? packet.reasonCodes
    : "reasonCode" in packet
    ? [packet.reasonCode]
    : [];
  for (const code of sent) {
    if (!REASON_CODES[packet.type]!.includes(code)) {
      throw new Error(`${packet.type} with reason code 0x${code.toString(16)}`);
    }
  }
}

function requireFlags(first: number, flags: number): void {
  if ((first & 15) !== flags) {
    throw new Error(`Wrong flags in first byte 0x${first.toString(16)}`);
  }
}

function decodePublish(
  version: Version,
  first: number,
  reader: ByteReader,
  size: number,
): ReceivedPublish {
  const qos = first >> 1 & 3;
  if (qos === 3) throw new Error("PUBLISH with QoS 3");
  if (qos === 0 && (first & 8)) throw new Error("PUBLISH with QoS 0 and DUP");
  const topic = reader.string();
  if (/[+#]/.test(topic)) throw new Error(`Wildcard in topic name ${topic}`);
  const packetId = qos > 0 ? reader.u16() : 0;
  if (qos > 0 && packetId === 0) throw new Error("PUBLISH with identifier 0");
  const properties = version === 5 ? decodeProperties(reader) : {};
  if (topic === "" && properties.topicAlias === undefined) {
    throw new Error("PUBLISH without topic");
  }
  return {
    type: "publish",
    topic,
    payload: reader.take(reader.left).slice(),
    qos,
    retain: (first & 1) === 1,
    dup: (first & 8) === 8,
    packetId,
    properties,
    size,
  };
}

function reasonAndProperties(version: Version, reader: ByteReader) {
  return {
    reasonCode: version === 5 && reader.left > 0 ? reader.u8() : 0,
    properties: version === 5 && reader.left > 0
      ? decodeProperties(reader)
      : {},
  };
}

function decodeBody(
  version: Version,
  first: number,
  reader: ByteReader,
  size: number,
): Received {
  const kind = first >> 4;
  if (kind === 3) return decodePublish(version, first, reader, size);
  requireFlags(first, kind === 6 ? 2 : 0);
  switch (kind) {
    case 2: {
      const flags = reader.u8();
      if (flags > 1 || (flags && version === 3)) {
        throw new Error(`CONNACK with flags ${flags}`);
      }
      const reasonCode = reader.u8();
      // A server that refuses the version answers in the form of 3.1.1.
      const properties = version === 5 && reader.left > 0
        ? decodeProperties(reader)
        : {};
      return {
        type: "connack",
        sessionPresent: flags === 1,
        reasonCode,
        properties,
      };
    }
    case 4:
    case 5:
    case 6:
    case 7: {
      const type =
        (["puback", "pubrec", "pubrel", "pubcomp"] as const)[kind - 4]!;
      const packetId = reader.u16();
      return { type, packetId, ...reasonAndProperties(version, reader) };
    }
    case 9:
    case 11: {
      const type = kind === 9 ? "suback" : "unsuback";
      const packetId = reader.u16();
      const properties = version === 5 ? decodeProperties(reader) : {};
      const reasonCodes = [...reader.take(reader.left)];
      return { type, packetId, properties, reasonCodes };
    }
    case 13:
      return { type: "pingresp" };
    case 14:
    case 15:
      if (version < 5) throw new Error(`Packet type ${kind} before MQTT 5.0`);
      return {
        type: kind === 14 ? "disconnect" : "auth",
        ...reasonAndProperties(version, reader),
      };
    default:
      throw new Error(`Packet type ${kind} from a server`);
  }
}

/** Decodes one whole packet from a server; bytes left over are an error. */
export function decode(version: Version, packet: Uint8Array): Received {
  const reader = new ByteReader(packet);
  const first = reader.u8();
  if (reader.varint() !== reader.left) {
    throw new Error("Wrong remaining length");
  }
  const received = decodeBody(version, first, reader, packet.length);
  if (reader.left > 0) throw new Error(`${received.type} with bytes left over`);
  if (version === 5) requireReasonCodes(received);
  return received;
}

/** The length of the packet at the start of these bytes; undefined while its length is not yet all there. */
export function packetLength(bytes: Uint8Array): number | undefined {
  let length = 0;
  for (
    let at = 1, factor = 1;
    at < Math.min(bytes.length, 5);
    at++, factor *= 128
  ) {
    length += (bytes[at]! & 127) * factor;
    if (bytes[at]! < 128) return length + at + 1;
  }
  if (bytes.length >= 5) throw new Error("Remaining length too long");
  return undefined;
}

/** The payload of a message as text. */
export function payloadText(message: ReceivedPublish): string {
  return text(message.payload);
}
