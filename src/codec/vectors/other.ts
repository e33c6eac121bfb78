// deno-fmt-ignore-file
/** Vectors of SUBSCRIBE, UNSUBSCRIBE, their answers, PINGREQ, PINGRESP, DISCONNECT and AUTH. */
import { type Auth, type Disconnect, PacketType, type ProtocolVersion } from "../packet.ts";
import type { Subscribe, SubscriptionRequest, Unsubscribe } from "../packet.ts";
import type { Properties } from "../properties.ts";
import { ReasonCode } from "../reason_code.ts";
import { type PacketVector, refused, tolerated, valid, wire } from "./vector.ts";

const { MalformedPacket, ProtocolError } = ReasonCode;
const ALL: readonly ProtocolVersion[] = [3, 4, 5];

function request(filter: string, fields: Partial<SubscriptionRequest> = {}): SubscriptionRequest {
  return { filter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, ...fields };
}

function subscribe(packetId: number, filters: SubscriptionRequest[], properties: Properties = {}): Subscribe {
  return {
    type: PacketType.Subscribe,
    packetId,
    subscriptionIdentifier: properties.subscriptionIdentifiers?.[0] ?? 0,
    filters,
    extraFilters: 0,
    properties,
  };
}

function unsubscribe(packetId: number, filters: string[], properties: Properties = {}): Unsubscribe {
  return { type: PacketType.Unsubscribe, packetId, filters, extraFilters: 0, properties };
}

