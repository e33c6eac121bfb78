// deno-fmt-ignore-file
/** Vectors of PUBLISH and its acknowledgements. */
import { Acknowledgement, PacketType, type ProtocolVersion } from "../packet.ts";
import type { PublishContents } from "../decode/publish_contents.ts";
import { ReasonCode } from "../reason_code.ts";
import { type Occasion, type PacketVector, refused, tolerated, valid, wire } from "./vector.ts";

const { MalformedPacket, ProtocolError, TopicNameInvalid, TopicAliasInvalid } = ReasonCode;
const { Puback, Pubrec, Pubrel, Pubcomp } = PacketType;
const ALL: readonly ProtocolVersion[] = [3, 4, 5];
const BOTH: readonly Occasion[] = ["client", "server"];

function publish(fields: Partial<PublishContents>): PublishContents {
  return {
    type: PacketType.Publish,
    topic: "a/b",
    payload: wire('"hello"'),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: {},
    ...fields,
  };
}

const GOOD: readonly PacketVector[] = BOTH.flatMap((from) => [
  valid([3, 4], from, "PUBLISH QoS 0 [MQTT3-2.3.1-5]", "30 {'a/b' \"hello\"}", publish({})),
  valid([5], from, "PUBLISH QoS 0 [MQTT-2.2.1-2, MQTT-2.2.2-1]", "30 {'a/b' {} \"hello\"}", publish({})),
  valid([3, 4], from, "PUBLISH QoS 1", "32 {'a/b' 0102 \"hello\"}", publish({ qos: 1, packetId: 0x0102 })),
  valid([5], from, "PUBLISH QoS 1", "32 {'a/b' 0102 {} \"hello\"}", publish({ qos: 1, packetId: 0x0102 })),
  valid([3], from, "PUBLISH QoS 0, DUP", "38 {'a/b' \"hello\"}", publish({ dup: true })),
  valid([3, 4], from, "PUBLISH QoS 2, DUP, RETAIN", "3d {'a/b' ffff \"hello\"}", publish({ qos: 2, packetId: 0xFFFF, dup: true, retain: true })),
  valid([5], from, "PUBLISH QoS 2, DUP, RETAIN", "3d {'a/b' ffff {} \"hello\"}", publish({ qos: 2, packetId: 0xFFFF, dup: true, retain: true })),
  valid([3, 4], from, "PUBLISH without payload", "31 {'a/b'}", publish({ retain: true, payload: wire("") })),
  valid([5], from, "PUBLISH without payload", "31 {'a/b' {}}", publish({ retain: true, payload: wire("") })),
  valid([3, 4], from, "PUBLISH with the shortest topic", "30 {'/'}", publish({ topic: "/", payload: wire("") })),
  valid([4], from, "PUBLISH with a topic in other scripts", "30 {'ß/水/😀' \"hello\"}", publish({ topic: "ß/水/😀" })),
  valid([4], from, "PUBLISH with byte order marks in its topic [MQTT3-1.5.3-3]", "30 {[efbbbf 61 efbbbf] \"hello\"}", publish({ topic: "\uFEFFa\uFEFF" })),
  valid([5], from, "PUBLISH with byte order marks in its topic [MQTT-1.5.4-3]", "30 {[efbbbf 61 efbbbf] {} \"hello\"}", publish({ topic: "\uFEFFa\uFEFF" })),
  valid([5], from, "PUBLISH with the first and last characters of each length", "30 {[01 7f c280 dfbf e0a080 ed9fbf ee8080 efbfbf f0908080 f48fbfbf] {}}",
    publish({ topic: "\u0001\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}", payload: wire("") })),
  valid([5], from, "PUBLISH with all properties [MQTT-3.3.2-13, MQTT-3.3.2-19]", "30 {'a/b' {01 01 02 ffffffff 03 'text' 08 'answer' 09 [00] 23 0007 26 'k' 'v' 26 'k' 'w' 26 '' ''} \"hello\"}",
    publish({
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 0xFFFFFFFF,
        contentType: "text",
        responseTopic: "answer",
        correlationData: wire("00"),
        topicAlias: 7,
        userProperties: [["k", "v"], ["k", "w"], ["", ""]],
      },
    })),
  valid([5], from, "PUBLISH with an alias and no topic", "30 {'' {23 ffff} \"hello\"}", publish({ topic: "", properties: { topicAlias: 65535 } })),
  valid([5], from, "PUBLISH with an alias and a topic", "30 {'a/b' {23 0001} \"hello\"}", publish({ properties: { topicAlias: 1 } })),
  tolerated([5], from, "PUBLISH with its properties in another order", "30 {'a/b' {26 'k' 'v' 23 0001 26 'l' 'w' 01 00} \"hello\"}",
    publish({ properties: { userProperties: [["k", "v"], ["l", "w"]], topicAlias: 1, payloadFormatIndicator: 0 } })),
].flat());

