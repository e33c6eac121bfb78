import assert from "node:assert/strict";
import { until } from "../../../tests/support/programs/broker.ts";
import { utf8 } from "../../../tests/support/bytes.ts";
import { TestListener } from "../../../tests/support/programs/listener.ts";
import { ManualClock } from "../../core/clock.ts";

const HEADER = "PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n";

function listen(
  proxiesFrom: string[],
  clock?: ManualClock,
): Promise<TestListener> {
  return TestListener.start({
    address: { protocol: "mqtt", hostname: "127.0.0.1", port: 0 },
    proxiesFrom,
  }, clock ? { clock } : {});
}

function connect({ port }: TestListener): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

Deno.test("ProxyGate loses nothing of what comes with the header, however it comes", async () => {
  using listener = await listen(["10.0.0.0/8", "127.0.0.0/8"]);
  const bytes = utf8(`${HEADER}CONNECT and more`);
  for (const step of [1, 5, HEADER.length, bytes.length]) {
    using connection = await connect(listener);
    connection.setNoDelay(true);
    for (let at = 0; at < bytes.length; at += step) {
      await connection.write(bytes.subarray(at, at + step));
      if (step < 10) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const transport = await listener.accepted();
    assert.equal(transport.peer, "192.0.2.7:51234");
    let read = "";
    const buffer = new Uint8Array(3);
    while (read.length < 16) {
      const count = await transport.read(buffer);
      read += new TextDecoder().decode(buffer.subarray(0, count!));
    }
    assert.equal(read, "CONNECT and more");
  }
});

Deno.test("ProxyGate takes a proxy that speaks for itself under its own address", async () => {
  using listener = await listen(["127.0.0.1"]);
  using connection = await connect(listener);
  await connection.write(utf8("PROXY UNKNOWN\r\n"));
  const transport = await listener.accepted();
  assert.equal(transport.peer, `127.0.0.1:${connection.localAddr.port}`);
});

Deno.test("ProxyGate ends what does not come from a proxy or has no header, and tells once why", async () => {
  const cases: [string[], string, RegExp][] = [
    [["192.0.2.0/24"], HEADER, /only named proxies/],
    [["127.0.0.1"], "\x10\x0c\0\x04MQTT", /no header .*does not begin with/],
  ];
  for (const [proxiesFrom, bytes, reason] of cases) {
    using listener = await listen(proxiesFrom);
    for (let time = 0; time < 3; time++) {
      using connection = await connect(listener);
      await connection.write(utf8(bytes)).catch(() => {});
      const end = await connection.read(new Uint8Array(1)).catch(() => null);
      assert.equal(end, null);
    }
    assert.equal(listener.unasked, 0);
    assert.equal(listener.log.length, 1, listener.log.join("\n"));
    assert.match(listener.log[0]!, /Connection refused.*address=127\.0\.0\.1/);
    assert.match(listener.log[0]!, reason);
  }
});

Deno.test("ProxyGate gives a proxy only so much time, and holds up nobody meanwhile", async () => {
  const clock = new ManualClock();
  using listener = await listen(["127.0.0.1"], clock);
  using slow = await connect(listener);
  await slow.write(utf8(HEADER.slice(0, 20)));
  using quick = await connect(listener);
  await quick.write(utf8(HEADER));
  await listener.accepted();
  assert.equal(listener.log.length, 0);
  clock.advance(11_000);
  const end = await slow.read(new Uint8Array(1)).catch(() => null);
  assert.equal(end, null);
  await until("it is told", () => listener.log.length > 0);
  assert.match(listener.log[0]!, /it took too long/);
});

Deno.test("Handshakes ends the slowest when too many are under way, and all when the listener closes", async () => {
  const listener = await listen(["127.0.0.1"]);
  const connections: Deno.TcpConn[] = [];
  try {
    for (let index = 0; index < 1025; index++) {
      connections.push(await connect(listener));
    }
    const end = (connection: Deno.TcpConn) =>
      connection.read(new Uint8Array(1)).catch(() => null);
    assert.equal(await end(connections[0]!), null);
    assert.match(listener.log.join("\n"), /it was the slowest/);
    listener[Symbol.dispose]();
    assert.equal(await end(connections[1024]!), null);
  } finally {
    for (const connection of connections) connection.close();
    listener[Symbol.dispose]();
  }
});