const SUBSCRIBE: readonly PacketVector[] = [
  valid([3, 4], "client", "SUBSCRIBE", "82 {0001 'a/b' 01}", subscribe(1, [request("a/b", { qos: 1 })])),
  valid([5], "client", "SUBSCRIBE", "82 {0001 {} 'a/b' 01}", subscribe(1, [request("a/b", { qos: 1 })])),
  valid([3, 4], "client", "SUBSCRIBE to three filters", "82 {ffff 'a/+' 00 '#' 01 '水' 02}", subscribe(65535, [request("a/+"), request("#", { qos: 1 }), request("水", { qos: 2 })])),
  valid([5], "client", "SUBSCRIBE with each option", "82 {ffff {} 'a' 06 '#' 09 'b' 12 '$share/g/c' 28}",
    subscribe(65535, [
      request("a", { qos: 2, noLocal: true }),
      request("#", { qos: 1, retainAsPublished: true }),
      request("b", { qos: 2, retainHandling: 1 }),
      request("$share/g/c", { retainAsPublished: true, retainHandling: 2 }),
    ])),
  valid([5], "client", "SUBSCRIBE with properties", "82 {0001 {0b ffffff7f 26 'a' 'b'} 'a/b' 00}",
    subscribe(1, [request("a/b")], { subscriptionIdentifiers: [268435455], userProperties: [["a", "b"]] })),
  valid([4], "client", "SUBSCRIBE to what is not a good filter, which is not judged here", "82 {0001 'a#/b+' 00}", subscribe(1, [request("a#/b+")])),
  valid([5], "client", "SUBSCRIBE with a byte order mark [MQTT-1.5.4-3]", "82 {0001 {} [efbbbf] 00}", subscribe(1, [request("\uFEFF")])),
  tolerated([3], "client", "SUBSCRIBE sent again with DUP", "8a {0001 'a/b' 01}", subscribe(1, [request("a/b", { qos: 1 })])),
  tolerated([3], "client", "SUBSCRIBE with RETAIN, which is not used", "83 {0001 'a/b' 01}", subscribe(1, [request("a/b", { qos: 1 })])),
  tolerated([3], "client", "SUBSCRIBE with bits of the requested QoS that are not used", "82 {0001 'a/b' fd}", subscribe(1, [request("a/b", { qos: 1 })])),
  refused([4], "client", MalformedPacket, "SUBSCRIBE with DUP [MQTT3-3.8.1-1]", "8a {0001 'a/b' 01}"),
  refused([5], "client", MalformedPacket, "SUBSCRIBE with DUP [MQTT-3.8.1-1]", "8a {0001 {} 'a/b' 01}"),
  refused([3, 4], "client", ProtocolError, "SUBSCRIBE with packet id 0 [MQTT3-2.3.1-1]", "82 {0000 'a/b' 01}"),
  refused([5], "client", ProtocolError, "SUBSCRIBE with packet id 0 [MQTT-2.2.1-3]", "82 {0000 {} 'a/b' 01}"),
  refused([3, 4], "client", ProtocolError, "SUBSCRIBE without filter [MQTT3-3.8.3-3]", "82 {0001}"),
  refused([5], "client", ProtocolError, "SUBSCRIBE without filter [MQTT-3.8.3-2]", "82 {0001 {}}"),
  refused([3, 4], "client", ProtocolError, "SUBSCRIBE with an empty filter [MQTT3-4.7.3-1]", "82 {0001 '' 00}"),
  refused([5], "client", ProtocolError, "SUBSCRIBE with an empty filter [MQTT-4.7.3-1]", "82 {0001 {} 'a' 00 '' 00}"),
  refused([3, 4], "client", MalformedPacket, "SUBSCRIBE with an ill-formed filter [MQTT3-3.8.3-1]", "82 {0001 [61ff] 00}"),
  refused([5], "client", MalformedPacket, "SUBSCRIBE with an ill-formed filter [MQTT-3.8.3-1]", "82 {0001 {} [61ff] 00}"),
  refused([3, 4], "client", MalformedPacket, "SUBSCRIBE with a null character [MQTT3-4.7.3-2]", "82 {0001 [6100] 00}"),
  refused([5], "client", MalformedPacket, "SUBSCRIBE with a null character [MQTT-4.7.3-2]", "82 {0001 {} [6100] 00}"),
  refused([3, 4], "client", MalformedPacket, "SUBSCRIBE with QoS 3 [MQTT3-3.8.3-4]", "82 {0001 'a' 03}"),
  refused([5], "client", ProtocolError, "SUBSCRIBE with QoS 3", "82 {0001 {} 'a' 03}"),
  ...[0x04, 0x08, 0x10, 0x20, 0x40, 0x80].map((bit) =>
    refused([4], "client", MalformedPacket, `SUBSCRIBE with the reserved bit 0x${hex(bit)} of the requested QoS [MQTT3-3.8.3-4]`, `82 {0001 'a' ${hex(bit)}}`)),
  ...[0x40, 0x80].map((bit) =>
    refused([5], "client", MalformedPacket, `SUBSCRIBE with the reserved bit 0x${hex(bit)} of the options [MQTT-3.8.3-5]`, `82 {0001 {} 'a' ${hex(bit)}}`)),
  refused([5], "client", ProtocolError, "SUBSCRIBE with retain handling 3", "82 {0001 {} 'a' 30}"),
  refused([5], "client", ProtocolError, "SUBSCRIBE with no local on a shared subscription [MQTT-3.8.3-4]", "82 {0001 {} '$share/g/a' 04}"),
  refused([5], "client", ProtocolError, "SUBSCRIBE with subscription identifier 0", "82 {0001 {0b 00} 'a' 00}"),
  refused([5], "client", ProtocolError, "SUBSCRIBE with two subscription identifiers", "82 {0001 {0b 01 0b 02} 'a' 00}"),
  refused([5], "client", MalformedPacket, "SUBSCRIBE with a subscription identifier of five bytes", "82 {0001 {0b 8080808001} 'a' 00}"),
  refused([5], "client", MalformedPacket, "SUBSCRIBE with a reason string", "82 {0001 {1f 'a'} 'a' 00}"),
  refused([3, 4], "client", MalformedPacket, "SUBSCRIBE without options", "82 {0001 'a'}"),
  refused([5], "client", MalformedPacket, "SUBSCRIBE without options", "82 {0001 {} 'a'}"),
  refused([3, 4], "client", MalformedPacket, "SUBSCRIBE with a filter that reaches past the end", "82 {0001 0004 \"a\"}"),
  refused([5], "client", MalformedPacket, "SUBSCRIBE without a property length", "82 {0001}"),
  refused(ALL, "client", MalformedPacket, "SUBSCRIBE that ends in the packet id", "82 {00}"),
].flat();

