import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { frame, string, u16 } from "../../support/bytes.ts";
import type { Client } from "../../support/clients/client.ts";
import {
  subscribe,
  unsubscribe,
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_FILTER_INVALID = 0x8F;

/** Requires a filter to be refused: by a failure in SUBACK or by the end of the connection. */
async function expectFilterRefused(
  client: Client,
  packet: Uint8Array,
  ...codes: number[]
): Promise<void> {
  await client.sendRaw(packet);
  const next = await client.receiveOrEnd();
  if (next?.type === "suback") {
    const code = client.version === 5 ? TOPIC_FILTER_INVALID : 0x80;
    assert.deepEqual(next.reasonCodes, [code]);
  } else if (next !== undefined) {
    assert.ok(next.type === "disconnect" && codes.includes(next.reasonCode));
  }
  await client.close();
}

for (const version of VERSIONS) {
  const named = (text: string) =>
    `subscribe ${VERSION_NAMES[version]}: ${text}`;

  Deno.test(
    named(
      "filters with wildcards in the wrong place are refused [MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT3-4.7.1-2, MQTT3-4.7.1-3]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      for (
        const filter of [
          "a#",
          "#/a",
          "a/#/b",
          "a/b#",
          "a+",
          "+a",
          "a/+b/c",
          "a/b+",
          "##",
          "++",
          "#+",
        ]
      ) {
        const client = await broker.connect({ version });
        await expectFilterRefused(
          client,
          subscribe(version, 1, [{ filter }]),
          MALFORMED,
          PROTOCOL_ERROR,
          TOPIC_FILTER_INVALID,
        );
      }
    },
  );

  // Many clients subscribe anew after each connection: ending it would have them come again for ever. Before 3.1.1
  // SUBACK has no code for a failure.
  if (version !== 3) {
    Deno.test(
      named(
        "a filter with a wildcard in the wrong place is refused alone: the connection stays, and the other filters hold [MQTT-3.8.4-1, MQTT-3.8.4-6, MQTT3-3.8.4-1, MQTT3-3.8.4-5]",
      ),
      async () => {
        await using broker = await TestBroker.start();
        const client = await broker.connect({ version });
        const { reasonCodes } = await client.subscribe([
          { filter: "ab/+e" },
          { filter: "other", qos: 1 },
        ]);
        const refused = version === 5 ? TOPIC_FILTER_INVALID : 0x80;
        assert.deepEqual(reasonCodes, [refused, 1]);
        await client.publish("ab/xe", "no");
        await client.publish("other", "yes");
        assert.equal((await client.message()).topic, "other");
        await client.unsubscribe("ab/+e");
        await client.expectNothing();
      },
    );
  }

  Deno.test(
    named("an empty filter is refused [MQTT-4.7.3-1, MQTT3-4.7.3-1]"),
    async () => {
      await using broker = await TestBroker.start();
      const client = await broker.connect({ version });
      await expectFilterRefused(
        client,
        subscribe(version, 1, [{ filter: "" }]),
        MALFORMED,
        PROTOCOL_ERROR,
        TOPIC_FILTER_INVALID,
      );
    },
  );

  Deno.test(
    named(
      "filters that are not UTF-8, or contain U+0000, end the connection [MQTT-3.8.3-1, MQTT-3.10.3-1, MQTT-4.7.3-2, MQTT3-3.8.3-1, MQTT3-3.10.3-1, MQTT3-4.7.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const properties = version === 5 ? Uint8Array.of(0) : new Uint8Array();
      for (
        const filter of [Uint8Array.of(0x61, 0xFF), Uint8Array.of(0x61, 0)]
      ) {
        const one = await broker.connect({ version });
        await one.sendRaw(
          frame(0x82, u16(1), properties, string(filter), Uint8Array.of(0)),
        );
        await one.expectClosed(MALFORMED, PROTOCOL_ERROR, TOPIC_FILTER_INVALID);
        const two = await broker.connect({ version });
        await two.sendRaw(frame(0xA2, u16(1), properties, string(filter)));
        await two.expectClosed(MALFORMED, PROTOCOL_ERROR, TOPIC_FILTER_INVALID);
      }
    },
  );

  Deno.test(
    named(
      "a packet without filters ends the connection [MQTT-3.8.3-2, MQTT-3.10.3-2, MQTT3-3.8.3-3, MQTT3-3.10.3-2]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      for (
        const packet of [subscribe(version, 1, []), unsubscribe(version, 1, [])]
      ) {
        const client = await broker.connect({ version });
        await client.sendRaw(packet);
        await client.expectClosed(PROTOCOL_ERROR, MALFORMED);
      }
    },
  );

  Deno.test(
    named("identifier zero ends the connection [MQTT-2.2.1-3, MQTT3-2.3.1-1]"),
    async () => {
      await using broker = await TestBroker.start();
      for (
        const packet of [
          subscribe(version, 0, [{ filter: "a" }]),
          unsubscribe(version, 0, ["a"]),
        ]
      ) {
        const client = await broker.connect({ version });
        await client.sendRaw(packet);
        await client.expectClosed(PROTOCOL_ERROR, MALFORMED);
      }
    },
  );

  Deno.test(
    named(
      "flags other than 0010 end the connection [MQTT-3.8.1-1, MQTT-3.10.1-1, MQTT-2.1.3-1, MQTT3-3.8.1-1, MQTT3-3.10.1-1]",
    ),
    async () => {
      if (version === 3) return; // 3.1 has DUP and QoS there
      await using broker = await TestBroker.start();
      const properties = version === 5 ? Uint8Array.of(0) : new Uint8Array();
      for (const kind of [0x80, 0xA0]) {
        for (const flags of [0, 1, 3, 6, 10]) {
          const client = await broker.connect({ version });
          const options = kind === 0x80 ? Uint8Array.of(0) : new Uint8Array();
          await client.sendRaw(
            frame(kind | flags, u16(1), properties, string("a"), options),
          );
          await client.expectClosed(MALFORMED);
        }
      }
    },
  );

  Deno.test(
    named(
      "reserved option bits and QoS 3 end the connection [MQTT-3.8.3-5, MQTT3-3.8.3-4]",
    ),
    async () => {
      await using broker = await TestBroker.start();
      const properties = version === 5 ? Uint8Array.of(0) : new Uint8Array();
      const wrong = version === 5
        ? [0x40, 0x80, 0xC1, 0x03, 0x30]
        : [0x03, 0x04, 0x80];
      for (const options of version === 3 ? [0x03] : wrong) {
        const client = await broker.connect({ version });
        await client.sendRaw(
          frame(0x82, u16(1), properties, string("a"), Uint8Array.of(options)),
        );
        await client.expectClosed(
          MALFORMED,
          // QoS 3 and Retain Handling 3 are called protocol errors (3.8.3.1).
          ...(options < 0x40 ? [PROTOCOL_ERROR] : []),
        );
      }
    },
  );
}

Deno.test("subscribe 5.0: an identifier of 0, or two of them, is a protocol error", async () => {
  await using broker = await TestBroker.start();
  for (const subscriptionIdentifiers of [[0], [1, 2]]) {
    const client = await broker.connect();
    await client.sendRaw(
      subscribe(5, 1, [{ filter: "a" }], { subscriptionIdentifiers }),
    );
    await client.expectClosed(PROTOCOL_ERROR);
  }
});
