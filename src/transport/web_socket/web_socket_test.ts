import assert from "node:assert/strict";
import { until } from "../../../tests/support/programs/broker.ts";
import { join, text, utf8 } from "../../../tests/support/bytes.ts";
import { TestListener } from "../../../tests/support/programs/listener.ts";
import {
  frame,
  request,
  WebSocketClient,
} from "../../../tests/support/clients/web_socket_client.ts";
import { ManualClock } from "../../core/clock.ts";
import type { Limits } from "../../core/limits.ts";
import type { Origins } from "../listener_settings.ts";
import type { Transport } from "../transport.ts";

const BINARY = 2;
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

interface Session extends Disposable {
  readonly listener: TestListener;
  readonly client: WebSocketClient;
  readonly transport: Transport;
}

function listen(
  options: { clock?: ManualClock; limits?: Partial<Limits> } = {},
  origins: Origins = "all",
): Promise<TestListener> {
  const path = "/mqtt";
  return TestListener.start({
    address: { protocol: "ws", hostname: "127.0.0.1", port: 0, path },
    webSocket: { origins },
  }, options);
}

function connect({ port }: TestListener): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

async function open(limits: Partial<Limits> = {}): Promise<Session> {
  const listener = await listen({ limits });
  const connection = await connect(listener);
  const client = await WebSocketClient.open(connection);
  const transport = await listener.accepted();
  return {
    listener,
    client,
    transport,
    [Symbol.dispose]: () => {
      connection.close();
      listener[Symbol.dispose]();
    },
  };
}

async function read(transport: Transport): Promise<string | null> {
  const buffer = new Uint8Array(1000);
  const count = await transport.read(buffer);
  return count === null ? null : text(buffer.subarray(0, count));
}

Deno.test("WebSocketTransport joins frames and splits them, as bytes fall [MQTT-6.0.0-2]", async () => {
  using session = await open();
  const { client, transport } = session;
  await client.send(join(
    frame(BINARY, utf8("on")),
    frame(BINARY, utf8("")),
    frame(BINARY, utf8("e t"), { isLast: false }),
    frame(PING, utf8("?")),
    frame(0, utf8("wo")),
  ));
  assert.equal(await read(transport), "one two");
  assert.deepEqual(await client.frame(), { opcode: PONG, payload: utf8("?") });
  const bytes = frame(BINARY, utf8("slowly"));
  for (const byte of bytes) await client.send(Uint8Array.of(byte));
  assert.equal(await read(transport), "slowly");
});

Deno.test("WebSocketTransport takes what comes with the opening request", async () => {
  using listener = await listen();
  using connection = await connect(listener);
  const client = WebSocketClient.open(
    connection,
    join(utf8(request()), frame(BINARY, utf8("hasty"))),
  );
  const transport = await listener.accepted();
  await client;
  assert.equal(await read(transport), "hasty");
});

Deno.test("WebSocketTransport ends with a text frame, and tells why [MQTT-6.0.0-1]", async () => {
  using session = await open();
  const { client, transport, listener } = session;
  await client.send(
    join(
      frame(BINARY, utf8("good")),
      frame(TEXT, utf8("bad")),
      frame(BINARY, utf8("x")),
    ),
  );
  assert.equal(await read(transport), "good");
  const reading = assert.rejects(read(transport), /text frame/);
  const end = await client.frame();
  assert.equal(end?.opcode, CLOSE);
  assert.equal(end.payload[0]! << 8 | end.payload[1]!, 1003);
  await client.send(frame(CLOSE, end.payload));
  await reading;
  assert.match(
    listener.log.join("\n"),
    /broke its protocol.*address=127\.0\.0\.1.*text frame/,
  );
});

Deno.test("WebSocketTransport rejects reads when frames are faulty", async () => {
  const unmasked = Uint8Array.of(0x82, 1, 65);
  const faulty = [
    unmasked,
    frame(0, utf8("continues nothing")),
    frame(3, utf8("an opcode that there is not")),
    Uint8Array.of(0xc2, 0x80, 0, 0, 0, 0),
  ];
  for (const bytes of faulty) {
    using session = await open();
    await session.client.send(bytes);
    await assert.rejects(read(session.transport));
    assert.match(session.listener.log.join("\n"), /broke its protocol/);
    session.transport.close();
  }
});

