/** Random packets that are good, for tests of the codec. */
import fc from "fast-check";
import type { EncodablePacket } from "../../src/codec/encode/encode.ts";
import {
  Acknowledgement,
  type Connect,
  PacketType,
  type ProtocolVersion,
} from "../../src/codec/packet.ts";
import {
  PROPERTIES,
  type PropertyDefinition,
  PropertyKind,
  type PropertyOwner,
  PropertyRule,
  WILL_PROPERTIES,
} from "../../src/codec/property_table.ts";
import type { Properties } from "../../src/codec/properties.ts";
import { ReasonCode } from "../../src/codec/reason_code.ts";
import { isReasonAllowed } from "../../src/codec/reason_table.ts";

/** Who sends a packet. */
export type Sender = "client" | "server";

const PLAIN = { noNullPrototype: true } as const;

const text = fc.string({ unit: "binary", maxLength: 20 })
  .map((text) => text.replaceAll("\0", "0"));
const filter = text.map((text) => text || "#");
const topic = text.map((text) => text.replaceAll(/[+#]/g, "/") || "/");
const binary = fc.uint8Array({ maxLength: 20 });
const payload = fc.uint8Array({ maxLength: 200 });
const packetId = fc.integer({ min: 1, max: 65_535 });
const qos = fc.constantFrom(0, 1, 2);

function valueOf(
  property: PropertyDefinition,
  owner: PropertyOwner,
): fc.Arbitrary<unknown> {
  const least = property.rule === PropertyRule.NonZero ? 1 : 0;
  switch (property.kind) {
    case PropertyKind.Byte:
      return property.rule === PropertyRule.Boolean
        ? fc.boolean()
        : fc.integer({ min: 0, max: 1 });
    case PropertyKind.TwoByteInteger:
      return fc.integer({ min: least, max: 0xFFFF });
    case PropertyKind.FourByteInteger:
      return fc.integer({ min: least, max: 0xFFFFFFFF });
    case PropertyKind.VariableByteInteger:
      return fc.array(fc.integer({ min: 1, max: 268_435_455 }), {
        minLength: 1,
        maxLength: owner === PacketType.Publish ? 3 : 1,
      });
    case PropertyKind.Utf8String:
      return property.rule === PropertyRule.TopicName ? topic : text;
    case PropertyKind.BinaryData:
      return binary;
    case PropertyKind.Utf8StringPair:
      // Names that mqtt-packet, which keeps them in an object, neither sorts nor merges.
      return fc.uniqueArray(
        fc.tuple(text.map((name) => `n${name}`), text),
        { minLength: 1, maxLength: 3, selector: ([name]) => name },
      );
  }
}

/** Any properties that `sender` may put into `owner`; none below 5.0. */
function properties(
  version: ProtocolVersion,
  owner: PropertyOwner,
  sender: Sender,
): fc.Arbitrary<Properties> {
  if (version !== 5) return fc.constant({});
  const values: Record<string, fc.Arbitrary<unknown>> = {};
  for (const property of PROPERTIES) {
    if ((property.owners & (1 << owner)) !== 0) {
      values[property.name] = valueOf(property, owner);
    }
  }
  if (sender === "client" && owner === PacketType.Publish) {
    delete values["subscriptionIdentifiers"];
  }
  if (sender === "server" && owner === PacketType.Disconnect) {
    delete values["sessionExpiryInterval"];
  }
  return fc.record(values, {
    noNullPrototype: true,
    requiredKeys: owner === PacketType.Auth ? ["authenticationMethod"] : [],
  }).map((values) => {
    const properties = values as Properties;
    if (properties.authenticationMethod === undefined) {
      delete properties.authenticationData;
    }
    return properties;
  });
}

function reason(type: PacketType, sender: Sender): fc.Arbitrary<ReasonCode> {
  const receiver = sender === "client" ? "server" : "client";
  const codes = Object.values(ReasonCode)
    .filter((code) => isReasonAllowed(type, code, receiver));
  return fc.constantFrom(...codes);
}

function connect(version: ProtocolVersion): fc.Arbitrary<EncodablePacket> {
  const clientId = fc.string({
    unit: "grapheme-ascii",
    minLength: 1,
    maxLength: 23,
  });
  const will = fc.record({
    topic,
    payload,
    qos,
    retain: fc.boolean(),
    properties: properties(version, WILL_PROPERTIES, "client"),
    rawProperties: fc.constant(new Uint8Array(0)),
  }, PLAIN);
  return fc.record({
    type: fc.constant(PacketType.Connect),
    protocolVersion: fc.constant(version),
    cleanStart: fc.boolean(),
    keepAlive: fc.integer({ min: 0, max: 65_535 }),
    clientId: version === 3 ? clientId : fc.oneof(clientId, filter),
    ...(version < 5 && { isBridge: fc.constant(true as const) }),
    properties: properties(version, PacketType.Connect, "client"),
    will,
    username: text,
    password: binary,
  }, {
    noNullPrototype: true,
    requiredKeys: [
      "type",
      "protocolVersion",
      "cleanStart",
      "keepAlive",
      "clientId",
      "properties",
    ],
  }).map((connect: Connect) => {
    // Below 5.0, and in mqtt-packet always, a password needs a user name.
    if (connect.username === undefined) delete connect.password;
    return connect;
  });
}

function publish(
  version: ProtocolVersion,
  sender: Sender,
): fc.Arbitrary<EncodablePacket> {
  return fc.record({
    type: fc.constant(PacketType.Publish),
    topic,
    payload,
    qos,
    retain: fc.boolean(),
    dup: fc.boolean(),
    packetId,
    properties: properties(version, PacketType.Publish, sender),
  }, PLAIN).map((publish) =>
    publish.qos === 0 ? { ...publish, dup: false, packetId: 0 } : publish
  );
}

function acknowledgement(
  version: ProtocolVersion,
  sender: Sender,
): fc.Arbitrary<EncodablePacket> {
  return fc.constantFrom(
    PacketType.Puback,
    PacketType.Pubrec,
    PacketType.Pubrel,
    PacketType.Pubcomp,
  ).chain((type) =>
    fc.tuple(
      packetId,
      version === 5
        ? reason(type, sender)
        : fc.constant<ReasonCode>(ReasonCode.Success),
      properties(version, type, sender),
    ).map(([packetId, reasonCode, properties]) =>
      Object.keys(properties).length === 0
        ? new Acknowledgement(type, packetId, reasonCode)
        : new Acknowledgement(type, packetId, reasonCode, properties)
    )
  );
}

function subscribe(version: ProtocolVersion): fc.Arbitrary<EncodablePacket> {
  const request = fc.record({
    filter,
    qos,
    noLocal: fc.boolean(),
    retainAsPublished: fc.boolean(),
    retainHandling: fc.constantFrom(0, 1, 2),
  }, PLAIN).map((request) =>
    version === 5 ? request : {
      ...request,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0 as const,
    }
  );
  return fc.record({
    packetId,
    filters: fc.array(request, { minLength: 1, maxLength: 5 }),
    properties: properties(version, PacketType.Subscribe, "client"),
  }, PLAIN).map((fields) => ({
    type: PacketType.Subscribe,
    subscriptionIdentifier: fields.properties.subscriptionIdentifiers?.[0] ?? 0,
    extraFilters: 0,
    ...fields,
  }));
}

function unsubscribe(version: ProtocolVersion): fc.Arbitrary<EncodablePacket> {
  return fc.record({
    type: fc.constant(PacketType.Unsubscribe),
    packetId,
    filters: fc.array(filter, { minLength: 1, maxLength: 5 }),
    extraFilters: fc.constant(0),
    properties: properties(version, PacketType.Unsubscribe, "client"),
  }, PLAIN);
}

function connack(version: ProtocolVersion): fc.Arbitrary<EncodablePacket> {
  // Below 5.0 there are five ways to say no.
  const codes: fc.Arbitrary<ReasonCode> = version === 5
    ? reason(PacketType.Connack, "server")
    : fc.constantFrom(
      ReasonCode.Success,
      ReasonCode.UnsupportedProtocolVersion,
      ReasonCode.ClientIdentifierNotValid,
      ReasonCode.ServerUnavailable,
      ReasonCode.BadUserNameOrPassword,
      ReasonCode.NotAuthorized,
    );
  return fc.record({
    type: fc.constant(PacketType.Connack),
    sessionPresent: fc.boolean(),
    reasonCode: codes,
    properties: properties(version, PacketType.Connack, "server"),
  }, PLAIN).map((connack) => ({
    ...connack,
    sessionPresent: connack.sessionPresent && version !== 3 &&
      connack.reasonCode === ReasonCode.Success,
  }));
}

function suback(version: ProtocolVersion): fc.Arbitrary<EncodablePacket> {
  const code: fc.Arbitrary<ReasonCode> = version === 5
    ? reason(PacketType.Suback, "server")
    : fc.constantFrom<ReasonCode[]>(0, 1, 2, 0x80);
  return fc.record({
    type: fc.constant(PacketType.Suback),
    packetId,
    reasonCodes: fc.array(code, { minLength: 1, maxLength: 5 }),
    properties: properties(version, PacketType.Suback, "server"),
  }, PLAIN);
}

function unsuback(version: ProtocolVersion): fc.Arbitrary<EncodablePacket> {
  return fc.record({
    type: fc.constant(PacketType.Unsuback),
    packetId,
    reasonCodes: version === 5
      ? fc.array(reason(PacketType.Unsuback, "server"), {
        minLength: 1,
        maxLength: 5,
      })
      : fc.constant<ReasonCode[]>([]),
    properties: properties(version, PacketType.Unsuback, "server"),
  }, PLAIN);
}

function withReason(
  type: typeof PacketType.Disconnect | typeof PacketType.Auth,
  version: ProtocolVersion,
  sender: Sender,
): fc.Arbitrary<EncodablePacket> {
  return fc.record({
    type: fc.constant(type),
    reasonCode: version === 5
      ? reason(type, sender)
      : fc.constant<ReasonCode>(ReasonCode.NormalDisconnection),
    properties: properties(version, type, sender),
  }, PLAIN);
}

/** Any packet but CONNECT that `sender` may send. */
export function anyPacket(
  version: ProtocolVersion,
  sender: Sender,
): fc.Arbitrary<EncodablePacket> {
  const both = [publish(version, sender), acknowledgement(version, sender)];
  const auth = version === 5
    ? [withReason(PacketType.Auth, version, sender)]
    : [];
  const own = sender === "client"
    ? [
      subscribe(version),
      unsubscribe(version),
      fc.constant({ type: PacketType.Pingreq }),
      withReason(PacketType.Disconnect, version, sender),
    ]
    : [
      connack(version),
      suback(version),
      unsuback(version),
      fc.constant({ type: PacketType.Pingresp }),
      ...(version === 5
        ? [withReason(PacketType.Disconnect, version, sender)]
        : []),
    ];
  return fc.oneof(...both, ...auth, ...own);
}

/** Any CONNECT. */
export function anyConnect(
  version: ProtocolVersion,
): fc.Arbitrary<EncodablePacket> {
  return connect(version);
}