const SUBACK: readonly PacketVector[] = [
  valid([3, 4], "server", "SUBACK [MQTT-2.2.1-6, MQTT3-2.3.1-7]", "90 {0001 00 01 02 80}",
    { type: PacketType.Suback, packetId: 1, reasonCodes: [0, 1, 2, 0x80], properties: {} }),
  valid([5], "server", "SUBACK with each reason code", "90 {0001 {} 00 01 02 80 83 87 8f 91 97 9e a1 a2}",
    { type: PacketType.Suback, packetId: 1, reasonCodes: [0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2], properties: {} }),
  valid([5], "server", "SUBACK with properties", "90 {0001 {1f 'ok' 26 'a' 'b'} 00}",
    { type: PacketType.Suback, packetId: 1, reasonCodes: [0], properties: { reasonString: "ok", userProperties: [["a", "b"]] } }),
  refused([3, 4], "server", MalformedPacket, "SUBACK with a reserved return code", "90 {0001 03}"),
  refused([5], "server", ProtocolError, "SUBACK with another packet's reason code", "90 {0001 {} 11}"),
  refused([3, 4], "server", ProtocolError, "SUBACK without return codes", "90 {0001}"),
  refused([5], "server", ProtocolError, "SUBACK without reason codes", "90 {0001 {}}"),
  refused([3, 4], "server", ProtocolError, "SUBACK with packet id 0", "90 {0000 00}"),
].flat();

const UNSUBSCRIBE: readonly PacketVector[] = [
  valid([3, 4], "client", "UNSUBSCRIBE", "a2 {0001 'a/b' '#'}", unsubscribe(1, ["a/b", "#"])),
  valid([5], "client", "UNSUBSCRIBE", "a2 {0001 {26 'a' 'b'} 'a/b' '#'}", unsubscribe(1, ["a/b", "#"], { userProperties: [["a", "b"]] })),
  tolerated([3], "client", "UNSUBSCRIBE sent again with DUP", "aa {0001 'a/b'}", unsubscribe(1, ["a/b"])),
  refused([4], "client", MalformedPacket, "UNSUBSCRIBE with DUP", "aa {0001 'a/b'}"),
  refused([5], "client", MalformedPacket, "UNSUBSCRIBE with DUP [MQTT-3.10.1-1]", "aa {0001 {} 'a/b'}"),
  refused([3, 4], "client", ProtocolError, "UNSUBSCRIBE with packet id 0 [MQTT3-2.3.1-1]", "a2 {0000 'a/b'}"),
  refused([5], "client", ProtocolError, "UNSUBSCRIBE with packet id 0 [MQTT-2.2.1-3]", "a2 {0000 {} 'a/b'}"),
  refused([3, 4], "client", ProtocolError, "UNSUBSCRIBE without filter [MQTT3-3.10.3-2]", "a2 {0001}"),
  refused([5], "client", ProtocolError, "UNSUBSCRIBE without filter [MQTT-3.10.3-2]", "a2 {0001 {}}"),
  refused([3, 4], "client", ProtocolError, "UNSUBSCRIBE with an empty filter [MQTT3-4.7.3-1]", "a2 {0001 ''}"),
  refused([5], "client", ProtocolError, "UNSUBSCRIBE with an empty filter [MQTT-4.7.3-1]", "a2 {0001 {} ''}"),
  refused([3, 4], "client", MalformedPacket, "UNSUBSCRIBE with an ill-formed filter [MQTT3-3.10.3-1]", "a2 {0001 [c0af]}"),
  refused([5], "client", MalformedPacket, "UNSUBSCRIBE with an ill-formed filter [MQTT-3.10.3-1]", "a2 {0001 {} [c0af]}"),
  refused([5], "client", MalformedPacket, "UNSUBSCRIBE with a subscription identifier", "a2 {0001 {0b 01} 'a'}"),
  refused([3, 4], "client", MalformedPacket, "UNSUBSCRIBE with half a length", "a2 {0001 'a' 00}"),
].flat();

