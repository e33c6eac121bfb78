import {
  ByteReader,
  join,
  joinAll,
  string,
  u16,
  u32,
  varint,
} from "./bytes.ts";

/** How a property's value stands on the wire (MQTT 5.0, section 2.2.2.2). */
type Kind = "byte" | "u16" | "u32" | "varint" | "string" | "binary" | "pair";

/** The properties of a packet, as tests write and read them; flags are 0 and 1, as on the wire. */
export interface Properties {
  payloadFormatIndicator?: number;
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
  subscriptionIdentifiers?: number[];
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
  requestProblemInformation?: number;
  willDelayInterval?: number;
  requestResponseInformation?: number;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQoS?: number;
  retainAvailable?: number;
  userProperties?: (readonly [string, string])[];
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: number;
  subscriptionIdentifierAvailable?: number;
  sharedSubscriptionAvailable?: number;
}

const TABLE: readonly (readonly [number, keyof Properties, Kind])[] = [
  [0x01, "payloadFormatIndicator", "byte"],
  [0x02, "messageExpiryInterval", "u32"],
  [0x03, "contentType", "string"],
  [0x08, "responseTopic", "string"],
  [0x09, "correlationData", "binary"],
  [0x0B, "subscriptionIdentifiers", "varint"],
  [0x11, "sessionExpiryInterval", "u32"],
  [0x12, "assignedClientIdentifier", "string"],
  [0x13, "serverKeepAlive", "u16"],
  [0x15, "authenticationMethod", "string"],
  [0x16, "authenticationData", "binary"],
  [0x17, "requestProblemInformation", "byte"],
  [0x18, "willDelayInterval", "u32"],
  [0x19, "requestResponseInformation", "byte"],
  [0x1A, "responseInformation", "string"],
  [0x1C, "serverReference", "string"],
  [0x1F, "reasonString", "string"],
  [0x21, "receiveMaximum", "u16"],
  [0x22, "topicAliasMaximum", "u16"],
  [0x23, "topicAlias", "u16"],
  [0x24, "maximumQoS", "byte"],
  [0x25, "retainAvailable", "byte"],
  [0x26, "userProperties", "pair"],
  [0x27, "maximumPacketSize", "u32"],
  [0x28, "wildcardSubscriptionAvailable", "byte"],
  [0x29, "subscriptionIdentifierAvailable", "byte"],
  [0x2A, "sharedSubscriptionAvailable", "byte"],
];

const ROWS = new Map(TABLE.map((row) => [row[0], row]));

const REPEATED = new Set<keyof Properties>([
  "subscriptionIdentifiers",
  "userProperties",
]);

function encodeValue(kind: Kind, value: unknown): Uint8Array {
  switch (kind) {
    case "byte":
      return Uint8Array.of(value as number);
    case "u16":
      return u16(value as number);
    case "u32":
      return u32(value as number);
    case "varint":
      return varint(value as number);
    case "string":
    case "binary":
      return string(value as string | Uint8Array);
    case "pair":
      return join(...(value as [string, string]).map(string));
  }
}

/** Encodes a property block with its length in front. A `Uint8Array` is taken as the block's content, however wrong. */
export function encodeProperties(
  properties: Properties | Uint8Array = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  if (properties instanceof Uint8Array) {
    parts.push(properties);
  } else {
    for (const [id, name, kind] of TABLE) {
      const value = properties[name];
      if (value === undefined) continue;
      const values = REPEATED.has(name) ? value as unknown[] : [value];
      for (const one of values) {
        parts.push(Uint8Array.of(id), encodeValue(kind, one));
      }
    }
  }
  const content = joinAll(parts);
  return join(varint(content.length), content);
}

function decodeValue(kind: Kind, reader: ByteReader): unknown {
  switch (kind) {
    case "byte":
      return reader.u8();
    case "u16":
      return reader.u16();
    case "u32":
      return reader.u32();
    case "varint":
      return reader.varint();
    case "string":
      return reader.string();
    case "binary":
      return reader.binary();
    case "pair":
      return [reader.string(), reader.string()];
  }
}

/** Decodes a property block; one that the specification does not allow is an error. */
export function decodeProperties(reader: ByteReader): Properties {
  const block = new ByteReader(reader.take(reader.varint()));
  const found: Record<string, unknown> = {};
  while (block.left > 0) {
    const id = block.varint();
    const row = ROWS.get(id);
    if (row === undefined) throw new Error(`Unknown property ${id}`);
    const [, name, kind] = row;
    const value = decodeValue(kind, block);
    if (REPEATED.has(name)) {
      (found[name] ??= [] as unknown[]) as unknown[];
      (found[name] as unknown[]).push(value);
    } else if (name in found) {
      throw new Error(`Property ${name} comes twice`);
    } else {
      found[name] = value;
    }
  }
  return found as Properties;
}

/** Properties of a message: all that are passed on. */
export const EVERYTHING: Properties = {
  payloadFormatIndicator: 1,
  contentType: "text/plain; charset=utf-8",
  responseTopic: "answer/\u00E5",
  correlationData: Uint8Array.of(0, 1, 2, 0xFF),
  userProperties: [
    ["b", "1"],
    ["a", "2"],
    ["b", "1"],
    ["b", "3"],
    ["", ""],
    ["\uFEFFk", "\u{1F600}"],
  ],
};
