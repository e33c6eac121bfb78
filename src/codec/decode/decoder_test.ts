import assert from "node:assert/strict";
import { Decoder, type DecoderOptions } from "./decoder.ts";
import { encode } from "../encode/encode.ts";
import {
  type FinishedPacket,
  PacketType,
  Publish,
  type Subscribe,
  UnfinishedPacket,
  type Unsubscribe,
} from "../packet.ts";
import { PacketError } from "../packet_error.ts";
import { forwardedProperties } from "./property_blocks.ts";
import { publishContents } from "./publish_contents.ts";
import { ReasonCode } from "../reason_code.ts";
import { hashTopic } from "../topic_hash.ts";
import { wire } from "../vectors/vector.ts";

function decoder(options: Partial<DecoderOptions> = {}): Decoder {
  return new Decoder({
    role: "server",
    version: 5,
    maximumPacketSize: 16_777_216,
    ...options,
  });
}

function decode(
  bytes: Uint8Array,
  options?: Partial<DecoderOptions>,
): FinishedPacket {
  const packet = decoder(options).decode(bytes, 0, bytes.length);
  assert(packet !== undefined && !(packet instanceof UnfinishedPacket));
  return packet;
}

function throwsReason(run: () => unknown, reason: ReasonCode): void {
  assert.throws(
    run,
    (error) => error instanceof PacketError && error.reasonCode === reason,
  );
}

const encoder = new TextEncoder();

Deno.test("decode tells where the parts of a PUBLISH lie", () => {
  const bytes = wire(
    "ffff 3b {'räume/1' 0102 {23 0007 02 ffffffff 03 'x'} \"payload\"} ffff",
  );
  const publish = decoder().decode(bytes, 2, bytes.length);
  assert(publish instanceof Publish);
  const part = (start: number, end: number) =>
    new TextDecoder().decode(bytes.subarray(start, end));
  assert.equal(publish.bytes, bytes);
  assert.equal(publish.start, 2);
  assert.equal(publish.end, bytes.length - 2);
  assert.equal(publish.qos, 1);
  assert.equal(publish.dup, true);
  assert.equal(publish.retain, true);
  assert.equal(publish.packetId, 0x0102);
  assert.equal(part(publish.topicStart, publish.topicEnd), "räume/1");
  assert.equal(publish.topicAlias, 7);
  assert.equal(publish.messageExpiryInterval, 0xFFFFFFFF);
  assert.deepEqual(
    bytes.subarray(publish.propertiesStart, publish.propertiesEnd),
    wire("23 0007 02 ffffffff 03 'x'"),
  );
  assert.equal(part(publish.payloadStart, publish.end), "payload");
});

Deno.test("decode marks what a PUBLISH does not have", () => {
  for (const version of [3, 4, 5] as const) {
    const bytes = version === 5 ? wire("30 {'a' {}}") : wire("30 {'a'}");
    const publish = decode(bytes, { version });
    assert(publish instanceof Publish);
    assert.equal(publish.version, version);
    assert.equal(publish.packetId, 0);
    assert.equal(publish.topicAlias, 0);
    assert.equal(publish.messageExpiryInterval, -1);
    assert.equal(publish.propertiesStart, publish.propertiesEnd);
    assert.equal(publish.payloadStart, publish.end);
    assert.equal(forwardedProperties(publish).length, 0);
  }
});

Deno.test("hashTopic gives the topicHash of a PUBLISH, for topics of every length and script", () => {
  const topics = ["x", "ab", "abc", "a/b/c", "水/ß", "x".repeat(1000)];
  const hashes = new Set<number>();
  for (const topic of topics) {
    const publish = decode(encode({
      type: PacketType.Publish,
      topic,
      payload: new Uint8Array(3),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: {},
    }, 5));
    assert(publish instanceof Publish);
    const bytes = encoder.encode(`#${topic}`);
    assert.equal(hashTopic(bytes, 1, bytes.length), publish.topicHash);
    assert.equal(publish.topicHash, publish.topicHash | 0);
    hashes.add(publish.topicHash);
  }
  assert.equal(hashes.size, topics.length);
});

Deno.test("decode takes a topic of 65,535 bytes [MQTT-4.7.3-3]", () => {
  const topic = "/".repeat(65_535);
  const bytes = Uint8Array.of(
    0x30,
    0x82,
    0x80,
    0x04,
    0xFF,
    0xFF,
    ...encoder.encode(topic),
    0,
  );
  const publish = decode(bytes);
  assert(publish instanceof Publish);
  assert.equal(publishContents(publish).topic, topic);
});

