import assert from "node:assert/strict";
import { StartError } from "../core/errors.ts";
import { SILENT_LOG } from "../core/log.ts";
import { askBroker } from "./ask_broker.ts";
import { type ControlHandler, ControlServer } from "./control_server.ts";

const HANDLERS = new Map<string, ControlHandler>([
  ["echo", (request) => request],
  ["large", () => "x".repeat(300_000)],
  ["nothing", () => undefined],
  ["refuse", () => {
    throw new StartError("Cannot do that: it is Sunday");
  }],
  ["fail", () => Promise.reject(new TypeError("a is undefined"))],
]);

/** A folder, and a server on a socket in it. */
async function start(): Promise<
  { path: string; server: ControlServer } & AsyncDisposable
> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/control.sock`;
  const server = await ControlServer.start({
    path,
    handlers: HANDLERS,
    log: SILENT_LOG,
  });
  return {
    path,
    server,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Sends bytes as they are, and returns all that comes back. */
async function exchange(path: string, text: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    at += await connection.write(bytes.subarray(at)).catch(() => bytes.length);
  }
  let answer = "";
  const buffer = new Uint8Array(4096);
  for (;;) {
    const read = await connection.read(buffer).catch(() => null);
    if (read === null) return answer;
    answer += new TextDecoder().decode(buffer.subarray(0, read));
  }
}

Deno.test("ControlServer answers one line with one line", async () => {
  await using place = await start();
  const request = { command: "echo", text: "a\nb", number: 1 };
  assert.deepEqual(await askBroker(place.path, request), request);
  assert.equal(await askBroker(place.path, { command: "nothing" }), null);
  const large = await askBroker(place.path, { command: "large" });
  assert.equal((large as string).length, 300_000);
});

Deno.test("ControlServer says what it cannot do", async () => {
  await using place = await start();
  for (
    const [command, sentence] of [
      ["refuse", /^Cannot do that: it is Sunday$/],
      ["fail", /^Internal error: a is undefined$/],
      ["other", /^Unknown command "other"$/],
    ] as const
  ) {
    await assert.rejects(
      askBroker(place.path, { command }),
      (error) => error instanceof StartError && sentence.test(error.message),
    );
  }
});

Deno.test("ControlServer outlives whatever it is sent", async () => {
  await using place = await start();
  for (const text of ["\n", "{", "[]\n", "null\n", "\0\xFF\n", "7\n"]) {
    using connection = await Deno.connect({
      transport: "unix",
      path: place.path,
    });
    await connection.write(new TextEncoder().encode(text));
  }
  assert.match(await exchange(place.path, "[]\n"), /no JSON object/);
  assert.equal(await exchange(place.path, "x".repeat(200_000)), "");
  assert.deepEqual(
    await askBroker(place.path, { command: "echo" }),
    { command: "echo" },
  );
});

Deno.test("ControlServer's socket is its owner's alone", async () => {
  await using place = await start();
  const { mode } = await Deno.stat(place.path);
  assert.equal(mode! & 0o777, 0o600);
});

Deno.test("ControlServer takes the place of a socket that nobody answers on, and of nothing else", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/control.sock`;
  const options = { path, handlers: HANDLERS, log: SILENT_LOG };
  try {
    await Deno.writeTextFile(path, "");
    await assert.rejects(ControlServer.start(options), /no socket/);
    await Deno.remove(path);

    // Left behind by a process that was killed.
    Deno.listen({ transport: "unix", path }).close();
    const server = await ControlServer.start(options);
    await assert.rejects(ControlServer.start(options), /another program/);
    await askBroker(path, { command: "nothing" });
    server.close();
    await assert.rejects(
      askBroker(path, { command: "nothing" }),
      /is the broker running/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