const FROM_SERVER: readonly PacketVector[] = [
  valid([5], "server", "PUBLISH with subscription identifiers", "30 {'a/b' {0b 01 0b ffffff7f 0b 01} \"hello\"}",
    publish({ properties: { subscriptionIdentifiers: [1, 268435455, 1] } })),
  refused([5], "server", ProtocolError, "PUBLISH with subscription identifier 0", "30 {'a/b' {0b 00}}"),
  refused([5], "server", MalformedPacket, "PUBLISH with a subscription identifier that is longer than need be [MQTT-1.5.5-1]", "30 {'a/b' {0b 8100}}"),
  refused([5], "client", ProtocolError, "PUBLISH with a subscription identifier [MQTT-3.3.4-6]", "30 {'a/b' {0b 01}}"),
].flat();

/** A PUBLISH with `topic` in each version. */
function badTopic(from: Occasion, reason: ReasonCode, name: string, topic: string): PacketVector[] {
  return [
    ...refused([3, 4], from, reason, name, `30 {${topic} "hello"}`),
    ...refused([5], from, reason, name, `30 {${topic} {} "hello"}`),
  ];
}

const BAD: readonly PacketVector[] = BOTH.flatMap((from) => [
  refused([3, 4], from, MalformedPacket, "PUBLISH with QoS 3 [MQTT3-3.3.1-4]", "36 {'a/b' 0001 \"hello\"}"),
  refused([5], from, MalformedPacket, "PUBLISH with QoS 3 [MQTT-3.3.1-4]", "36 {'a/b' 0001 {} \"hello\"}"),
  refused([4], from, MalformedPacket, "PUBLISH with QoS 0 and DUP [MQTT3-3.3.1-2]", "38 {'a/b' \"hello\"}"),
  refused([5], from, MalformedPacket, "PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]", "38 {'a/b' {} \"hello\"}"),
  badTopic(from, TopicNameInvalid, "PUBLISH to # [MQTT-3.3.2-2, MQTT3-3.3.2-2]", "'a/#'"),
  badTopic(from, TopicNameInvalid, "PUBLISH to + [MQTT-3.3.2-2, MQTT3-3.3.2-2]", "'+/b'"),
  badTopic(from, TopicNameInvalid, "PUBLISH to + after other characters than ASCII", "'ß/+'"),
  badTopic(from, ProtocolError, "PUBLISH without topic [MQTT-4.7.3-1, MQTT3-4.7.3-1]", "''"),
  badTopic(from, MalformedPacket, "PUBLISH with a null character [MQTT-4.7.3-2, MQTT3-4.7.3-2]", "[61 00 62]"),
  badTopic(from, MalformedPacket, "PUBLISH with a lone continuation byte [MQTT-3.3.2-1, MQTT3-3.3.2-1]", "[61 80]"),
  badTopic(from, MalformedPacket, "PUBLISH with an overlong character of two bytes", "[c1 bf]"),
  badTopic(from, MalformedPacket, "PUBLISH with an overlong null character", "[c0 80]"),
  badTopic(from, MalformedPacket, "PUBLISH with an overlong character of three bytes", "[e0 9f bf]"),
  badTopic(from, MalformedPacket, "PUBLISH with an overlong character of four bytes", "[f0 8f bf bf]"),
  badTopic(from, MalformedPacket, "PUBLISH with a high surrogate", "[ed a0 80]"),
  badTopic(from, MalformedPacket, "PUBLISH with a low surrogate", "[ed bf bf]"),
  badTopic(from, MalformedPacket, "PUBLISH with surrogates as a pair", "[ed a0 bd ed b8 80]"),
  badTopic(from, MalformedPacket, "PUBLISH with a character above U+10FFFF", "[f4 90 80 80]"),
  badTopic(from, MalformedPacket, "PUBLISH with a lead byte that does not exist", "[f8 88 80 80 80]"),
  badTopic(from, MalformedPacket, "PUBLISH with a character that is cut short", "[61 f0 9f 98]"),
  badTopic(from, MalformedPacket, "PUBLISH with a character that another interrupts", "[e6 62 b0]"),
  refused(ALL, from, MalformedPacket, "PUBLISH with a topic that reaches past the end", "30 {0005 \"a/b\"}"),
  refused(ALL, from, MalformedPacket, "PUBLISH that ends in the topic's length", "30 {00}"),
  refused(ALL, from, MalformedPacket, "PUBLISH that is empty", "30 {}"),
  refused([3, 4], from, ProtocolError, "PUBLISH with packet id 0 [MQTT3-2.3.1-1]", "32 {'a/b' 0000 \"hello\"}"),
  refused([5], from, ProtocolError, "PUBLISH with packet id 0 [MQTT-2.2.1-3]", "34 {'a/b' 0000 {} \"hello\"}"),
  refused(ALL, from, MalformedPacket, "PUBLISH that ends in the packet id", "32 {'a/b' 00}"),
  refused([5], from, MalformedPacket, "PUBLISH without a property length", "30 {'a/b'}"),
  refused([5], from, TopicAliasInvalid, "PUBLISH with alias 0 [MQTT-3.3.2-8]", "30 {'a/b' {23 0000} \"hello\"}"),
  refused([5], from, ProtocolError, "PUBLISH with two aliases", "30 {'a/b' {23 0001 23 0001}}"),
  refused([5], from, ProtocolError, "PUBLISH with two payload format indicators", "30 {'a/b' {01 00 01 00}}"),
  refused([5], from, ProtocolError, "PUBLISH with a payload format indicator of 2", "30 {'a/b' {01 02}}"),
  refused([5], from, ProtocolError, "PUBLISH with two expiry intervals", "30 {'a/b' {02 00000001 02 00000001}}"),
  refused([5], from, ProtocolError, "PUBLISH with two content types", "30 {'a/b' {03 'a' 03 'a'}}"),
  refused([5], from, ProtocolError, "PUBLISH with two response topics", "30 {'a/b' {08 'a' 08 'a'}}"),
  refused([5], from, ProtocolError, "PUBLISH with two correlation data", "30 {'a/b' {09 [01] 09 [01]}}"),
  refused([5], from, ProtocolError, "PUBLISH with # in its response topic [MQTT-3.3.2-14]", "30 {'a/b' {08 'a/#'}}"),
  refused([5], from, ProtocolError, "PUBLISH with + in its response topic [MQTT-3.3.2-14]", "30 {'a/b' {08 '+'}}"),
  refused([5], from, ProtocolError, "PUBLISH with an empty response topic [MQTT-4.7.3-1]", "30 {'a/b' {08 ''}}"),
  refused([5], from, MalformedPacket, "PUBLISH with an ill-formed response topic [MQTT-3.3.2-13]", "30 {'a/b' {08 [ff]}}"),
  refused([5], from, MalformedPacket, "PUBLISH with an ill-formed content type [MQTT-3.3.2-19]", "30 {'a/b' {03 [c3]}}"),
  refused([5], from, MalformedPacket, "PUBLISH with an ill-formed user property [MQTT-1.5.7-1]", "30 {'a/b' {26 'k' [c3 28]}}"),
  refused([5], from, MalformedPacket, "PUBLISH with a property of another packet", "30 {'a/b' {11 00000001}}"),
  refused([5], from, MalformedPacket, "PUBLISH with an unknown property", "30 {'a/b' {04 00}}"),
  refused([5], from, MalformedPacket, "PUBLISH with a property that is cut short", "30 {'a/b' {23 00}}"),
  refused([5], from, MalformedPacket, "PUBLISH with a property length that reaches past the end", "30 {'a/b' 04 23 0001}"),
  refused([5], from, MalformedPacket, "PUBLISH with a property length that is longer than need be [MQTT-1.5.5-1]", "30 {'a/b' 8000 \"hello\"}"),
  refused([5], from, MalformedPacket, "PUBLISH with a remaining length that is longer than need be [MQTT-1.5.5-1]", "30 8600 'a/b' {}"),
  tolerated([3, 4], from, "PUBLISH with a remaining length that is longer than need be", "30 8500 'a/b'", publish({ payload: wire("") })),
].flat());

