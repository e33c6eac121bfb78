import assert from "node:assert/strict";
import { Decoder } from "../codec/decode/decoder.ts";
import { forwardedProperties } from "../codec/decode/property_blocks.ts";
import { PacketType, type Publish, type QoS } from "../codec/packet.ts";
import { publishContents } from "../codec/decode/publish_contents.ts";
import { Message } from "../store/message.ts";
import { type Frame, Frames } from "./frames.ts";
import {
  publish,
  type PublishOptions,
  type Version,
  VERSIONS,
} from "../../tests/support/clients/write_packets.ts";

const NOW = 1_000_000;
const QOS = [0, 1, 2] as const;

function decode(
  version: Version,
  bytes: Uint8Array,
  role: "server" | "client" = "server",
): Publish {
  const decoder = new Decoder({ role, version, maximumPacketSize: 1e9 });
  let packet = decoder.decode(bytes, 0, bytes.length);
  while (packet?.type === PacketType.Unfinished) packet = packet.step(Infinity);
  assert.ok(packet?.type === PacketType.Publish);
  assert.equal(decoder.size, bytes.length);
  return packet;
}

function messageOf(packet: Publish): Message {
  const topic = packet.bytes.slice(packet.topicStart, packet.topicEnd);
  const interval = packet.messageExpiryInterval;
  return new Message({
    topic: { text: new TextDecoder().decode(topic), bytes: topic },
    qos: packet.qos,
    retain: packet.retain,
    source: packet.bytes,
    payloadStart: packet.payloadStart,
    payloadEnd: packet.end,
    properties: forwardedProperties(packet),
    expiresAt: interval < 0 ? Infinity : NOW + interval * 1000,
    publisher: "p",
  });
}

/** A frame with a packet identifier in it, as a subscriber gets it. */
function copy(frame: Frame, qos: QoS, packetId: number): Uint8Array {
  const bytes = frame.bytes.slice(frame.start, frame.end);
  bytes[0]! &= ~8;
  if (qos > 0) {
    bytes[frame.packetIdAt] = packetId >> 8;
    bytes[frame.packetIdAt + 1] = packetId & 0xFF;
  }
  return bytes;
}

/** Every way in which a message can come in and go out. */
function* ways() {
  for (const from of VERSIONS) {
    for (const to of VERSIONS) {
      for (const qosIn of QOS) {
        for (const qosOut of QOS) {
          for (const [retainIn, retainOut] of FLAGS) {
            yield { from, to, qosIn, qosOut, retainIn, retainOut };
          }
        }
      }
    }
  }
}
const FLAGS = [[false, false], [true, false], [true, true]] as const;

function publishFor(
  version: Version,
  qos: QoS,
  options: PublishOptions,
  payload: string | Uint8Array = "payload",
): Uint8Array {
  return publish(version, "topic/ü", payload, {
    qos,
    packetId: 0x1234,
    dup: qos > 0,
    ...options,
    ...(version === 5
      ? {
        properties: {
          contentType: "text",
          messageExpiryInterval: 60,
          userProperties: [["a", "b"]],
          ...options.properties,
        },
      }
      : { properties: {} }),
  });
}

Deno.test("Frames says the same to subscribers of every version, QoS and RETAIN flag", () => {
  const frames = new Frames();
  for (const { from, to, qosIn, qosOut, retainIn, retainOut } of ways()) {
    const packet = decode(
      from,
      publishFor(from, qosIn, { retain: retainIn }),
    );
    const message = messageOf(packet);
    frames.begin(message, NOW, packet);
    const frame = frames.frame(to, qosOut, retainOut);
    assert.equal(frames.frame(to, qosOut, retainOut), frame, "made once");
    const bytes = copy(frame, qosOut, 0xABCD);
    const contents = publishContents(decode(to, bytes, "client"));
    assert.deepEqual(contents, {
      type: PacketType.Publish,
      topic: "topic/ü",
      payload: new TextEncoder().encode("payload"),
      qos: qosOut,
      retain: retainOut,
      dup: false,
      packetId: qosOut === 0 ? 0 : 0xABCD,
      properties: from === 5 && to === 5
        ? {
          messageExpiryInterval: 60,
          contentType: "text",
          userProperties: [["a", "b"]],
        }
        : {},
    });
  }
});

Deno.test("Frames hands on what the publisher sent as it came", () => {
  const frames = new Frames();
  for (const version of VERSIONS) {
    for (const qos of QOS) {
      const packet = decode(version, publishFor(version, qos, {}));
      frames.begin(messageOf(packet), NOW, packet);
      const frame = frames.frame(version === 3 ? 4 : version, qos, false);
      assert.equal(frame.bytes, packet.bytes);
      assert.deepEqual([frame.start, frame.end], [packet.start, packet.end]);
      const other = frames.frame(version === 5 ? 4 : 5, qos, false);
      assert.notEqual(other.bytes, packet.bytes);
    }
  }
});

Deno.test("Frames does not hand on a publisher's topic alias", () => {
  const frames = new Frames();
  const options = { properties: { topicAlias: 3 } };
  const packet = decode(5, publishFor(5, 1, options));
  frames.begin(messageOf(packet), NOW, packet);
  const bytes = copy(frames.frame(5, 1, false), 1, 1);
  const { properties } = publishContents(decode(5, bytes, "client"));
  assert.equal(properties.topicAlias, undefined);
  assert.equal(properties.contentType, "text");
});

Deno.test("Frames knows where the packet identifier is, behind a fixed header of any length", () => {
  const frames = new Frames();
  for (const [from, to] of [[5, 5], [4, 5], [5, 4], [4, 4]] as const) {
    for (const around of [127, 16_383, 2_097_151]) {
      for (let length = around - 25; length < around + 5; length++) {
        const raw = publish(from, "abc", new Uint8Array(length), {
          qos: 2,
          packetId: 1,
          retain: true,
        });
        const packet = decode(from, raw);
        frames.begin(messageOf(packet), NOW, packet);
        for (const qos of [1, 2] as const) {
          const bytes = copy(frames.frame(to, qos, true), qos, 0x5678);
          const decoded = decode(to, bytes, "client");
          assert.equal(decoded.packetId, 0x5678);
          assert.equal(decoded.end - decoded.payloadStart, length);
          const topic = bytes.subarray(decoded.topicStart, decoded.topicEnd);
          assert.deepEqual([...topic], [0x61, 0x62, 0x63]);
        }
      }
    }
  }
});

Deno.test("Frames made before stay as they are while others are made of the same message", () => {
  const frames = new Frames();
  const packet = decode(5, publishFor(5, 2, {}, "x".repeat(300)));
  frames.begin(messageOf(packet), NOW, packet);
  const made = QOS.map((qos) => frames.frame(4, qos, false));
  const before = made.map((frame) => frame.bytes.slice(frame.start, frame.end));
  for (const qos of QOS) frames.frame(4, qos, true);
  for (const qos of QOS) frames.frame(5, qos, true);
  assert.deepEqual(
    made.map((frame) => frame.bytes.slice(frame.start, frame.end)),
    before,
  );
});
