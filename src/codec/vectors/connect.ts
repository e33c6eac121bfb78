// deno-fmt-ignore-file
/** Vectors of CONNECT and CONNACK. */
import { type Connack, type Connect, PacketType } from "../packet.ts";
import { ReasonCode } from "../reason_code.ts";
import { type PacketVector, refused, tolerated, valid, wire } from "./vector.ts";

const { MalformedPacket, ProtocolError, UnsupportedProtocolVersion } =
  ReasonCode;
const { ClientIdentifierNotValid, TopicNameInvalid } = ReasonCode;

function connect(fields: Partial<Connect>): Connect {
  return {
    type: PacketType.Connect,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 60,
    clientId: "abc",
    properties: {},
    ...fields,
  };
}

function connack(fields: Partial<Connack>): Connack {
  return {
    type: PacketType.Connack,
    sessionPresent: false,
    reasonCode: ReasonCode.Success,
    properties: {},
    ...fields,
  };
}

const NOTHING = new Uint8Array(0);
const WILL = {
  topic: "w",
  payload: wire('"gone"'),
  qos: 1,
  retain: true,
  properties: {},
  rawProperties: NOTHING,
} as const;

/** CONNECT that is accepted. */
const GOOD: readonly PacketVector[] = [
  valid([3], "first", "CONNECT", "10 {'MQIsdp' 03 02 003c 'abc'}", connect({ protocolVersion: 3 })),
  valid([4], "first", "CONNECT [MQTT3-3.1.3-3]", "10 {'MQTT' 04 02 003c 'abc'}", connect({ protocolVersion: 4 })),
  valid([5], "first", "CONNECT [MQTT-3.1.3-3, MQTT-2.2.2-1]", "10 {'MQTT' 05 02 003c {} 'abc'}", connect({})),
  valid([3], "first", "CONNECT with all fields", "10 {'MQIsdp' 03 ec 000a 'abc' 'w' 'gone' 'joe' 'secret'}",
    connect({ protocolVersion: 3, cleanStart: false, keepAlive: 10, will: WILL, username: "joe", password: wire('"secret"') })),
  valid([4], "first", "CONNECT with all fields [MQTT3-3.1.3-1, MQTT3-3.1.2-19, MQTT3-3.1.2-21]", "10 {'MQTT' 04 ec 000a 'abc' 'w' 'gone' 'joe' 'secret'}",
    connect({ protocolVersion: 4, cleanStart: false, keepAlive: 10, will: WILL, username: "joe", password: wire('"secret"') })),
  valid([5], "first", "CONNECT with all fields [MQTT-3.1.3-1, MQTT-3.1.2-17, MQTT-3.1.2-19]", "10 {'MQTT' 05 ec 000a {} 'abc' {} 'w' 'gone' 'joe' 'secret'}",
    connect({ cleanStart: false, keepAlive: 10, will: WILL, username: "joe", password: wire('"secret"') })),
  valid([3], "first", "CONNECT of a mosquitto bridge", "10 {'MQIsdp' 83 02 003c 'abc'}", connect({ protocolVersion: 3, isBridge: true })),
  valid([4], "first", "CONNECT of a mosquitto bridge", "10 {'MQTT' 84 02 003c 'abc'}", connect({ protocolVersion: 4, isBridge: true })),
  valid([5], "first", "CONNECT with all properties", "10 {'MQTT' 05 02 0000 {11 ffffffff 15 'SCRAM' 16 [0001ff] 17 00 19 01 21 ffff 22 0010 26 'a' 'b' 26 '' '' 26 'a' 'c' 27 00010000} 'abc'}",
    connect({
      keepAlive: 0,
      properties: {
        sessionExpiryInterval: 0xFFFFFFFF,
        authenticationMethod: "SCRAM",
        authenticationData: wire("0001ff"),
        requestProblemInformation: false,
        requestResponseInformation: true,
        receiveMaximum: 65535,
        topicAliasMaximum: 16,
        userProperties: [["a", "b"], ["", ""], ["a", "c"]],
        maximumPacketSize: 65536,
      },
    })),
  valid([5], "first", "CONNECT with all will properties [MQTT-3.1.3-10]", "10 {'MQTT' 05 16 003c {} 'abc' {01 01 02 0000000a 03 'text' 08 'answer' 09 [0102] 18 00000005 26 'z' '1' 26 'a' '2'} 'w' ''}",
    connect({
      will: {
        topic: "w",
        payload: NOTHING,
        qos: 2,
        retain: false,
        properties: {
          payloadFormatIndicator: 1,
          messageExpiryInterval: 10,
          contentType: "text",
          responseTopic: "answer",
          correlationData: wire("0102"),
          willDelayInterval: 5,
          userProperties: [["z", "1"], ["a", "2"]],
        },
        rawProperties: wire("01 01 03 'text' 08 'answer' 09 [0102] 26 'z' '1' 26 'a' '2'"),
      },
    })),
  valid([5], "first", "CONNECT with a password and no user name", "10 {'MQTT' 05 42 003c {} 'abc' 'token'}", connect({ password: wire('"token"') })),
  valid([5], "first", "CONNECT without a client identifier, to resume [MQTT-3.1.3-6]", "10 {'MQTT' 05 00 003c {} ''}", connect({ cleanStart: false, clientId: "" })),
  valid([4], "first", "CONNECT without a client identifier, clean [MQTT3-3.1.3-6]", "10 {'MQTT' 04 02 003c ''}", connect({ protocolVersion: 4, clientId: "" })),
  valid([3], "first", "CONNECT with 24 characters of client identifier", "10 {'MQIsdp' 03 02 003c '012345678901234567890123'}", connect({ protocolVersion: 3, clientId: "012345678901234567890123" })),
  valid([4], "first", "CONNECT with 24 bytes of client identifier", "10 {'MQTT' 04 02 003c '012345678901234567890123'}", connect({ protocolVersion: 4, clientId: "012345678901234567890123" })),
  valid([3], "first", "CONNECT with 23 characters of client identifier in more bytes", "10 {'MQIsdp' 03 02 003c 'äöü45678901234567890😀12'}", connect({ protocolVersion: 3, clientId: "äöü45678901234567890😀12" })),
  valid([5], "first", "CONNECT with all kinds of characters [MQTT-1.5.4-1]", "10 {'MQTT' 05 02 003c {} 'aß水😀\u0001'}", connect({ clientId: "aß水😀\u0001" })),
  valid([4], "first", "CONNECT with a byte order mark [MQTT3-1.5.3-3]", "10 {'MQTT' 04 02 003c [efbbbf 61 efbbbf]}", connect({ protocolVersion: 4, clientId: "\uFEFFa\uFEFF" })),
  valid([5], "first", "CONNECT with a byte order mark [MQTT-1.5.4-3]", "10 {'MQTT' 05 02 003c {} [efbbbf 61 efbbbf]}", connect({ clientId: "\uFEFFa\uFEFF" })),
  tolerated([3], "first", "CONNECT with flags for a user name and password that are missing", "10 {'MQIsdp' 03 c2 003c 'abc'}", connect({ protocolVersion: 3 })),
  tolerated([3], "first", "CONNECT with a flag for a password that is missing", "10 {'MQIsdp' 03 c2 003c 'abc' 'joe'}", connect({ protocolVersion: 3, username: "joe" })),
  tolerated([3], "first", "CONNECT with will flags but no will, which are disregarded", "10 {'MQIsdp' 03 3b 003c 'abc'}", connect({ protocolVersion: 3 })),
  tolerated([3], "first", "CONNECT with the reserved flag", "10 {'MQIsdp' 03 03 003c 'abc'}", connect({ protocolVersion: 3 })),
  tolerated([3], "first", "CONNECT with flags in its first byte, which are not used", "1f {'MQIsdp' 03 02 003c 'abc'}", connect({ protocolVersion: 3 })),
  tolerated([4], "first", "CONNECT with a remaining length that is longer than need be", "10 8f80 00 'MQTT' 04 02 003c 'abc'", connect({ protocolVersion: 4 })),
].flat();

