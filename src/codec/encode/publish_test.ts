import assert from "node:assert/strict";
import { Decoder } from "../decode/decoder.ts";
import {
  copyBytes,
  encode,
  type OutgoingPublish,
  publishSize,
  writeAcknowledgement,
  writePublish,
} from "./encode.ts";
import { encodeProperties } from "./properties.ts";
import { Acknowledgement, PacketType, Publish } from "../packet.ts";
import { publishContents } from "../decode/publish_contents.ts";
import type { Properties } from "../properties.ts";
import { ReasonCode } from "../reason_code.ts";
import { wire } from "../vectors/vector.ts";

const encoder = new TextEncoder();

function outgoing(fields: Partial<OutgoingPublish>): OutgoingPublish {
  return {
    version: 5,
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    topic: encoder.encode("a/b"),
    properties: new Uint8Array(0),
    messageExpiryInterval: -1,
    subscriptionIdentifiers: [],
    topicAlias: 0,
    source: encoder.encode("..hello.."),
    start: 2,
    end: 7,
    ...fields,
  };
}

function written(publish: OutgoingPublish): Uint8Array {
  const size = publishSize(publish);
  const out = new Uint8Array(size + 20).fill(0xEE);
  assert.equal(writePublish(out, 10, publish), 10 + size);
  assert(out.subarray(0, 10).every((byte) => byte === 0xEE));
  assert(out.subarray(10 + size).every((byte) => byte === 0xEE));
  return out.subarray(10, 10 + size);
}

Deno.test("writePublish writes the flags, the packet id above QoS 0 and the properties of 5.0", () => {
  const cases: readonly (readonly [Partial<OutgoingPublish>, string])[] = [
    [{ version: 3 }, "30 {'a/b' \"hello\"}"],
    [{ version: 4, packetId: 7 }, "30 {'a/b' \"hello\"}"],
    [{}, "30 {'a/b' {} \"hello\"}"],
    [
      { version: 4, qos: 1, packetId: 0x0102, dup: true },
      "3a {'a/b' 0102 \"hello\"}",
    ],
    [{ qos: 2, packetId: 65535, retain: true }, "35 {'a/b' ffff {} \"hello\"}"],
    [
      { topicAlias: 0x0102, messageExpiryInterval: 0xFFFFFFFE },
      "30 {'a/b' {23 0102 02 fffffffe} \"hello\"}",
    ],
    [{ messageExpiryInterval: 0 }, "30 {'a/b' {02 00000000} \"hello\"}"],
    [
      { topic: new Uint8Array(0), topicAlias: 1 },
      "30 {'' {23 0001} \"hello\"}",
    ],
    [
      { subscriptionIdentifiers: [1, 268435455, 200] },
      "30 {'a/b' {0b 01 0b ffffff7f 0b c801} \"hello\"}",
    ],
    [
      { properties: wire("26 'k' 'v'"), subscriptionIdentifiers: [5] },
      "30 {'a/b' {0b 05 26 'k' 'v'} \"hello\"}",
    ],
    [{
      version: 4,
      properties: wire("26 'k' 'v'"),
      topicAlias: 1,
      subscriptionIdentifiers: [5],
      messageExpiryInterval: 3,
    }, "30 {'a/b' \"hello\"}"],
    [{ start: 2, end: 2 }, "30 {'a/b' {}}"],
  ];
  for (const [fields, expected] of cases) {
    assert.deepEqual(written(outgoing(fields)), wire(expected), expected);
  }
});

Deno.test("writePublish writes at every length what encode and decode make of it", () => {
  const properties: Properties = {
    contentType: "t",
    userProperties: [["k", "v".repeat(130)]],
  };
  for (const version of [4, 5] as const) {
    for (const topicLength of [1, 16, 17, 64, 65, 200]) {
      for (
        const length of [
          0,
          1,
          16,
          17,
          63,
          64,
          65,
          127,
          128,
          16_300,
          16_400,
          70_000,
          2_097_152,
        ]
      ) {
        const source = new Uint8Array(length + 7).map((_, i) => i * 7);
        const topic = "t".repeat(topicLength);
        const bytes = written(outgoing({
          version,
          qos: 1,
          packetId: 9,
          topic: encoder.encode(topic),
          properties: encodeProperties(properties),
          source,
          start: 7,
          end: length + 7,
        }));
        const contents = {
          type: PacketType.Publish,
          topic,
          payload: source.subarray(7),
          qos: 1,
          retain: false,
          dup: false,
          packetId: 9,
          properties: version === 5 ? properties : {},
        } as const;
        assert.deepEqual(bytes, encode(contents, version));
        const decoder = new Decoder({
          role: "client",
          version,
          maximumPacketSize: 1e9,
        });
        const publish = decoder.decode(bytes, 0, bytes.length);
        assert(publish instanceof Publish);
        assert.deepEqual(encode(publish, version), bytes);
        assert.equal(publishContents(publish).topic, topic);
      }
    }
  }
});

Deno.test("writePublish refuses nothing where the source is one whole buffer", () => {
  for (const length of [0, 5, 16, 17, 64, 65, 1000]) {
    const source = new Uint8Array(length).map((_, i) => i);
    const bytes = written(outgoing({ source, start: 0, end: length }));
    assert.deepEqual(bytes.subarray(bytes.length - length), source);
  }
});

Deno.test("copyBytes copies parts of every length", () => {
  const source = new Uint8Array(300).map((_, i) => i);
  for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 299, 300]) {
    const start = Math.min(1, 300 - length);
    const out = new Uint8Array(302);
    assert.equal(copyBytes(source, start, start + length, out, 1), 1 + length);
    assert.deepEqual(
      out.subarray(1, 1 + length),
      source.subarray(start, start + length),
    );
    assert(out.subarray(1 + length).every((byte) => byte === 0));
  }
});

Deno.test("writeAcknowledgement writes what encode does", () => {
  const { Puback, Pubrec, Pubrel, Pubcomp } = PacketType;
  for (const type of [Puback, Pubrec, Pubrel, Pubcomp] as const) {
    for (const version of [3, 4, 5] as const) {
      for (const reason of [ReasonCode.Success, ReasonCode.QuotaExceeded]) {
        const out = new Uint8Array(10).fill(0xEE);
        const end = writeAcknowledgement(out, 2, type, 0xABCD, reason, version);
        assert.deepEqual(
          out.subarray(2, end),
          encode(new Acknowledgement(type, 0xABCD, reason), version),
        );
        assert(out.subarray(end).every((byte) => byte === 0xEE));
      }
    }
  }
});

Deno.test("encode refuses fields that are too long", () => {
  const long = "x".repeat(65_536);
  const publish = {
    type: PacketType.Publish,
    topic: long,
    payload: new Uint8Array(0),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: {},
  } as const;
  assert.throws(() => encode(publish, 4), RangeError);
  assert.throws(
    () =>
      encode({ ...publish, topic: "a", properties: { contentType: long } }, 5),
    RangeError,
  );
});