const NAMES = { [Puback]: "PUBACK", [Pubrec]: "PUBREC", [Pubrel]: "PUBREL", [Pubcomp]: "PUBCOMP" } as const;

const ACKNOWLEDGEMENTS: readonly PacketVector[] = ([Puback, Pubrec, Pubrel, Pubcomp] as const).flatMap((type) => {
  const first = (type << 4 | (type === Pubrel ? 2 : 0)).toString(16);
  const name = NAMES[type];
  const failure = type === Puback || type === Pubrec ? ReasonCode.QuotaExceeded : ReasonCode.PacketIdentifierNotFound;
  const code = failure.toString(16);
  return BOTH.flatMap((from) => [
    valid(ALL, from, `${name} [MQTT-2.2.1-5, MQTT3-2.3.1-6]`, `${first} 02 1234`, new Acknowledgement(type, 0x1234, ReasonCode.Success)),
    valid([5], from, `${name} with a reason code`, `${first} 03 0001 ${code}`, new Acknowledgement(type, 1, failure)),
    tolerated([5], from, `${name} with the reason code 0`, `${first} 03 0001 00`, new Acknowledgement(type, 1, ReasonCode.Success)),
    tolerated([5], from, `${name} with an empty property length`, `${first} 04 0001 00 00`, new Acknowledgement(type, 1, ReasonCode.Success, {})),
    valid([5], from, `${name} with properties`, `${first} {0001 ${code} {1f 'no' 26 'a' 'b'}}`,
      new Acknowledgement(type, 1, failure, { reasonString: "no", userProperties: [["a", "b"]] })),
    refused([3, 4], from, ProtocolError, `${name} with packet id 0`, `${first} 02 0000`),
    refused([5], from, ProtocolError, `${name} with packet id 0 [MQTT-2.2.1-5]`, `${first} 02 0000`),
    refused(ALL, from, MalformedPacket, `${name} that is too short`, `${first} 01 00`),
    refused(ALL, from, MalformedPacket, `${name} that is empty`, `${first} 00`),
    refused([3, 4], from, MalformedPacket, `${name} that is too long`, `${first} 03 0001 00`),
    refused([5], from, ProtocolError, `${name} with a reason code of another packet`, `${first} 03 0001 8e`),
    refused([5], from, MalformedPacket, `${name} with bytes after its properties`, `${first} {0001 00 {} 00}`),
    refused([5], from, ProtocolError, `${name} with two reason strings`, `${first} {0001 00 {1f 'a' 1f 'a'}}`),
    refused([5], from, MalformedPacket, `${name} with a property of another packet`, `${first} {0001 00 {23 0001}}`),
    refused([5], from, MalformedPacket, `${name} with a property length that reaches past the end`, `${first} {0001 00 01}`),
    refused([5], from, MalformedPacket, `${name} with an ill-formed reason string [MQTT-1.5.4-1]`, `${first} {0001 00 {1f [80]}}`),
  ].flat());
});

const NO_SUBSCRIBERS: readonly PacketVector[] = [
  valid([5], "server", "PUBACK: no matching subscribers", "40 03 0001 10", new Acknowledgement(Puback, 1, ReasonCode.NoMatchingSubscribers)),
  refused([5], "client", ProtocolError, "PUBACK: no matching subscribers, which only a server knows", "40 03 0001 10"),
].flat();

/** All vectors of PUBLISH, PUBACK, PUBREC, PUBREL and PUBCOMP. */
export const PUBLISH_VECTORS: readonly PacketVector[] = [
  ...GOOD,
  ...FROM_SERVER,
  ...BAD,
  ...ACKNOWLEDGEMENTS,
  ...NO_SUBSCRIBERS,
];
