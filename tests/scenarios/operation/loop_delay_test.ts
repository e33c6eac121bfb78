import assert from "node:assert/strict";
import { frame, join, string, u16, varint } from "../../support/bytes.ts";
import { Client } from "../../support/clients/client.ts";
import { FIGURES } from "../../support/sizes.ts";
import { Program } from "../../support/programs/program.ts";
import {
  connect,
  publish,
  subscribe,
  unsubscribe,
} from "../../support/clients/write_packets.ts";

const MiB = 1024 * 1024;
const QUOTA_EXCEEDED = 0x97;
const NO_SUBSCRIPTION_EXISTED = 0x11;

/** A broker of its own, so that only its event loop is looked at, and a client that asks it for answers all the time. */
async function start() {
  const program = new Program("--listen", "mqtt://127.0.0.1:0");
  const address = { hostname: "127.0.0.1", port: await program.port() };
  return { program, address, probe: await Client.connect(address) };
}

/**
 * Requires that `probe` is served while `work` lasts, more often than it would be if the work were done in one piece.
 * For how long it waited, set MAILBOXQTT_FIGURES=1.
 */
async function expectServed(
  what: string,
  probe: Client,
  work: () => Promise<void>,
): Promise<void> {
  const begin = performance.now();
  let done = false;
  const working = work().finally(() => done = true);
  let pings = 0;
  let longest = 0;
  while (!done) {
    const asked = performance.now();
    await probe.ping();
    longest = Math.max(longest, performance.now() - asked);
    pings++;
  }
  await working;
  const took = performance.now() - begin;
  const figures =
    `${what}: ${pings} answers in ${took.toFixed()} ms, the slowest after ${longest.toFixed()} ms`;
  if (FIGURES) {
    await Deno.stderr.write(new TextEncoder().encode(figures + "\n"));
  }
  assert.ok(pings > 1, figures);
}

/** So many filters or user properties that the packet has about so many bytes. */
function repeated(
  item: Uint8Array,
  bytes: number,
): { list: Uint8Array; count: number } {
  const count = Math.floor(bytes / item.length);
  const list = new Uint8Array(count * item.length);
  for (let at = 0; at < list.length; at += item.length) list.set(item, at);
  return { list, count };
}

const NO_PROPERTIES = Uint8Array.of(0);
const USER_PROPERTY = Uint8Array.of(0x26, 0, 0, 0, 0);

Deno.test("loop delay: 50,000 filters in one packet hold nobody up", async () => {
  const { program, address, probe } = await start();
  await using _ = program;
  const filters = Array.from(
    { length: 50_000 },
    (_, n) => `filter/${n}/+/${n % 7}/#`,
  );
  const subscribePacket = subscribe(
    5,
    1,
    filters.map((filter) => ({ filter, qos: 1 })),
  );
  const unsubscribePacket = unsubscribe(5, 2, filters);
  const heavy = await Client.connect(address);
  await expectServed("SUBSCRIBE", probe, async () => {
    await heavy.sendRaw(subscribePacket);
    await heavy.peek();
  });
  const granted = (await heavy.expect("suback")).reasonCodes;
  assert.ok(granted.length === 50_000 && granted.every((code) => code === 1));
  await expectServed("SUBSCRIBE again", probe, async () => {
    await heavy.sendRaw(subscribePacket);
    await heavy.peek();
  });
  await heavy.expect("suback");
  await heavy.publish("filter/49999/x/5", "still matches", { qos: 1 });
  assert.equal((await heavy.message()).topic, "filter/49999/x/5");
  await expectServed("UNSUBSCRIBE", probe, async () => {
    await heavy.sendRaw(unsubscribePacket);
    await heavy.peek();
  });
  const ended = (await heavy.expect("unsuback")).reasonCodes;
  assert.ok(ended.length === 50_000 && ended.every((code) => code === 0));
  await heavy.sendRaw(subscribePacket);
  await heavy.expect("suback");
  await expectServed("end of the session", probe, async () => {
    await heavy.disconnect();
    await probe.settle();
  });
  await probe.close();
});

Deno.test("loop delay: SUBSCRIBE and UNSUBSCRIBE of 16 MiB hold nobody up", async () => {
  const { program, address, probe } = await start();
  await using _ = program;
  const heavy = await Client.connect(address);
  const wanted = repeated(join(string("a"), Uint8Array.of(0)), 16 * MiB - 100);
  const subscribePacket = frame(0x82, u16(1), NO_PROPERTIES, wanted.list);
  await expectServed("SUBSCRIBE of one filter", probe, async () => {
    await heavy.sendRaw(subscribePacket);
    await heavy.peek();
  });
  const granted = (await heavy.expect("suback")).reasonCodes;
  assert.equal(granted.length, wanted.count);
  assert.ok(granted.every((code) => code === 0 || code === QUOTA_EXCEEDED));
  const unwanted = repeated(string("b"), 16 * MiB - 100);
  const unsubscribePacket = frame(0xA2, u16(2), NO_PROPERTIES, unwanted.list);
  await expectServed("UNSUBSCRIBE", probe, async () => {
    await heavy.sendRaw(unsubscribePacket);
    await heavy.peek();
  });
  const ended = (await heavy.expect("unsuback")).reasonCodes;
  assert.equal(ended.length, unwanted.count);
  assert.ok(
    ended.every((code) =>
      code === NO_SUBSCRIPTION_EXISTED || code === QUOTA_EXCEEDED
    ),
  );
  await heavy.close();
  await probe.close();
});