/** What is refused in the variable header and the payload of every version. */
const BAD: readonly PacketVector[] = [
  refused([5], "first", UnsupportedProtocolVersion, "CONNECT with another protocol name [MQTT-3.1.2-1]", "10 {'MQTX' 05 02 003c {} 'abc'}"),
  refused([4], "first", UnsupportedProtocolVersion, "CONNECT with another protocol name [MQTT3-3.1.2-1]", "10 {'mqtt' 04 02 003c 'abc'}"),
  refused([4], "first", UnsupportedProtocolVersion, "CONNECT with the protocol name of 3.1", "10 {'MQIsdp' 04 02 003c 'abc'}"),
  refused([3], "first", UnsupportedProtocolVersion, "CONNECT with the protocol name of 3.1.1", "10 {'MQTT' 03 02 003c 'abc'}"),
  refused([5], "first", UnsupportedProtocolVersion, "CONNECT with version 6 [MQTT-3.1.2-2]", "10 {'MQTT' 06 02 003c {} 'abc'}"),
  refused([4], "first", UnsupportedProtocolVersion, "CONNECT with version 2 [MQTT3-3.1.2-2]", "10 {'MQTT' 02 02 003c 'abc'}"),
  refused([4], "first", UnsupportedProtocolVersion, "CONNECT with the bridge bit and the protocol name of 3.1", "10 {'MQIsdp' 84 02 003c 'abc'}"),
  refused([3], "first", UnsupportedProtocolVersion, "CONNECT with the bridge bit and the protocol name of 3.1.1", "10 {'MQTT' 83 02 003c 'abc'}"),
  refused([4], "first", UnsupportedProtocolVersion, "CONNECT with the bridge bit and version 5, which no bridge sends", "10 {'MQTT' 85 02 003c {} 'abc'}"),
  refused([4], "first", MalformedPacket, "CONNECT with flags in its first byte [MQTT3-2.2.2-2]", "18 {'MQTT' 04 02 003c 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with flags in its first byte [MQTT-2.1.3-1]", "12 {'MQTT' 05 02 003c {} 'abc'}"),
  refused([4], "first", MalformedPacket, "CONNECT with the reserved flag [MQTT3-3.1.2-3]", "10 {'MQTT' 04 03 003c 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with the reserved flag [MQTT-3.1.2-3]", "10 {'MQTT' 05 03 003c {} 'abc'}"),
  refused([3], "first", MalformedPacket, "CONNECT with will QoS 3", "10 {'MQIsdp' 03 1e 003c 'abc' 'w' 'gone'}"),
  refused([4], "first", MalformedPacket, "CONNECT with will QoS 3 [MQTT3-3.1.2-14]", "10 {'MQTT' 04 1e 003c 'abc' 'w' 'gone'}"),
  refused([5], "first", MalformedPacket, "CONNECT with will QoS 3 [MQTT-3.1.2-12]", "10 {'MQTT' 05 1e 003c {} 'abc' {} 'w' 'gone'}"),
  refused([4], "first", MalformedPacket, "CONNECT with a will QoS but no will [MQTT3-3.1.2-13]", "10 {'MQTT' 04 0a 003c 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a will QoS but no will [MQTT-3.1.2-11]", "10 {'MQTT' 05 0a 003c {} 'abc'}"),
  refused([4], "first", MalformedPacket, "CONNECT with will retain but no will [MQTT3-3.1.2-15]", "10 {'MQTT' 04 22 003c 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with will retain but no will [MQTT-3.1.2-13]", "10 {'MQTT' 05 22 003c {} 'abc'}"),
  refused([4], "first", MalformedPacket, "CONNECT with the will flag but no will [MQTT3-3.1.2-9]", "10 {'MQTT' 04 06 003c 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with the will flag but no will [MQTT-3.1.2-9]", "10 {'MQTT' 05 06 003c {} 'abc'}"),
  refused([4], "first", MalformedPacket, "CONNECT with a will but no will flag [MQTT3-3.1.2-11]", "10 {'MQTT' 04 02 003c 'abc' 'w' 'gone'}"),
  refused([3], "first", MalformedPacket, "CONNECT with a will topic but no will payload", "10 {'MQIsdp' 03 06 003c 'abc' 'w'}"),
  refused([4], "first", MalformedPacket, "CONNECT with a password flag but no user name flag [MQTT3-3.1.2-22]", "10 {'MQTT' 04 42 003c 'abc' 'secret'}"),
  refused([3], "first", MalformedPacket, "CONNECT with a password flag but no user name flag", "10 {'MQIsdp' 03 42 003c 'abc' 'secret'}"),
  refused([4], "first", MalformedPacket, "CONNECT with a user name flag but no user name [MQTT3-3.1.2-19]", "10 {'MQTT' 04 82 003c 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a user name flag but no user name [MQTT-3.1.2-17]", "10 {'MQTT' 05 82 003c {} 'abc'}"),
  refused([4], "first", MalformedPacket, "CONNECT with a user name but no flag [MQTT3-3.1.2-18]", "10 {'MQTT' 04 02 003c 'abc' 'joe'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a user name but no flag [MQTT-3.1.2-16]", "10 {'MQTT' 05 02 003c {} 'abc' 'joe'}"),
  refused([4], "first", MalformedPacket, "CONNECT with a password flag but no password [MQTT3-3.1.2-21]", "10 {'MQTT' 04 c2 003c 'abc' 'joe'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a password flag but no password [MQTT-3.1.2-19]", "10 {'MQTT' 05 c2 003c {} 'abc' 'joe'}"),
  refused([4], "first", MalformedPacket, "CONNECT with a password but no flag [MQTT3-3.1.2-20]", "10 {'MQTT' 04 82 003c 'abc' 'joe' 'secret'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a password but no flag [MQTT-3.1.2-18]", "10 {'MQTT' 05 82 003c {} 'abc' 'joe' 'secret'}"),
  refused([3], "first", ClientIdentifierNotValid, "CONNECT without a client identifier", "10 {'MQIsdp' 03 02 003c ''}"),
  refused([4], "first", ClientIdentifierNotValid, "CONNECT without a client identifier, to resume [MQTT3-3.1.3-7, MQTT3-3.1.3-8]", "10 {'MQTT' 04 00 003c ''}"),
  refused([4], "first", MalformedPacket, "CONNECT that ends before the client identifier [MQTT3-3.1.3-3]", "10 {'MQTT' 04 02 003c}"),
  refused([5], "first", MalformedPacket, "CONNECT that ends before the client identifier [MQTT-3.1.3-3]", "10 {'MQTT' 05 02 003c {}}"),
  refused([4], "first", MalformedPacket, "CONNECT that ends in the keep alive", "10 {'MQTT' 04 02 00}"),
  refused([4], "first", MalformedPacket, "CONNECT that ends in the protocol name", "10 {0004 \"MQT\"}"),
  refused([4], "first", MalformedPacket, "CONNECT that is empty", "10 {}"),
  refused([4], "first", MalformedPacket, "CONNECT with an ill-formed client identifier [MQTT3-3.1.3-4, MQTT3-1.5.3-1]", "10 {'MQTT' 04 02 003c [61 c0]}"),
  refused([5], "first", MalformedPacket, "CONNECT with an ill-formed client identifier [MQTT-3.1.3-4, MQTT-1.5.4-1]", "10 {'MQTT' 05 02 003c {} [61 c0]}"),
  refused([3], "first", MalformedPacket, "CONNECT with a null character", "10 {'MQIsdp' 03 02 003c [61 00]}"),
  refused([4], "first", MalformedPacket, "CONNECT with a null character [MQTT3-1.5.3-2]", "10 {'MQTT' 04 02 003c [61 00]}"),
  refused([5], "first", MalformedPacket, "CONNECT with a null character [MQTT-1.5.4-2]", "10 {'MQTT' 05 02 003c {} [61 00]}"),
  refused([4], "first", MalformedPacket, "CONNECT with an ill-formed will topic [MQTT3-3.1.3-10]", "10 {'MQTT' 04 06 003c 'abc' [ed a0 80] 'gone'}"),
  refused([5], "first", MalformedPacket, "CONNECT with an ill-formed will topic [MQTT-3.1.3-11]", "10 {'MQTT' 05 06 003c {} 'abc' {} [ed a0 80] 'gone'}"),
  refused([4], "first", ProtocolError, "CONNECT with an empty will topic", "10 {'MQTT' 04 06 003c 'abc' '' 'gone'}"),
  refused([5], "first", ProtocolError, "CONNECT with an empty will topic [MQTT-4.7.3-1]", "10 {'MQTT' 05 06 003c {} 'abc' {} '' 'gone'}"),
  refused([4], "first", TopicNameInvalid, "CONNECT with a wildcard in its will topic", "10 {'MQTT' 04 06 003c 'abc' 'w/#' 'gone'}"),
  refused([5], "first", TopicNameInvalid, "CONNECT with a wildcard in its will topic [MQTT-4.7.0-1]", "10 {'MQTT' 05 06 003c {} 'abc' {} 'w/+' 'gone'}"),
  refused([4], "first", MalformedPacket, "CONNECT with an ill-formed user name [MQTT3-3.1.3-11]", "10 {'MQTT' 04 82 003c 'abc' [ff]}"),
  refused([5], "first", MalformedPacket, "CONNECT with an ill-formed user name [MQTT-3.1.3-12]", "10 {'MQTT' 05 82 003c {} 'abc' [ff]}"),
  refused([3], "first", MalformedPacket, "CONNECT with bytes after its last field", "10 {'MQIsdp' 03 02 003c 'abc' 00}"),
  refused([5], "first", MalformedPacket, "CONNECT with a remaining length that is longer than need be [MQTT-1.5.5-1]", "10 9080 00 'MQTT' 05 02 003c {} 'abc'"),
  refused([4, 5], "first", MalformedPacket, "CONNECT with a remaining length of five bytes", "10 ffffffff 01"),
].flat();

