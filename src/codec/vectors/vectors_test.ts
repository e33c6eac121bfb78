import assert from "node:assert/strict";
import { Decoder } from "../decode/decoder.ts";
import { type EncodablePacket, encode } from "../encode/encode.ts";
import { type Packet, packetName, Publish } from "../packet.ts";
import { PacketError } from "../packet_error.ts";
import { publishContents } from "../decode/publish_contents.ts";
import { reasonName } from "../reason_code.ts";
import { type PacketVector, VECTORS } from "./vectors.ts";

function decoderFor({ sender, version, first }: PacketVector): Decoder {
  return new Decoder({
    role: sender === "client" ? "server" : "client",
    ...(first ? {} : { version }),
    maximumPacketSize: 268_435_460,
  });
}

function plain(packet: Packet | undefined): unknown {
  return packet instanceof Publish ? publishContents(packet) : packet;
}

const good = VECTORS.filter((vector) => vector.packet !== undefined);
const bad = VECTORS.filter((vector) => vector.reason !== undefined);

Deno.test("decode gives the packet of every good vector", () => {
  for (const vector of good) {
    const { name, bytes } = vector;
    const decoder = decoderFor(vector);
    const packet = decoder.decode(bytes, 0, bytes.length);
    assert.deepEqual(plain(packet), vector.packet, name);
    assert.equal(decoder.size, bytes.length, name);
    if (vector.first) assert.equal(decoder.version, vector.version, name);
  }
});

Deno.test("decode finds good vectors amid other bytes", () => {
  for (const vector of good) {
    const { name, bytes } = vector;
    const decoder = decoderFor(vector);
    const buffer = new Uint8Array(bytes.length + 20).fill(0xFF);
    buffer.set(bytes, 7);
    const packet = decoder.decode(buffer, 7, buffer.length);
    assert.deepEqual(plain(packet), vector.packet, name);
    assert.equal(decoder.size, bytes.length, name);
  }
});

Deno.test("decode waits for the rest of a good vector and knows its size after the fixed header", () => {
  for (const vector of good) {
    const { name, bytes } = vector;
    const decoder = decoderFor(vector);
    const header = 1 + bytes.subarray(1).findIndex((byte) => byte < 0x80) + 1;
    for (let limit = 0; limit < bytes.length; limit++) {
      assert.equal(decoder.decode(bytes, 0, limit), undefined, name);
      assert.equal(decoder.size, limit < header ? 0 : bytes.length, name);
    }
    assert.notEqual(decoder.decode(bytes, 0, bytes.length), undefined, name);
  }
});

Deno.test("decode refuses every bad vector with its reason code", () => {
  for (const vector of bad) {
    const { name, bytes } = vector;
    assert.throws(
      () => decoderFor(vector).decode(bytes, 0, bytes.length),
      (error) => {
        assert(error instanceof PacketError, `${name}: ${error}`);
        assert.equal(
          reasonName(error.reasonCode),
          reasonName(vector.reason!),
          `${name}: ${error.message}`,
        );
        assert.match(
          error.message,
          /^Cannot (decode|accept) .+: .+[^.]$/,
          name,
        );
        return true;
      },
      name,
    );
  }
});

Deno.test("decode refuses a bad vector early or waits, but gives no packet", () => {
  for (const vector of bad) {
    const { name, bytes } = vector;
    const decoder = decoderFor(vector);
    for (let limit = 0; limit < bytes.length; limit++) {
      try {
        assert.equal(decoder.decode(bytes, 0, limit), undefined, name);
      } catch (error) {
        assert(error instanceof PacketError, `${name}: ${error}`);
        assert.equal(error.reasonCode, vector.reason, name);
        break;
      }
    }
  }
});

Deno.test("decode says in which version a bad CONNECT is to be answered", () => {
  for (const vector of bad) {
    if (!vector.first || vector.bytes[0] !== 0x10 || vector.bytes.length < 14) {
      continue;
    }
    const decoder = decoderFor(vector);
    assert.throws(() => decoder.decode(vector.bytes, 0, vector.bytes.length));
    assert.equal(decoder.version, vector.version, vector.name);
  }
});

Deno.test("encode gives the bytes of every canonical vector", () => {
  for (const { name, version, packet, bytes, canonical } of good) {
    if (!canonical) continue;
    assert.deepEqual(encode(packet!, version), bytes, name);
  }
});

Deno.test("encode gives of every other good vector what decodes to the same", () => {
  for (const vector of good) {
    const bytes = encode(vector.packet!, vector.version);
    const packet = decoderFor(vector).decode(bytes, 0, bytes.length);
    const again = encode(packet as EncodablePacket, vector.version);
    assert.deepEqual(again, bytes, vector.name);
  }
});

Deno.test("vectors cover every type of packet, good and bad, from each side and in each version", () => {
  const seen = new Set<string>();
  for (const { version, sender, bytes, reason } of VECTORS) {
    const type = packetName(bytes[0]! >> 4);
    seen.add(`${version} ${sender} ${type} ${reason === undefined}`);
  }
  for (const version of [3, 4, 5]) {
    for (const quality of [true, false]) {
      for (
        const type of [
          "CONNECT",
          "SUBSCRIBE",
          "UNSUBSCRIBE",
          "PINGREQ",
          "DISCONNECT",
          "PUBLISH",
          "PUBACK",
          "PUBREC",
          "PUBREL",
          "PUBCOMP",
        ]
      ) {
        assert(seen.has(`${version} client ${type} ${quality}`), type);
      }
      for (
        const type of [
          "CONNACK",
          "SUBACK",
          "UNSUBACK",
          "PINGRESP",
          "PUBLISH",
          "PUBACK",
          "PUBREC",
          "PUBREL",
          "PUBCOMP",
        ]
      ) {
        assert(seen.has(`${version} server ${type} ${quality}`), type);
      }
    }
  }
  assert(seen.has("5 client AUTH true") && seen.has("5 server AUTH true"));
});
