import assert from "node:assert/strict";
import { Counters } from "../core/counters.ts";
import { Decoder } from "../codec/decode/decoder.ts";
import type { FinishedPacket } from "../codec/packet.ts";
import { PacketType } from "../codec/packet.ts";
import { connect, publish } from "../../tests/support/clients/write_packets.ts";
import { HeldPackets } from "./held_packets.ts";

Deno.test("HeldPackets drops QoS 0, but for what sets a topic alias that others use", () => {
  const decoder = new Decoder({
    role: "server",
    maximumPacketSize: 1000,
    maximumFilters: 1,
    maximumUserProperties: 0,
  });
  const hello = connect({ version: 5, clientId: "c" });
  decoder.decode(hello, 0, hello.length);
  const packets = [
    publish(5, "a", "drop"),
    publish(5, "b", "sets", { properties: { topicAlias: 1 } }),
    publish(5, "", "drop", { properties: { topicAlias: 1 } }),
    publish(5, "", "keep", {
      qos: 1,
      packetId: 1,
      properties: { topicAlias: 1 },
    }),
  ].map((bytes) => decoder.decode(bytes, 0, bytes.length) as FinishedPacket);
  const counters = new Counters();
  const held = new HeldPackets();
  assert.deepEqual(held.sift(packets, 100, "memory"), []);
  held.dropAtMostOnce(counters);
  const kept = held.takeAll();
  assert.deepEqual(kept, [packets[1], packets[3]]);
  assert.ok(kept.every(({ type }) => type === PacketType.Publish));
  assert.equal(counters.dropped.memory, 2);
});
