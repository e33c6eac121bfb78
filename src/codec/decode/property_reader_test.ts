import assert from "node:assert/strict";
import { Decoder } from "./decoder.ts";
import { encodeProperties } from "../encode/properties.ts";
import { packetName, PacketType, type Properties, Publish } from "../packet.ts";
import { PacketError } from "../packet_error.ts";
import { decodeProperties, forwardedProperties } from "./property_blocks.ts";
import {
  isRepeatable,
  PROPERTIES,
  type PropertyDefinition,
  PropertyKind,
  type PropertyOwner,
  PropertyRule,
  WILL_PROPERTIES,
} from "../property_table.ts";
import { ReasonCode } from "../reason_code.ts";
import { wire } from "../vectors/vector.ts";

/** Table 2-4 of the specification once more, in words: where each property may occur. */
const OCCURRENCES: Readonly<Record<string, string>> = {
  payloadFormatIndicator: "PUBLISH WILL",
  messageExpiryInterval: "PUBLISH WILL",
  contentType: "PUBLISH WILL",
  responseTopic: "PUBLISH WILL",
  correlationData: "PUBLISH WILL",
  subscriptionIdentifiers: "PUBLISH SUBSCRIBE",
  sessionExpiryInterval: "CONNECT CONNACK DISCONNECT",
  assignedClientIdentifier: "CONNACK",
  serverKeepAlive: "CONNACK",
  authenticationMethod: "CONNECT CONNACK AUTH",
  authenticationData: "CONNECT CONNACK AUTH",
  requestProblemInformation: "CONNECT",
  willDelayInterval: "WILL",
  requestResponseInformation: "CONNECT",
  responseInformation: "CONNACK",
  serverReference: "CONNACK DISCONNECT",
  reasonString:
    "CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH",
  receiveMaximum: "CONNECT CONNACK",
  topicAliasMaximum: "CONNECT CONNACK",
  topicAlias: "PUBLISH",
  maximumQoS: "CONNACK",
  retainAvailable: "CONNACK",
  userProperties:
    "WILL CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK DISCONNECT AUTH",
  maximumPacketSize: "CONNECT CONNACK",
  wildcardSubscriptionAvailable: "CONNACK",
  subscriptionIdentifierAvailable: "CONNACK",
  sharedSubscriptionAvailable: "CONNACK",
};

const OWNERS: readonly PropertyOwner[] = [
  WILL_PROPERTIES,
  ...Object.values(PacketType).filter((type) =>
    type !== PacketType.Pingreq && type !== PacketType.Pingresp &&
    type !== PacketType.Unfinished
  ),
];

function ownerName(owner: PropertyOwner): string {
  return owner === WILL_PROPERTIES ? "WILL" : packetName(owner);
}

function exampleValue({ name, kind, rule }: PropertyDefinition): unknown {
  if (name === "subscriptionIdentifiers") return [5];
  switch (kind) {
    case PropertyKind.Byte:
      return rule === PropertyRule.Boolean ? true : 1;
    case PropertyKind.BinaryData:
      return Uint8Array.of(0, 255);
    case PropertyKind.Utf8String:
      return "text";
    case PropertyKind.Utf8StringPair:
      return [["name", "value"]];
    default:
      return 0xABCD;
  }
}

function example(property: PropertyDefinition): Properties {
  return { [property.name]: exampleValue(property) };
}

function decode(bytes: Uint8Array, owner: PropertyOwner): Properties {
  return decodeProperties(bytes, 0, bytes.length, owner);
}

function reasonOf(run: () => unknown): ReasonCode | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    assert(error instanceof PacketError, String(error));
    return error.reasonCode;
  }
}

Deno.test("decodeProperties takes each property where table 2-4 has it, and nowhere else", () => {
  for (const property of PROPERTIES) {
    const bytes = encodeProperties(example(property));
    for (const owner of OWNERS) {
      const name = `${property.title} in ${ownerName(owner)}`;
      if (OCCURRENCES[property.name]!.split(" ").includes(ownerName(owner))) {
        assert.deepEqual(decode(bytes, owner), example(property), name);
      } else {
        assert.equal(
          reasonOf(() => decode(bytes, owner)),
          ReasonCode.MalformedPacket,
          name,
        );
      }
    }
  }
  assert.equal(PROPERTIES.length, Object.keys(OCCURRENCES).length);
});