const UNSUBACK: readonly PacketVector[] = [
  valid([3, 4], "server", "UNSUBACK", "b0 {0001}", { type: PacketType.Unsuback, packetId: 1, reasonCodes: [], properties: {} }),
  valid([5], "server", "UNSUBACK with each reason code", "b0 {0001 {1f 'ok'} 00 11 80 83 87 8f 91}",
    { type: PacketType.Unsuback, packetId: 1, reasonCodes: [0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91], properties: { reasonString: "ok" } }),
  refused([3, 4], "server", MalformedPacket, "UNSUBACK with codes", "b0 {0001 00}"),
  refused([5], "server", ProtocolError, "UNSUBACK with a code of SUBACK", "b0 {0001 {} 01}"),
  refused([5], "server", ProtocolError, "UNSUBACK without reason codes", "b0 {0001 {}}"),
].flat();

const PING: readonly PacketVector[] = [
  valid(ALL, "client", "PINGREQ", "c0 00", { type: PacketType.Pingreq }),
  valid(ALL, "server", "PINGRESP", "d0 00", { type: PacketType.Pingresp }),
  tolerated([3], "client", "PINGREQ with flags, which are not used", "cf 00", { type: PacketType.Pingreq }),
  refused(ALL, "client", MalformedPacket, "PINGREQ that is too long", "c0 01 00"),
  refused(ALL, "server", MalformedPacket, "PINGRESP that is too long", "d0 01 00"),
].flat();

function disconnect(reasonCode: ReasonCode = ReasonCode.NormalDisconnection, properties: Properties = {}): Disconnect {
  return { type: PacketType.Disconnect, reasonCode, properties };
}

const DISCONNECT: readonly PacketVector[] = [
  valid(ALL, "client", "DISCONNECT", "e0 00", disconnect()),
  tolerated([3], "client", "DISCONNECT with flags, which are not used", "e8 00", disconnect()),
  valid([5], "client", "DISCONNECT with will", "e0 01 04", disconnect(ReasonCode.DisconnectWithWillMessage)),
  valid([5], "client", "DISCONNECT with properties", "e0 {00 {11 0000003c 1f 'bye' 26 'a' 'b'}}",
    disconnect(ReasonCode.NormalDisconnection, { sessionExpiryInterval: 60, reasonString: "bye", userProperties: [["a", "b"]] })),
  tolerated([5], "client", "DISCONNECT with the reason code 0", "e0 01 00", disconnect()),
  tolerated([5], "client", "DISCONNECT with an empty property length", "e0 02 00 00", disconnect()),
  valid([5], "server", "DISCONNECT", "e0 01 8e", disconnect(ReasonCode.SessionTakenOver)),
  valid([5], "server", "DISCONNECT with properties", "e0 {9c {1c 'other' 1f 'move' 26 'a' 'b'}}",
    disconnect(ReasonCode.UseAnotherServer, { serverReference: "other", reasonString: "move", userProperties: [["a", "b"]] })),
  refused([3, 4], "client", MalformedPacket, "DISCONNECT that is too long", "e0 01 00"),
  refused([3, 4], "server", ProtocolError, "DISCONNECT, which only clients send", "e0 00"),
  refused([5], "client", ProtocolError, "DISCONNECT with a reason code of servers [MQTT-3.14.2-1]", "e0 01 8b"),
  refused([5], "client", ProtocolError, "DISCONNECT with a reason code of SUBACK [MQTT-3.14.2-1]", "e0 01 01"),
  refused([5], "server", ProtocolError, "DISCONNECT with a reason code of clients [MQTT-3.14.2-1]", "e0 01 04"),
  refused([5], "server", ProtocolError, "DISCONNECT with a session expiry interval [MQTT-3.14.2-2]", "e0 {00 {11 00000001}}"),
  refused([5], "client", ProtocolError, "DISCONNECT with two session expiry intervals", "e0 {00 {11 00000001 11 00000001}}"),
  refused([5], "client", MalformedPacket, "DISCONNECT with a will delay", "e0 {00 {18 00000001}}"),
  refused([5], "client", MalformedPacket, "DISCONNECT with bytes after its properties", "e0 {00 {} 00}"),
  refused([5], "client", MalformedPacket, "DISCONNECT with a property length that reaches past the end", "e0 {00 05 11}"),
].flat();

