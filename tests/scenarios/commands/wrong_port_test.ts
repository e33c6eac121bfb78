/** What pub says where a port speaks another protocol than the URL: in words, and without waiting. */

import assert from "node:assert/strict";
import { Program, runProgram } from "../../support/programs/program.ts";

async function pub(url: string): Promise<string> {
  const { status, stderr } = await runProgram(
    "pub",
    url,
    "-t",
    "a",
    "-m",
    "x",
  );
  assert.notEqual(status, 0);
  return stderr;
}

Deno.test("pub says which protocol a port seems to speak", async () => {
  await using program = new Program(
    "--listen",
    "mqtt://127.0.0.1:0",
    "--listen",
    "ws://127.0.0.1:0",
  );
  const plain = `127.0.0.1:${await program.port()}`;
  const web = `127.0.0.1:${await program.port("ws")}`;
  assert.match(
    await pub(`mqtt://${web}`),
    /it answers in HTTP: if it speaks MQTT over WebSocket there, begin the URL with ws:\/\//,
  );
  assert.match(await pub(`mqtts://${plain}`), /is TLS spoken on this port\?/);
  assert.match(
    await pub(`ws://${plain}`),
    /HTTP answers with 400 Bad Request instead of a WebSocket/,
  );
  assert.match(
    await pub(`wss://${web}`),
    /is this a port for WebSocket within TLS\?/,
  );
});

Deno.test("pub says that a port answers in TLS", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [said] = await Promise.all([
    pub(`mqtt://127.0.0.1:${port}`),
    listener.accept().then(async (connection) => {
      await connection.read(new Uint8Array(100));
      // An alert: unexpected message.
      await connection.write(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 10));
      connection.close();
    }),
  ]);
  assert.match(said, /it answers in TLS: begin the URL with mqtts:\/\//);
  listener.close();
});
