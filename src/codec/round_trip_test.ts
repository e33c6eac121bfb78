import assert from "node:assert/strict";
import fc from "fast-check";
import {
  anyConnect,
  anyPacket,
  type Sender,
} from "../../tests/support/packet_arbitraries.ts";
import { Decoder } from "./decode/decoder.ts";
import { type EncodablePacket, encode } from "./encode/encode.ts";
import {
  type FinishedPacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
  Publish,
  UnfinishedPacket,
} from "./packet.ts";
import { PacketError } from "./packet_error.ts";
import { publishContents } from "./decode/publish_contents.ts";

const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];
const SENDERS: readonly Sender[] = ["client", "server"];

function decoder(sender: Sender, version?: ProtocolVersion): Decoder {
  return new Decoder({
    role: sender === "client" ? "server" : "client",
    ...(version === undefined ? {} : { version }),
    maximumPacketSize: 1_000_000,
  });
}

function finish(packet: Packet): FinishedPacket {
  if (!(packet instanceof UnfinishedPacket)) return packet;
  for (;;) {
    const finished = packet.step(10);
    if (finished !== undefined) return finished;
  }
}

/** What a packet says, apart from where it lies, and from the bytes of a will that only the decoder makes. */
function plain(packet: EncodablePacket): unknown {
  if (packet instanceof Publish) return publishContents(packet);
  if (packet.type !== PacketType.Connect || packet.will === undefined) {
    return packet;
  }
  return { ...packet, will: { ...packet.will, rawProperties: undefined } };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Decodes as a connection does: from a buffer to which `chunks` are appended one by one. */
function decodeChunks(
  decoder: Decoder,
  chunks: readonly Uint8Array[],
): unknown[] {
  const packets: unknown[] = [];
  let buffer = new Uint8Array(0);
  for (const chunk of chunks) {
    buffer = concatenate([buffer, chunk]) as Uint8Array<ArrayBuffer>;
    let offset = 0;
    for (;;) {
      const packet = decoder.decode(buffer, offset, buffer.length);
      if (packet === undefined) break;
      packets.push(plain(finish(packet)));
      offset += decoder.size;
    }
    buffer = buffer.slice(offset);
  }
  assert.equal(buffer.length, 0);
  return packets;
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [
    ...at.map((place) => place % (bytes.length + 1)),
    bytes.length,
  ]
    .sort((a, b) => a - b);
  return places.map((place, i) => bytes.subarray(places[i - 1] ?? 0, place));
}

for (const version of VERSIONS) {
  for (const sender of SENDERS) {
    Deno.test(`decode gives what encode was given, version ${version} from a ${sender}`, () => {
      fc.assert(
        fc.property(anyPacket(version, sender), (packet) => {
          const bytes = encode(packet, version);
          const decoded = decoder(sender, version)
            .decode(bytes, 0, bytes.length);
          assert.deepEqual(plain(decoded as FinishedPacket), packet);
        }),
        { numRuns: 500 },
      );
    });

    Deno.test(`decode gives the same packets however they are cut, version ${version} from a ${sender}`, () => {
      fc.assert(
        fc.property(
          fc.array(anyPacket(version, sender), { maxLength: 8 }),
          fc.array(fc.nat(), { maxLength: 20 }),
          (packets, at) => {
            const bytes = concatenate(
              packets.map((packet) => encode(packet, version)),
            );
            const chunks = cut(bytes, at);
            const decoded = decodeChunks(decoder(sender, version), chunks);
            assert.deepEqual(decoded, packets);
          },
        ),
        { numRuns: 100 },
      );
    });
  }

  Deno.test(`decode gives the CONNECT that encode was given, version ${version}`, () => {
    fc.assert(
      fc.property(anyConnect(version), (packet) => {
        const bytes = encode(packet, version);
        const server = decoder("client");
        const decoded = server.decode(bytes, 0, bytes.length);
        assert.deepEqual(plain(decoded as FinishedPacket), plain(packet));
        assert.equal(server.version, version);
      }),
      { numRuns: 300 },
    );
  });
}

/** Decodes all of `bytes`, or up to the first PacketError; anything else thrown fails the test. */
function decodeAnything(decoder: Decoder, bytes: Uint8Array): void {
  let offset = 0;
  try {
    for (;;) {
      const packet = decoder.decode(bytes, offset, bytes.length);
      if (packet === undefined) return;
      assert(decoder.size >= 2);
      assert(offset + decoder.size <= bytes.length);
      const finished = finish(packet);
      if (finished instanceof Publish) publishContents(finished);
      offset += decoder.size;
    }
  } catch (error) {
    if (!(error instanceof PacketError)) throw error;
  }
}

Deno.test("decode throws nothing but PacketError on random bytes", () => {
  const first = fc.constantFrom(0x10, 0x30, 0x32, 0x82, 0xA2, 0xE0, 0xF0);
  fc.assert(
    fc.property(
      fc.oneof(first, fc.integer({ min: 0, max: 255 })),
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(undefined, 3, 4, 5),
      (first, rest, version) => {
        const bytes = Uint8Array.of(first, rest.length, ...rest);
        decodeAnything(decoder("client", version), bytes);
        if (version !== undefined) {
          decodeAnything(decoder("server", version), bytes);
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

Deno.test("decode throws nothing but PacketError on packets with bytes changed, added and lost", () => {
  const packet = fc.constantFrom(...VERSIONS).chain((version) =>
    fc.constantFrom(...SENDERS).chain((sender) =>
      fc.tuple(
        fc.constant(version),
        fc.constant(sender),
        fc.oneof(anyPacket(version, sender), anyConnect(version)),
      )
    )
  );
  const change = fc.tuple(
    fc.constantFrom("set", "insert", "remove"),
    fc.nat(),
    fc.oneof(
      fc.constantFrom(0x00, 0x7F, 0x80, 0xFF),
      fc.integer({ min: 0, max: 255 }),
    ),
  );
  fc.assert(
    fc.property(
      packet,
      fc.array(change, { minLength: 1, maxLength: 4 }),
      ([version, sender, packet], changes) => {
        const bytes = [...encode(packet, version)];
        for (const [kind, at, byte] of changes) {
          const place = at % bytes.length;
          if (kind === "set") bytes[place] = byte;
          else if (kind === "insert") bytes.splice(place, 0, byte);
          else if (bytes.length > 1) bytes.splice(place, 1);
        }
        const known = packet.type === PacketType.Connect ? undefined : version;
        const receiver = known === undefined ? "client" : sender;
        decodeAnything(decoder(receiver, known), Uint8Array.from(bytes));
      },
    ),
    { numRuns: 5000 },
  );
});