function withProperty(property: string): string {
  return `10 {'MQTT' 05 02 003c {${property}} 'abc'}`;
}

function withWillProperty(property: string): string {
  return `10 {'MQTT' 05 06 003c {} 'abc' {${property}} 'w' 'gone'}`;
}

/** What is refused in the properties. */
const BAD_PROPERTIES: readonly PacketVector[] = [
  refused([5], "first", ProtocolError, "CONNECT with receive maximum 0", withProperty("21 0000")),
  refused([5], "first", ProtocolError, "CONNECT with maximum packet size 0", withProperty("27 00000000")),
  refused([5], "first", ProtocolError, "CONNECT with request problem information 2", withProperty("17 02")),
  refused([5], "first", ProtocolError, "CONNECT with request response information 2", withProperty("19 02")),
  refused([5], "first", ProtocolError, "CONNECT with authentication data but no method", withProperty("16 [01]")),
  refused([5], "first", ProtocolError, "CONNECT with two session expiry intervals", withProperty("11 00000001 11 00000001")),
  refused([5], "first", MalformedPacket, "CONNECT with an unknown property", withProperty("7f 00")),
  refused([5], "first", MalformedPacket, "CONNECT with property identifier 0", withProperty("00")),
  refused([5], "first", MalformedPacket, "CONNECT with a property identifier of two bytes", withProperty("9101 00000001")),
  refused([5], "first", MalformedPacket, "CONNECT with a property identifier that is longer than need be [MQTT-1.5.5-1]", withProperty("9100 00000001")),
  refused([5], "first", MalformedPacket, "CONNECT with a property of PUBLISH", withProperty("23 0001")),
  refused([5], "first", MalformedPacket, "CONNECT with a property of a will", withProperty("18 00000001")),
  refused([5], "first", MalformedPacket, "CONNECT with a property that is cut short", withProperty("11 000000")),
  refused([5], "first", MalformedPacket, "CONNECT with a string that reaches past its properties", withProperty('15 0005 "SCRA"')),
  refused([5], "first", MalformedPacket, "CONNECT with an ill-formed user property name [MQTT-1.5.7-1]", withProperty("26 [ff] 'b'")),
  refused([5], "first", MalformedPacket, "CONNECT with a null character in a user property [MQTT-1.5.7-1]", withProperty("26 'a' [00]")),
  refused([5], "first", MalformedPacket, "CONNECT with half a user property", withProperty("26 'a'")),
  refused([5], "first", MalformedPacket, "CONNECT with a property length that reaches past the end", "10 {'MQTT' 05 02 003c 10 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a property length that is longer than need be [MQTT-1.5.5-1]", "10 {'MQTT' 05 02 003c 8000 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a property length of five bytes", "10 {'MQTT' 05 02 003c 8080808000 'abc'}"),
  refused([5], "first", MalformedPacket, "CONNECT with a property of CONNECT in its will", withWillProperty("11 00000001")),
  refused([5], "first", MalformedPacket, "CONNECT with a topic alias in its will", withWillProperty("23 0001")),
  refused([5], "first", ProtocolError, "CONNECT with two will delays", withWillProperty("18 00000001 18 00000001")),
  refused([5], "first", ProtocolError, "CONNECT with a payload format indicator of 2 in its will", withWillProperty("01 02")),
  refused([5], "first", ProtocolError, "CONNECT with a wildcard in the response topic of its will", withWillProperty("08 'a/#'")),
  refused([5], "first", ProtocolError, "CONNECT with an empty response topic in its will", withWillProperty("08 ''")),
].flat();

