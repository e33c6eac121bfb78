import assert from "node:assert/strict";
import { publish } from "../../../tests/support/clients/write_packets.ts";
import { Decoder } from "../../codec/decode/decoder.ts";
import { Publish } from "../../codec/packet.ts";
import { PublishTracer } from "./publish_tracer.ts";

Deno.test("PublishTracer.begin() follows no more than 1,000 publishes a second, and tells of the others", () => {
  const bytes = publish(5, "a", "hello");
  const options = {
    role: "server",
    version: 5,
    maximumPacketSize: 1e6,
  } as const;
  const packet = new Decoder(options).decode(bytes, 0, bytes.length);
  assert.ok(packet instanceof Publish);
  let now = 0;
  let tooMany = 0;
  const tracer = new PublishTracer({
    plan: { clientId: "pump" },
    version: "1",
    random: () => 0.5,
    now: () => now,
    onTraced: () => {},
    onTooMany: () => tooMany++,
  });
  const followed = (count: number, clientId = "pump") =>
    Array.from(
      { length: count },
      () => tracer.begin(packet, { clientId, topic: "a" }),
    ).filter((tell) => tell !== undefined).length;
  assert.equal(followed(5000, "valve"), 0);
  assert.equal(followed(1003), 1000);
  assert.equal(tooMany, 3);
  now = 500;
  assert.equal(followed(501), 500);
  assert.equal(tooMany, 4);
});
