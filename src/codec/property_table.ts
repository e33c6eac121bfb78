import { PacketType, type Properties } from "./packet.ts";

/** How a property's value is encoded (section 1.5). */
export const PropertyKind = {
  Byte: 1,
  TwoByteInteger: 2,
  FourByteInteger: 3,
  VariableByteInteger: 4,
  Utf8String: 5,
  BinaryData: 6,
  Utf8StringPair: 7,
} as const;

/** One of the values of the table {@linkcode PropertyKind}. */
export type PropertyKind = typeof PropertyKind[keyof typeof PropertyKind];

/** What a value must satisfy beyond its kind. */
export const PropertyRule = {
  None: 0,
  /** 0 or 1, and a number in {@linkcode Properties}. */
  ZeroOrOne: 1,
  /** 0 or 1, and a boolean in {@linkcode Properties}. */
  Boolean: 2,
  /** Not 0. */
  NonZero: 3,
  /** A topic name: at least one character, without wildcards. */
  TopicName: 4,
} as const;

/** One of the values of the table {@linkcode PropertyRule}. */
export type PropertyRule = typeof PropertyRule[keyof typeof PropertyRule];

/** Stands beside the packet types for the properties of a will, which are no packet's own. */
export const WILL_PROPERTIES = 0;

/** Where properties occur: in a packet of this type, or in a will. */
export type PropertyOwner = PacketType | typeof WILL_PROPERTIES;

/** One line of table 2-4 of the specification. */
export interface PropertyDefinition {
  /** The identifier on the wire, 1 to 42. */
  readonly id: number;
  /** The field in {@linkcode Properties}. */
  readonly name: Exclude<keyof Properties, "extraUserProperties">;
  /** The name for messages, such as `session expiry interval`. */
  readonly title: string;
  /** How the value is encoded. */
  readonly kind: PropertyKind;
  /** What the value must satisfy. */
  readonly rule: PropertyRule;
  /** Bit n is set when it may occur in the {@linkcode PropertyOwner} n. */
  readonly owners: number;
  /** A bit of its own among all properties. */
  readonly bit: number;
  /** Whether it concerns one connection or one moment only, and so is not forwarded with a message. */
  readonly isTransient: boolean;
}

const { Byte, TwoByteInteger, FourByteInteger } = PropertyKind;
const { VariableByteInteger, Utf8String, BinaryData, Utf8StringPair } =
  PropertyKind;
const { None, ZeroOrOne, Boolean, NonZero, TopicName } = PropertyRule;

const Will = WILL_PROPERTIES;
const { Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp } =
  PacketType;
const { Subscribe, Suback, Unsubscribe, Unsuback, Disconnect, Auth } =
  PacketType;
// deno-fmt-ignore
const ACKNOWLEDGEMENTS: readonly PropertyOwner[] = [Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback];
// deno-fmt-ignore
const EVERY: readonly PropertyOwner[] = [Will, Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe, Suback, Unsubscribe, Unsuback, Disconnect, Auth];

type Row = readonly [
  id: number,
  name: PropertyDefinition["name"],
  kind: PropertyKind,
  owners: readonly PropertyOwner[],
  rule: PropertyRule,
];

// deno-fmt-ignore
const ROWS: readonly Row[] = [
  [0x01, "payloadFormatIndicator", Byte, [Publish, Will], ZeroOrOne],
  [0x02, "messageExpiryInterval", FourByteInteger, [Publish, Will], None],
  [0x03, "contentType", Utf8String, [Publish, Will], None],
  [0x08, "responseTopic", Utf8String, [Publish, Will], TopicName],
  [0x09, "correlationData", BinaryData, [Publish, Will], None],
  [0x0B, "subscriptionIdentifiers", VariableByteInteger, [Publish, Subscribe], NonZero],
  [0x11, "sessionExpiryInterval", FourByteInteger, [Connect, Connack, Disconnect], None],
  [0x12, "assignedClientIdentifier", Utf8String, [Connack], None],
  [0x13, "serverKeepAlive", TwoByteInteger, [Connack], None],
  [0x15, "authenticationMethod", Utf8String, [Connect, Connack, Auth], None],
  [0x16, "authenticationData", BinaryData, [Connect, Connack, Auth], None],
  [0x17, "requestProblemInformation", Byte, [Connect], Boolean],
  [0x18, "willDelayInterval", FourByteInteger, [Will], None],
  [0x19, "requestResponseInformation", Byte, [Connect], Boolean],
  [0x1A, "responseInformation", Utf8String, [Connack], None],
  [0x1C, "serverReference", Utf8String, [Connack, Disconnect], None],
  [0x1F, "reasonString", Utf8String, [Connack, ...ACKNOWLEDGEMENTS, Disconnect, Auth], None],
  [0x21, "receiveMaximum", TwoByteInteger, [Connect, Connack], NonZero],
  [0x22, "topicAliasMaximum", TwoByteInteger, [Connect, Connack], None],
  [0x23, "topicAlias", TwoByteInteger, [Publish], NonZero],
  [0x24, "maximumQoS", Byte, [Connack], ZeroOrOne],
  [0x25, "retainAvailable", Byte, [Connack], Boolean],
  [0x26, "userProperties", Utf8StringPair, EVERY, None],
  [0x27, "maximumPacketSize", FourByteInteger, [Connect, Connack], NonZero],
  [0x28, "wildcardSubscriptionAvailable", Byte, [Connack], Boolean],
  [0x29, "subscriptionIdentifierAvailable", Byte, [Connack], Boolean],
  [0x2A, "sharedSubscriptionAvailable", Byte, [Connack], Boolean],
];

const TRANSIENT: readonly PropertyDefinition["name"][] = [
  "messageExpiryInterval",
  "willDelayInterval",
  "topicAlias",
  "subscriptionIdentifiers",
];

/** All properties of MQTT 5.0 (table 2-4), the one place that knows them. */
export const PROPERTIES: readonly PropertyDefinition[] = ROWS.map(
  ([id, name, kind, owners, rule], index) => ({
    id,
    name,
    title: name
      .replace(/([a-z])([A-Z])(?!$)/g, "$1 $2")
      .replace(/ [A-Z](?!oS)/g, (letter) => letter.toLowerCase()),
    kind,
    rule,
    owners: owners.reduce<number>((bits, owner) => bits | (1 << owner), 0),
    bit: 1 << index,
    isTransient: TRANSIENT.includes(name),
  }),
);

/** {@linkcode PROPERTIES} by identifier; undefined where there is none. */
export const PROPERTY_BY_ID: readonly (PropertyDefinition | undefined)[] =
  byIdentifier();

/** Whether `owner` may carry `property` more than once (sections 2.2.2.2 and 3.3.2.3.8). */
export function isRepeatable(
  property: PropertyDefinition,
  owner: PropertyOwner,
): boolean {
  return property.name === "userProperties" ||
    (property.name === "subscriptionIdentifiers" && owner === Publish);
}

function byIdentifier(): (PropertyDefinition | undefined)[] {
  const byId = new Array<PropertyDefinition | undefined>(128).fill(undefined);
  for (const property of PROPERTIES) byId[property.id] = property;
  return byId;
}
