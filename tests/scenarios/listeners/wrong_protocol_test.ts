/** Clients that speak another protocol at a port: the log says which, and what to do. */

import assert from "node:assert/strict";
import { Program } from "../../support/programs/program.ts";

/** Sends bytes, and returns what comes back until the end. */
async function say(port: number, bytes: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(
    Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)),
  );
  await connection.closeWrite();
  const answer = await new Response(connection.readable).text()
    .catch(() => "");
  return answer;
}

const UPGRADE =
  "GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const HELLO = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
const CONNECT = "\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0";

for (
  const [name, bytes, line] of [
    [
      "a browser",
      "GET / HTTP/1.1\r\n\r\n",
      /an HTTP client .*WebSocket is spoken at ws:\/\/127\.0\.0\.1:\d+/,
    ],
    ["WebSocket", UPGRADE, /a WebSocket client .*WebSocket is spoken at ws:/],
    ["POST", "POST /a HTTP/1.1\r\n\r\n", /an HTTP client/],
    [
      "TLS",
      HELLO,
      /a TLS client at a port for MQTT without TLS: add a listener mqtts:\/\//,
    ],
    [
      "a PROXY header",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
      /a PROXY header .*proxies_from/,
    ],
    [
      "a PROXY header in bytes",
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
      /a PROXY header .*proxies_from/,
    ],
    ["SSH", "SSH-2.0-OpenSSH_9.2\r\n", /an SSH client/],
    ["Redis", "*1\r\n$4\r\nPING\r\n", /a Redis client/],
  ] as const
) {
  Deno.test(`wrong-protocol-at-a-port: ${name} at a port for MQTT`, async () => {
    await using program = new Program(
      "--listen",
      "mqtt://127.0.0.1:0",
      "--listen",
      "ws://127.0.0.1:0",
    );
    const answer = await say(await program.port(), bytes);
    const [text] = await program.line(/Connection refused.*/);
    assert.match(text, line);
    if (/HTTP/.test(bytes)) assert.match(answer, /^HTTP\/1\.1 400 /);
    else assert.equal(answer, "");
  });
}

for (
  const [name, bytes, line] of [
    [
      "TLS",
      HELLO + "\0".repeat(600),
      /a TLS client at a port for WebSocket without TLS/,
    ],
    ["MQTT", CONNECT, /an MQTT client at a port for WebSocket without it/],
  ] as const
) {
  Deno.test(`wrong-protocol-at-a-port: ${name} at a port for WebSocket`, async () => {
    await using program = new Program("--listen", "ws://127.0.0.1:0");
    await say(await program.port("ws"), bytes);
    const [text] = await program.line(/Connection refused.*/);
    assert.match(text, line);
  });
}