Deno.test("WebSocketTransport closes with a handshake that either side begins", async () => {
  {
    using session = await open();
    const { client, transport } = session;
    const reading = read(transport);
    await transport.write(utf8("bye"));
    await transport.closeWrite();
    await client.frame();
    assert.deepEqual(await client.frame(), {
      opcode: CLOSE,
      payload: Uint8Array.of(3, 0xe8),
    });
    await client.send(frame(CLOSE, Uint8Array.of(3, 0xe8)));
    assert.equal(await client.frame(), undefined);
    assert.equal(await reading, null);
  }
  using session = await open();
  await session.client.send(frame(CLOSE, new Uint8Array(0)));
  assert.deepEqual(await session.client.frame(), {
    opcode: CLOSE,
    payload: new Uint8Array(0),
  });
  assert.equal(await session.client.frame(), undefined);
});

Deno.test("WebSocketTransport bounds a frame, before the first answer as CONNECT is bounded", async () => {
  const limits = { maximumConnectSize: 20_000, maximumPacketSize: 300_000 };
  {
    using session = await open(limits);
    const { client, transport } = session;
    await client.send(frame(BINARY, new Uint8Array(19_000)));
    assert.equal(await transport.read(new Uint8Array(20_000)), 19_000);
    await transport.write(utf8("CONNACK"));
    const sending = client.send(frame(BINARY, new Uint8Array(299_000)));
    const buffer = new Uint8Array(300_000);
    assert.equal(await transport.read(buffer), 299_000);
    await sending;
    const large = client.send(frame(BINARY, new Uint8Array(310_000)));
    await assert.rejects(transport.read(buffer), /max payload/i);
    transport.close();
    await large.catch(() => {});
  }
  using session = await open(limits);
  const { client, transport } = session;
  const sending = client.send(frame(BINARY, new Uint8Array(299_000)));
  await assert.rejects(transport.read(new Uint8Array(10)), /longer than/);
  await sending.catch(() => {});
});

Deno.test("WebSocketGate answers in plain HTTP whatever is none of its business, and refuses strangers aloud", async () => {
  const cases: [string, RegExp, RegExp | undefined][] = [
    [
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      /^HTTP\/1\.1 404 Not Found\r\n[^]*MQTT broker.*at \/mqtt/,
      undefined,
    ],
    [
      "POST /mqtt HTTP/1.1\r\nHost: x\r\n\r\n",
      /^HTTP\/1\.1 426 [^]*Upgrade: websocket\r\n[^]*MQTT broker/,
      undefined,
    ],
    [
      request("/mqtt", { Origin: "http://evil.example" }),
      /^HTTP\/1\.1 403 /,
      /pages of \\?"http:\/\/evil\.example/,
    ],
    [
      request("/mqtt", { "Sec-WebSocket-Protocol": undefined }),
      /^HTTP\/1\.1 400 /,
      /subprotocol mqtt/,
    ],
    [
      request("/mqtt", { "Sec-WebSocket-Key": "x" }),
      /^HTTP\/1\.1 400 /,
      /handshake is faulty/,
    ],
    [
      request("/mqtt", { "Sec-WebSocket-Version": "7" }),
      /^HTTP\/1\.1 400 [^]*Version: 13/i,
      /handshake is faulty/,
    ],
    [
      "\x10\x0c\0\x04MQTT\x04",
      /^HTTP\/1\.1 400 [^]*not HTTP/,
      /an MQTT client/,
    ],
  ];
  for (const [bytes, answer, line] of cases) {
    using listener = await listen({}, ["http://good.example"]);
    using connection = await connect(listener);
    await connection.write(
      Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)),
    );
    let answered = "";
    const buffer = new Uint8Array(1000);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      answered += text(buffer.subarray(0, count));
    }
    assert.match(answered, answer, bytes);
    await connection.closeWrite().catch(() => {});
    if (line === undefined) {
      assert.deepEqual(listener.log, []);
    } else {
      await until("it is told", () => listener.log.length > 0);
      assert.match(listener.log.join("\n"), line);
    }
    assert.equal(listener.unasked, 0);
  }
});

Deno.test("WebSocketGate gives a client only so much time for its request", async () => {
  const clock = new ManualClock();
  using listener = await listen({ clock });
  using connection = await connect(listener);
  await connection.write(utf8("GET /mqtt HTTP/1.1\r\n"));
  using other = await connect(listener);
  await WebSocketClient.open(other);
  await listener.accepted();
  clock.advance(11_000);
  const end = await connection.read(new Uint8Array(1)).catch(() => null);
  assert.equal(end, null);
  assert.match(listener.log.join("\n"), /it took too long/);
});

Deno.test("WebSocketGate trusts no header field about where a client is", async () => {
  using listener = await listen();
  using connection = await connect(listener);
  await WebSocketClient.open(
    connection,
    request("/mqtt", {
      "X-Forwarded-For": "192.0.2.7",
      Forwarded: "for=192.0.2.7",
    }),
  );
  const { host } = await listener.accepted();
  assert.equal(host, "127.0.0.1");
});