const ALL_CONNACK_PROPERTIES = {
  sessionExpiryInterval: 3600,
  assignedClientIdentifier: "auto-1",
  serverKeepAlive: 30,
  authenticationMethod: "SCRAM",
  authenticationData: wire("ff"),
  responseInformation: "answers/",
  serverReference: "other:1883",
  reasonString: "because",
  receiveMaximum: 10,
  topicAliasMaximum: 5,
  maximumQoS: 1,
  retainAvailable: false,
  userProperties: [["a", "b"]] as [string, string][],
  maximumPacketSize: 1000,
  wildcardSubscriptionAvailable: true,
  subscriptionIdentifierAvailable: false,
  sharedSubscriptionAvailable: true,
} as const;

const CONNACK: readonly PacketVector[] = [
  valid([3, 4], "server", "CONNACK", "20 02 00 00", connack({})),
  valid([5], "server", "CONNACK", "20 {00 00 {}}", connack({})),
  valid([4], "server", "CONNACK with a session", "20 02 01 00", connack({ sessionPresent: true })),
  valid([5], "server", "CONNACK with a session", "20 {01 00 {}}", connack({ sessionPresent: true })),
  valid([3, 4], "server", "CONNACK: version", "20 02 00 01", connack({ reasonCode: UnsupportedProtocolVersion })),
  valid([3, 4], "server", "CONNACK: identifier", "20 02 00 02", connack({ reasonCode: ClientIdentifierNotValid })),
  valid([3, 4], "server", "CONNACK: unavailable", "20 02 00 03", connack({ reasonCode: ReasonCode.ServerUnavailable })),
  valid([3, 4], "server", "CONNACK: bad password", "20 02 00 04", connack({ reasonCode: ReasonCode.BadUserNameOrPassword })),
  valid([3, 4], "server", "CONNACK: not authorized", "20 02 00 05", connack({ reasonCode: ReasonCode.NotAuthorized })),
  valid([5], "server", "CONNACK: banned", "20 {00 8a {1f 'go'}}", connack({ reasonCode: ReasonCode.Banned, properties: { reasonString: "go" } })),
  valid([5], "server", "CONNACK with all properties",
    "20 {00 00 {11 00000e10 12 'auto-1' 13 001e 15 'SCRAM' 16 [ff] 1a 'answers/' 1c 'other:1883' 1f 'because' 21 000a 22 0005 24 01 25 00 26 'a' 'b' 27 000003e8 28 01 29 00 2a 01}}",
    connack({ properties: ALL_CONNACK_PROPERTIES })),
  tolerated([3], "server", "CONNACK with a first byte that is not used", "20 02 ff 00", connack({})),
  refused([4, 5], "server", MalformedPacket, "CONNACK with reserved flags [MQTT-3.2.2-1]", "20 03 02 00 00"),
  refused([4], "server", MalformedPacket, "CONNACK with reserved flags", "20 02 02 00"),
  refused([4], "server", ProtocolError, "CONNACK with a session in a refusal [MQTT3-3.2.2-4]", "20 02 01 05"),
  refused([5], "server", ProtocolError, "CONNACK with a session in a refusal [MQTT-3.2.2-6]", "20 {01 87 {}}"),
  refused([3, 4], "server", MalformedPacket, "CONNACK with a reserved return code", "20 02 00 06"),
  refused([5], "server", ProtocolError, "CONNACK with a reason code of DISCONNECT [MQTT-3.2.2-8]", "20 {00 8e {}}"),
  refused([5], "server", MalformedPacket, "CONNACK without a property length", "20 02 00 00"),
  refused([5], "server", ProtocolError, "CONNACK with maximum QoS 2", "20 {00 00 {24 02}}"),
  refused([5], "server", ProtocolError, "CONNACK with retain available 2", "20 {00 00 {25 02}}"),
  refused([5], "server", ProtocolError, "CONNACK with receive maximum 0", "20 {00 00 {21 0000}}"),
  refused([5], "server", MalformedPacket, "CONNACK with a property of CONNECT", "20 {00 00 {17 01}}"),
  refused([4], "server", MalformedPacket, "CONNACK that is too long", "20 03 00 00 00"),
].flat();

/** All vectors of CONNECT and CONNACK. */
export const CONNECT_VECTORS: readonly PacketVector[] = [
  ...GOOD,
  ...BAD,
  ...BAD_PROPERTIES,
  ...CONNACK,
];
