/** Connections that never become clients leave few lines, however many they are. */

import assert from "node:assert/strict";
import { Program, runProgram } from "../../support/programs/program.ts";

/** Opens a connection from an address of this machine, sends nine bytes of rubbish, and waits for its end. */
async function knock(port: number, from: string): Promise<void> {
  const { connect } = await import("node:net");
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({ host: "127.0.0.1", port, localAddress: from });
  socket.on("error", () => {});
  socket.on("close", () => resolve());
  socket.resume();
  socket.write("rubbish!!");
  await promise;
}

Deno.test("refused-connections-in-the-log: five thousand of them leave few lines, and all are counted", async () => {
  const folder = await Deno.makeTempDir();
  await using program = new Program(
    "--listen",
    "mqtt://127.0.0.1:0",
    "--control",
    `${folder}/control.sock`,
  );
  const port = await program.port();
  await program.line(/Messages are kept in memory only/);
  const before = program.lines.length;
  for (let round = 0; round < 100; round++) {
    await Promise.all(
      Array.from(
        { length: 50 },
        (_, n) => knock(port, `127.0.0.${2 + (round * 50 + n) % 60}`),
      ),
    );
  }
  const { stdout } = await runProgram(
    "status",
    "--control",
    `${folder}/control.sock`,
  );
  assert.match(stdout, /5,?000/);
  const lines = program.lines.slice(before);
  assert.ok(lines.length >= 20 && lines.length <= 25, `${lines.length} lines`);
  const others = lines.filter((line) => !/Connection refused/.test(line));
  assert.deepEqual(others, []);
  await Deno.remove(folder, { recursive: true });
});
