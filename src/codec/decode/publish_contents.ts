import { PacketType, type Publish, type QoS } from "../packet.ts";
import type { Properties } from "../properties.ts";
import { decodeProperties } from "./property_blocks.ts";
import { decodeUtf8 } from "../utf8.ts";

/** A PUBLISH as values of its own, for those who do not route: clients, tests, tools. */
export interface PublishContents {
  /** Tells the packets apart. */
  type: typeof PacketType.Publish;
  /** Empty only with a topic alias. */
  topic: string;
  /** The message. */
  payload: Uint8Array;
  /** 0, 1 or 2. */
  qos: QoS;
  /** The RETAIN flag. */
  retain: boolean;
  /** The DUP flag. */
  dup: boolean;
  /** 1 to 65535; 0 with QoS 0. */
  packetId: number;
  /** Empty below 5.0. */
  properties: Properties;
}

/** The topic, payload and properties of `publish`, as copies. */
export function publishContents(publish: Publish): PublishContents {
  const { bytes, qos, retain, dup, packetId } = publish;
  return {
    type: PacketType.Publish,
    topic: decodeUtf8(bytes, publish.topicStart, publish.topicEnd),
    payload: bytes.slice(publish.payloadStart, publish.end),
    qos,
    retain,
    dup,
    packetId,
    properties: decodeProperties(
      bytes,
      publish.propertiesStart,
      publish.propertiesEnd,
      PacketType.Publish,
    ),
  };
}
