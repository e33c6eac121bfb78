/** Clients that come by other ways than plain TCP. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { utf8 } from "../../support/bytes.ts";
import { Client } from "../../support/clients/client.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import { MqttJs } from "../../support/clients/mqtt_js.ts";
import { connect, disconnect } from "../../support/clients/write_packets.ts";
import {
  frame,
  WebSocketClient,
} from "../../support/clients/web_socket_client.ts";

const PROTOCOLS = [
  { protocolId: "MQIsdp", protocolVersion: 3 },
  { protocolId: "MQTT", protocolVersion: 4 },
  { protocolId: "MQTT", protocolVersion: 5 },
] as const;

async function withWebSocket(more: string[] = []): Promise<{
  broker: TestBroker;
  url: string;
  port: number;
}> {
  const broker = await TestBroker.start({
    alsoListen: ["ws://127.0.0.1:0/mqtt", ...more],
  });
  const url = broker.urls[1]!;
  return { broker, url, port: Number(new URL(url).port) };
}

for (const protocol of PROTOCOLS) {
  Deno.test(`listeners: MQTT.js over WebSocket and mosquitto over TCP reach each other with version ${protocol.protocolVersion}`, async () => {
    const { broker: started, url } = await withWebSocket();
    await using broker = started;
    await using sub = await MosquittoSub.start(
      broker.address,
      "-q",
      "2",
      "-t",
      "a/#",
    );
    await using js = await MqttJs.connect(url, { ...protocol, clientId: "js" });
    assert.deepEqual(await js.subscribe("b/#", 2), [2]);
    for (const qos of [0, 1, 2] as const) {
      await js.publish(`a/${qos}`, `hello ${qos}`, { qos });
      assert.equal(await sub.line(), `a/${qos} ${qos} 0 hello ${qos}`);
      await mosquittoPub(
        broker.address,
        "-q",
        String(qos),
        "-t",
        `b/${qos}`,
        "-m",
        "you",
      );
      assert.deepEqual(await js.message(), {
        topic: `b/${qos}`,
        payload: "you",
        qos,
      });
    }
    const large = "0123456789".repeat(200_000);
    await js.publish("b/large", large, { qos: 1 });
    assert.equal((await js.message()).payload, large);
    assert.match(
      broker.log.join("\n"),
      /Client connected client=js address=127\.0\.0\.1:\d+/,
    );
  });
}

Deno.test("listeners: many messages over WebSocket arrive whole and in order", async () => {
  const { broker: started, url } = await withWebSocket();
  await using _broker = started;
  await using one = await MqttJs.connect(url, {});
  await using other = await MqttJs.connect(url, {});
  await other.subscribe("a", 1);
  const sizes = Array.from({ length: 2000 }, (_, n) => n * 37 % 3000);
  const publishing = Promise.all(
    sizes.map((size, n) =>
      one.publish("a", `${n} ${"x".repeat(size)}`, { qos: 1 })
    ),
  );
  for (const [n, size] of sizes.entries()) {
    const { payload } = await other.message();
    assert.equal(payload.length, `${n} `.length + size);
    assert.ok(payload.startsWith(`${n} `));
  }
  await publishing;
});

Deno.test("listeners: the end of a WebSocket is that of its client, from either side", async () => {
  const { broker: started, port } = await withWebSocket();
  await using broker = started;
  const open = async (clientId: string) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const socket = await WebSocketClient.open(connection);
    await socket.send(frame(2, connect({ version: 5, clientId })));
    const connack = await socket.frame();
    assert.equal(connack!.payload[0], 0x20);
    return { connection, socket };
  };
  {
    const { connection, socket } = await open("polite");
    using _connection = connection;
    await socket.send(frame(2, disconnect(5)));
    const end = await socket.frame();
    assert.deepEqual(end, { opcode: 8, payload: Uint8Array.of(3, 0xe8) });
    await socket.send(frame(8, Uint8Array.of(3, 0xe8)));
    assert.equal(await socket.frame(), undefined);
  }
  {
    const { connection } = await open("gone");
    connection.close();
    await until(
      "its end is told",
      () => /Client disconnected client=gone/.test(broker.log.join("\n")),
    );
  }
  const { connection, socket } = await open("last");
  using _connection = connection;
  const shutdown = broker.shutdown();
  const last = await socket.frame();
  assert.deepEqual([...last!.payload.subarray(0, 1)], [0xe0]);
  assert.equal((await socket.frame())!.opcode, 8);
  await socket.send(frame(8, Uint8Array.of(3, 0xe8)));
  await shutdown;
});

Deno.test("listeners: a client that does not take part in the closing of its WebSocket is let go", async () => {
  const { broker: started, port } = await withWebSocket();
  await using broker = started;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const socket = await WebSocketClient.open(connection);
  await socket.send(frame(2, utf8("\x10\x02no")));
  assert.equal((await socket.frame())!.opcode, 8);
  await until("it is gone", () => broker.counters.connectionsNow === 0);
});

Deno.test("listeners: a client that breaks WebSocket's rules is told how, and let go [MQTT-6.0.0-1]", async () => {
  const { broker: started, port } = await withWebSocket();
  await using broker = started;
  for (
    const [bytes, code] of [[frame(1, utf8("a")), 1003], [
      frame(3, utf8("a")),
      1002,
    ]] as const
  ) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const socket = await WebSocketClient.open(connection);
    await socket.send(frame(2, connect({ version: 5, clientId: "rude" })));
    await socket.frame();
    await socket.send(bytes);
    const { opcode, payload } = (await socket.frame())!;
    assert.deepEqual([opcode, payload[0]! << 8 | payload[1]!], [8, code]);
    await socket.send(frame(8, payload)).catch(() => {});
    assert.equal(await socket.frame(), undefined);
    await until("it is gone", () => broker.counters.connectionsNow === 0);
  }
});

Deno.test("listeners: mosquitto reaches the broker over a Unix socket", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "mailboxqtt.sock");
  try {
    await using broker = await TestBroker.start({
      alsoListen: [`unix://${path}?mode=0600`],
    });
    await using sub = await MosquittoSub.start(broker.address, "-t", "a");
    await mosquittoPub(
      broker.address,
      "--unix",
      path,
      "-i",
      "near",
      "-t",
      "a",
      "-m",
      "hello",
    );
    assert.equal(await sub.line(), "a 0 0 hello");
    assert.match(
      broker.log.join("\n"),
      new RegExp(`Client connected client=near address=unix:${path}`),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("listeners: behind a proxy, clients are known by their own addresses", async () => {
  await using broker = await TestBroker.start({
    alsoListen: ["mqtt://127.0.0.1:0?proxies_from=127.0.0.0/8"],
  });
  const port = Number(new URL(broker.urls[1]!).port);
  const client = await Client.open({ hostname: "127.0.0.1", port }, 5);
  await client.sendRaw(utf8("PROXY TCP6 2001:db8::7 ::1 51234 1883\r\n"));
  await client.sendConnect({ clientId: "far" });
  await client.expect("connack");
  await client.disconnect();
  assert.match(
    broker.log.join("\n"),
    /Client connected client=far address=\[2001:db8::7\]:51234/,
  );
});