function auth(reasonCode: ReasonCode, properties: Properties): Auth {
  return { type: PacketType.Auth, reasonCode, properties };
}

const AUTH: readonly PacketVector[] = [
  valid([5], "client", "AUTH to go on", "f0 {18 {15 'SCRAM' 16 [01 02]}}", auth(ReasonCode.ContinueAuthentication, { authenticationMethod: "SCRAM", authenticationData: wire("0102") })),
  valid([5], "client", "AUTH to authenticate again", "f0 {19 {15 'SCRAM' 1f 'why' 26 'a' 'b'}}",
    auth(ReasonCode.ReAuthenticate, { authenticationMethod: "SCRAM", reasonString: "why", userProperties: [["a", "b"]] })),
  valid([5], "server", "AUTH to go on", "f0 {18 {15 'SCRAM'}}", auth(ReasonCode.ContinueAuthentication, { authenticationMethod: "SCRAM" })),
  valid([5], "server", "AUTH: success", "f0 {00 {15 'SCRAM'}}", auth(ReasonCode.Success, { authenticationMethod: "SCRAM" })),
  valid([5], "server", "AUTH without anything, which is success", "f0 00", auth(ReasonCode.Success, {})),
  refused([5], "client", ProtocolError, "AUTH: success, which only servers say [MQTT-3.15.2-1]", "f0 00"),
  refused([5], "server", ProtocolError, "AUTH to authenticate again, which only clients do [MQTT-3.15.2-1]", "f0 {19 {15 'SCRAM'}}"),
  refused([5], "client", ProtocolError, "AUTH with another packet's reason code [MQTT-3.15.2-1]", "f0 {87 {15 'SCRAM'}}"),
  refused([5], "client", ProtocolError, "AUTH without a method", "f0 {18 {26 'a' 'b'}}"),
  refused([5], "client", ProtocolError, "AUTH with two methods", "f0 {18 {15 'a' 15 'a'}}"),
  refused([5], "client", ProtocolError, "AUTH with data but no method", "f0 {18 {16 [01]}}"),
  refused([5], "client", MalformedPacket, "AUTH without a property length", "f0 {18}"),
  refused([5], "client", MalformedPacket, "AUTH with bytes after its properties", "f0 {18 {15 'a'} 00}"),
  refused([3, 4], "client", MalformedPacket, "AUTH, which does not exist", "f0 00"),
  refused([3, 4], "server", MalformedPacket, "AUTH, which does not exist", "f0 00"),
].flat();

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** All vectors of the other packets. */
export const OTHER_VECTORS: readonly PacketVector[] = [
  ...SUBSCRIBE,
  ...SUBACK,
  ...UNSUBSCRIBE,
  ...UNSUBACK,
  ...PING,
  ...DISCONNECT,
  ...AUTH,
];
