/** Whose pages may connect by WebSocket, where nothing is said about it and where something is. */

import assert from "node:assert/strict";
import { utf8 } from "../../support/bytes.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { Program } from "../../support/programs/program.ts";
import { request } from "../../support/clients/web_socket_client.ts";

/** The status that a page of this origin gets for its request. */
async function statusFor(port: number, origin?: string): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(
    utf8(request("/mqtt", { Host: `127.0.0.1:${port}`, Origin: origin })),
  );
  const buffer = new Uint8Array(1000);
  const count = await connection.read(buffer);
  const text = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  return Number(/^HTTP\/1\.1 (\d+) /.exec(text)?.[1]);
}

async function portOf(program: Program): Promise<number> {
  const [, port] = await program.line(/Listening.*ws:\/\/[^ "]*:(\d+)/);
  return Number(port);
}

Deno.test("web pages: strangers' are kept out where anybody may come in, and the log says what to do", async () => {
  await using program = new Program("--listen", "ws://127.0.0.1:0/mqtt");
  const port = await portOf(program);
  assert.equal(await statusFor(port), 101);
  assert.equal(await statusFor(port, "http://127.0.0.1:8080"), 101);
  assert.equal(await statusFor(port, "http://localhost:5173"), 101);
  assert.equal(await statusFor(port, "https://evil.example"), 403);
  await program.line(
    /pages of .*https:\/\/evil\.example.* may not connect .*origins/,
  );
  assert.equal(await statusFor(port, "null"), 403);
});

Deno.test("web pages: origins says whose may connect, and whether all may", async () => {
  await using some = new Program(
    ...["--listen", "ws://127.0.0.1:0/mqtt?origins=https://panel.example"],
  );
  const port = await portOf(some);
  assert.equal(await statusFor(port, "https://panel.example"), 101);
  assert.equal(await statusFor(port, "http://127.0.0.1:8080"), 403);
  await using all = new Program(
    ...["--listen", "ws://127.0.0.1:0/mqtt?origins=*"],
  );
  assert.equal(await statusFor(await portOf(all), "https://evil.example"), 101);
});

Deno.test("web pages: all may connect where clients must say who they are", async () => {
  await using folder = await ConfigFolder.make();
  await folder.passwords({ ann: "secret of ann" });
  await using program = new Program(
    ...["--listen", "ws://127.0.0.1:0/mqtt", "--users", folder.file("users")],
  );
  assert.equal(
    await statusFor(await portOf(program), "https://panel.example"),
    101,
  );
});