Deno.test("decode refuses topics above maximumTopicLength bytes", () => {
  const options = { maximumTopicLength: 4 };
  decode(wire("30 {'a/bc' {}}"), options);
  for (const topic of ["'a/bcd'", "'a/ßß'"]) {
    throwsReason(
      () => decode(wire(`30 {${topic} {}}`), options),
      ReasonCode.TopicNameInvalid,
    );
  }
  const server = new Decoder({
    role: "server",
    maximumPacketSize: 100,
    ...options,
  });
  const connect = wire("10 {'MQTT' 05 06 003c {} 'abc' {} 'a/bcd' ''}");
  throwsReason(
    () => server.decode(connect, 0, connect.length),
    ReasonCode.TopicNameInvalid,
  );
});

Deno.test("decode refuses a packet above maximumPacketSize as soon as its fixed header is there [MQTT-3.2.2-15]", () => {
  const bytes = wire("30 {'a' {} 000000}");
  const small = decoder({ maximumPacketSize: bytes.length - 1 });
  assert.equal(small.decode(bytes, 0, 1), undefined);
  throwsReason(() => small.decode(bytes, 0, 2), ReasonCode.PacketTooLarge);
  small.maximumPacketSize = bytes.length;
  assert(small.decode(bytes, 0, bytes.length) instanceof Publish);
});

Deno.test("decode refuses at the first byte what it can", () => {
  const cases: readonly (readonly [number, ReasonCode])[] = [
    [0x00, ReasonCode.MalformedPacket],
    [0x36, ReasonCode.MalformedPacket],
    [0x38, ReasonCode.MalformedPacket],
    [0x80, ReasonCode.MalformedPacket],
    [0x20, ReasonCode.ProtocolError],
    [0x10, ReasonCode.ProtocolError],
  ];
  for (const [first, reason] of cases) {
    throwsReason(
      () => decoder().decode(Uint8Array.of(first), 0, 1),
      reason,
    );
  }
  throwsReason(
    () =>
      new Decoder({ role: "server", maximumPacketSize: 100 })
        .decode(Uint8Array.of(0x47), 0, 1),
    ReasonCode.ProtocolError,
  );
});

Deno.test("decode refuses a remaining length that cannot be right before the packet is there", () => {
  const cases = ["c0 01", "40 01", "32 04", "30 02", "10 06"];
  for (const notation of cases) {
    const version = notation.startsWith("10") ? {} : { version: 4 as const };
    throwsReason(
      () =>
        new Decoder({ role: "server", maximumPacketSize: 100, ...version })
          .decode(wire(notation), 0, 2),
      ReasonCode.MalformedPacket,
    );
  }
});

Deno.test("decode copies what CONNECT holds", () => {
  const bytes = wire(
    "10 {'MQTT' 05 c6 003c {16 [01] 15 'm'} 'abc' {09 [02]} 'w' 'gone' 'joe' 'secret'}",
  );
  const server = new Decoder({ role: "server", maximumPacketSize: 1000 });
  const connect = server.decode(bytes, 0, bytes.length);
  bytes.fill(0xFF);
  assert(connect?.type === PacketType.Connect);
  assert.deepEqual(connect.password, encoder.encode("secret"));
  assert.deepEqual(connect.properties.authenticationData, Uint8Array.of(1));
  assert.deepEqual(connect.will?.payload, encoder.encode("gone"));
  assert.deepEqual(connect.will.rawProperties, wire("09 [02]"));
  assert.deepEqual(connect.will.properties.correlationData, Uint8Array.of(2));
});

Deno.test("decode keeps maximumFilters filters and counts the others", () => {
  const subscribe = wire("82 {0001 {} 'a' 00 'b' 01 'c' 02 'd' 00}");
  const unsubscribe = wire("a2 {0001 {} 'a' 'b' 'c' 'd'}");
  for (const bytes of [subscribe, unsubscribe]) {
    const packet = decode(bytes, { maximumFilters: 3 }) as
      | Subscribe
      | Unsubscribe;
    assert.equal(packet.filters.length, 3);
    assert.equal(packet.extraFilters, 1);
  }
  for (const last of ["[ff] 00", "'' 00", "'d' 03", "'d'", "'$share/g/d' 04"]) {
    assert.throws(
      () => decode(wire(`82 {0001 {} 'a' 00 ${last}}`), { maximumFilters: 1 }),
      PacketError,
    );
  }
});

Deno.test("decode keeps maximumUserProperties user properties and counts the others", () => {
  const bytes = wire("e0 {00 {26 'a' '1' 26 'b' '2' 26 'c' '3' 1f 'x'}}");
  const packet = decode(bytes, { maximumUserProperties: 2 });
  assert(packet.type === PacketType.Disconnect);
  assert.deepEqual(packet.properties, {
    userProperties: [["a", "1"], ["b", "2"]],
    extraUserProperties: 1,
    reasonString: "x",
  });
  assert.throws(
    () =>
      decode(wire("e0 {00 {26 'a' '1' 26 'b' [ff]}}"), {
        maximumUserProperties: 1,
      }),
    PacketError,
  );
});