Deno.test("loop delay: packets full of user properties hold nobody up", async () => {
  const { program, address, probe } = await start();
  await using _ = program;
  const heavy = await Client.connect(address);
  await probe.subscribe("never");
  const { list } = repeated(USER_PROPERTY, 16 * MiB - 100);
  const properties = join(varint(list.length), list);
  const packets = {
    PUBLISH: frame(0x30, string("a"), properties),
    SUBSCRIBE: frame(0x82, u16(1), properties, string("a"), Uint8Array.of(0)),
    UNSUBSCRIBE: frame(0xA2, u16(2), properties, string("b")),
    PUBACK: frame(0x40, u16(3), Uint8Array.of(0), properties),
    DISCONNECT: frame(0xE0, Uint8Array.of(0x04), properties),
  };
  for (const [name, packet] of Object.entries(packets)) {
    await expectServed(name, probe, async () => {
      await heavy.sendRaw(packet);
      if (name === "DISCONNECT") await heavy.expectClosed();
      else await heavy.settle();
      if (name === "SUBSCRIBE") await heavy.expect("suback");
      if (name === "UNSUBSCRIBE") await heavy.expect("unsuback");
    });
  }
  const small = repeated(USER_PROPERTY, 350 * 1024).list;
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => Client.open(address)),
  );
  await expectServed("CONNECT", probe, async () => {
    await Promise.all(clients.map(async (client, n) => {
      await client.sendRaw(
        connect({ clientId: `many${n}`, properties: small }),
      );
      assert.equal((await client.expect("connack")).reasonCode, 0);
    }));
  });
  for (const client of clients) await client.close();
  await probe.close();
});

Deno.test("loop delay: a message of 16 MiB with 50,000 user properties reaches its subscribers whole, and holds nobody up", async () => {
  const { program, address, probe } = await start();
  await using _ = program;
  const heavy = await Client.connect(address);
  const subscriber = await Client.connect(address);
  await subscriber.subscribe("a", { qos: 1 });
  const userProperties = Array.from(
    { length: 50_000 },
    (_, n) => [`key${n}`, `${n}`] as const,
  );
  const payload = new Uint8Array(14 * MiB).fill(0x61);
  const packet = publish(5, "a", payload, {
    qos: 1,
    packetId: 1,
    properties: { userProperties },
  });
  await expectServed("PUBLISH", probe, async () => {
    await heavy.sendRaw(packet);
    await subscriber.peek();
  });
  await heavy.expect("puback");
  const message = await subscriber.message();
  assert.equal(message.payload.length, payload.length);
  assert.deepEqual(message.properties.userProperties, userProperties);
  for (const client of [heavy, subscriber, probe]) await client.close();
});

Deno.test("loop delay: topics of 65,535 slashes cost nothing special", async () => {
  const { program, address, probe } = await start();
  await using _ = program;
  const slashes = "/".repeat(65_535);
  const levels = 32_767;
  // No two of these filters have more than their first levels in common, and all of them match.
  const filters = Array.from(
    { length: 24 },
    (_, n) =>
      Array.from({ length: levels }, (_, at) => n >> at % 5 & 1 ? "+" : "")
        .join("/"),
  );
  const topics = [slashes, "/".repeat(levels - 1)];
  const heavy = await Client.connect(address);
  await expectServed("SUBSCRIBE", probe, async () => {
    for (const filter of [slashes, ...filters]) {
      assert.deepEqual((await heavy.subscribe(filter)).reasonCodes, [0]);
    }
  });
  await expectServed("PUBLISH", probe, async () => {
    for (let n = 0; n < 20; n++) {
      const retain = n % 2 === 0;
      for (const topic of topics) {
        await heavy.publish(topic, "x", { qos: 1, retain });
        assert.equal((await heavy.message()).topic, topic);
      }
    }
  });
  await expectServed("SUBSCRIBE again", probe, async () => {
    for (const filter of [slashes, ...filters]) {
      await heavy.subscribe(filter);
      assert.equal((await heavy.message()).retain, true);
    }
  });
  for (const client of [heavy, probe]) await client.close();
});
