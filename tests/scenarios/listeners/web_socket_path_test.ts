/** At which paths WebSocket is spoken, and what a client at another one is told. */

import assert from "node:assert/strict";
import { Program } from "../../support/programs/program.ts";

/** Whether a browser's WebSocket opens there. */
async function opens(url: string): Promise<boolean> {
  const socket = new WebSocket(url, ["mqtt"]);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.onopen = () => resolve(true);
    socket.onerror = () => resolve(false);
  });
  if (isOpen) {
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  }
  return isOpen;
}

Deno.test("websocket-path: a listener without a path takes every path", async () => {
  await using program = new Program("--listen", "ws://127.0.0.1:0");
  const port = await program.port("ws");
  for (const path of ["", "/", "/ws", "/mqtt/", "/a/b?c=d"]) {
    assert.ok(await opens(`ws://127.0.0.1:${port}${path}`), path);
  }
});

Deno.test("websocket-path: one with a path shows it, and tells and counts upgrades at others", async () => {
  await using program = new Program("--listen", "ws://127.0.0.1:0/mqtt");
  await program.line(/Listening url=ws:\/\/127\.0\.0\.1:\d+\/mqtt /);
  const url = `ws://127.0.0.1:${await program.port("ws")}`;
  assert.ok(await opens(`${url}/mqtt`));
  for (const path of ["/", "/ws"]) assert.ok(!await opens(url + path));
  await program.line(
    /Connection refused address=127\.0\.0\.1 .*it asked for WebSocket at \\?"\/\\?", and MQTT is spoken at \/mqtt/,
  );
  const told = program.lines.filter((line) => /asked for WebSocket/.test(line));
  assert.equal(told.length, 1, "once a minute");
});