Deno.test("decodeProperties refuses a property that occurs twice, unless it may", () => {
  for (const property of PROPERTIES) {
    const once = encodeProperties(example(property));
    const twice = Uint8Array.of(...once, ...once);
    for (const owner of OWNERS) {
      if ((property.owners & (1 << owner)) === 0) continue;
      assert.equal(
        reasonOf(() => decode(twice, owner)),
        isRepeatable(property, owner) ? undefined : ReasonCode.ProtocolError,
        `${property.title} in ${ownerName(owner)}`,
      );
    }
  }
});

Deno.test("decodeProperties refuses a property that is cut short anywhere", () => {
  for (const property of PROPERTIES) {
    const bytes = encodeProperties(example(property));
    const owner = OWNERS.find((owner) => property.owners & (1 << owner))!;
    for (let length = 1; length < bytes.length; length++) {
      assert.equal(
        reasonOf(() => decode(bytes.subarray(0, length), owner)),
        ReasonCode.MalformedPacket,
        property.title,
      );
    }
  }
});

Deno.test("decodeProperties refuses every unknown identifier", () => {
  const known = new Set(PROPERTIES.map(({ id }) => id));
  for (let id = 0; id < 256; id++) {
    if (known.has(id)) continue;
    const bytes = Uint8Array.of(id, 0, 0, 0, 0, 0, 0);
    assert.equal(
      reasonOf(() => decode(bytes, PacketType.Connect)),
      ReasonCode.MalformedPacket,
    );
  }
});

Deno.test("decodeProperties checks the values of bytes and of numbers that are not 0", () => {
  for (const property of PROPERTIES) {
    const owner = OWNERS.find((owner) => property.owners & (1 << owner))!;
    const zero = new Uint8Array(encodeProperties(example(property)).length);
    zero[0] = property.id;
    if (property.rule === PropertyRule.NonZero) {
      const bytes = property.kind === PropertyKind.VariableByteInteger
        ? zero.subarray(0, 2)
        : zero;
      assert.equal(
        reasonOf(() => decode(bytes, owner)),
        property.name === "topicAlias"
          ? ReasonCode.TopicAliasInvalid
          : ReasonCode.ProtocolError,
        property.title,
      );
    }
    if (property.kind !== PropertyKind.Byte) continue;
    for (const value of [0, 1, 2, 128, 255]) {
      assert.equal(
        reasonOf(() => decode(Uint8Array.of(property.id, value), owner)),
        value > 1 ? ReasonCode.ProtocolError : undefined,
        property.title,
      );
    }
  }
});

Deno.test("forwardedProperties leaves out what concerns one connection or one moment only [MQTT-3.3.2-17, MQTT-3.3.2-18]", () => {
  const kept = "01 01 03 'text' 08 'answer' 09 [0102] 26 'a' 'b' 26 'a' 'c'";
  const cases: readonly (readonly [string, string])[] = [
    ["", ""],
    [kept, kept],
    [`02 0000000a ${kept}`, kept],
    [`${kept} 23 0001`, kept],
    [`02 0000000a 23 0001 ${kept}`, kept],
    [
      "01 01 23 0001 03 'text' 02 0000000a 26 'a' 'b'",
      "01 01 03 'text' 26 'a' 'b'",
    ],
    ["0b ff01 0b 01 26 'a' 'b' 0b ffffff7f", "26 'a' 'b'"],
    ["23 0001", ""],
  ];
  const decoder = new Decoder({
    role: "client",
    version: 5,
    maximumPacketSize: 1000,
  });
  for (const [given, expected] of cases) {
    const bytes = wire(`ff 30 {'t' {${given}} "payload"} ff`);
    const before = bytes.slice();
    const publish = decoder.decode(bytes, 1, bytes.length);
    assert(publish instanceof Publish);
    const forwarded = forwardedProperties(publish);
    assert.deepEqual(forwarded, wire(expected));
    assert.deepEqual(bytes, before);
    if (expected !== "") {
      assert.equal(forwarded.buffer === bytes.buffer, given === expected);
    }
  }
});
