/** What the broker tells of itself below `$SYS`, to mosquitto's own clients. */

import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import { Program } from "../../support/programs/program.ts";

/** Reads topics and payloads until each of these topics has come, and returns all. */
async function valuesOf(
  sub: MosquittoSub,
  ...topics: readonly string[]
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  while (!topics.every((topic) => values.has(topic))) {
    // Topic, QoS, retained, payload: of mosquitto's topics one has a space in it.
    const [, topic, payload] = /^(.*?) \d \d (.*)$/.exec(await sub.line())!;
    values.set(topic!.replace("$SYS/broker/", ""), payload!);
  }
  return values;
}

Deno.test("$SYS tells a new subscriber at once, by mosquitto's names, and then what has changed", async () => {
  await using program = new Program(
    "--listen",
    "mqtt://127.0.0.1:0",
    "--sys-interval",
    "1s",
  );
  const address = { hostname: "127.0.0.1", port: await program.port() };
  await mosquittoPub(address, "-t", "a", "-m", "one", "-q", "1");
  await mosquittoPub(address, "-t", "b", "-m", "two", "-q", "1", "-r");
  await using sub = await MosquittoSub.start(address, "-t", "$SYS/broker/#");
  const expected = {
    "clients/connected": "1",
    "clients/total": "1",
    "clients/disconnected": "0",
    "messages/received": "8",
    "publish/messages/received": "2",
    "publish/messages/dropped": "0",
    "retained messages/count": "1",
    "subscriptions/count": "1",
    "clients/ended/client_disconnect": "2",
    "load/publish/received/1min": "0.00",
  };
  const first = await valuesOf(
    sub,
    "version",
    "uptime",
    "bytes/received",
    ...Object.keys(expected),
  );
  for (const [topic, value] of Object.entries(expected)) {
    assert.equal(first.get(topic), value, topic);
  }
  assert.match(first.get("version")!, /^mailboxqtt version \d/);
  assert.match(first.get("uptime")!, /^\d+ seconds$/);
  assert.ok(Number(first.get("bytes/received")) > 0);

  await mosquittoPub(address, "-t", "a", "-m", "three", "-q", "1");
  const later = await valuesOf(sub, "publish/messages/received", "uptime");
  assert.equal(later.get("publish/messages/received"), "3");
  assert.ok(!later.has("version"), "it has not changed");
  const loads = later.has("load/publish/received/1min")
    ? later
    : await valuesOf(sub, "load/publish/received/1min");
  assert.ok(Number(loads.get("load/publish/received/1min")) > 0);
});

Deno.test("$SYS is computed for nobody, and nothing of it is left when the last has gone", async () => {
  await using program = new Program(
    "--listen",
    "mqtt://127.0.0.1:0",
    "--sys-interval",
    "1s",
  );
  const address = { hostname: "127.0.0.1", port: await program.port() };
  const client = await Client.connect(address);
  // What begins with a wildcard does not see it, and gets nothing retained.
  await client.subscribe("#");
  await client.publish("$SYS/broker/uptime", "forged", { qos: 0 });
  await client.ping();
  await client.subscribe("$SYS/broker/uptime");
  assert.equal((await client.message()).topic, "$SYS/broker/uptime");
  await client.unsubscribe("$SYS/broker/uptime");
  await client.ping();
  await client.expectNothing();
  await client.disconnect();
});

Deno.test("$SYS says nothing where it is to be told never", async () => {
  await using program = new Program(
    "--listen",
    "mqtt://127.0.0.1:0",
    "--sys-interval=never",
  );
  const address = { hostname: "127.0.0.1", port: await program.port() };
  const client = await Client.connect(address);
  await client.subscribe("$SYS/#");
  await client.expectNothing();
  await client.disconnect();
});
