/**
 * The whole program with mosquitto's clients: what a gateway sees in its first hour. All of it is short enough for a
 * program that is emulated (`deno task test:arm64`).
 */

import assert from "node:assert/strict";
import type { Address } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import { Program } from "../../support/programs/program.ts";

const QOS = ["0", "1", "2"];

/** Starts the program on a folder and waits until it listens. */
async function start(
  data: string,
): Promise<{ program: Program; address: Address }> {
  const program = new Program("--listen", "mqtt://127.0.0.1:0", "--data", data);
  const port = await program.port();
  return { program, address: { hostname: "127.0.0.1", port } };
}

/** A subscriber whose session stays. */
function device(address: Address): Promise<MosquittoSub> {
  const session = ["-V", "mqttv5", "-x", "1000", "-c", "-i", "device"];
  return MosquittoSub.start(address, ...session, "-q", "2", "-t", "to/device");
}

Deno.test("mosquitto clients: the program serves them at each QoS, and has everything after kill -9", async () => {
  await using folder = await ConfigFolder.make();
  const data = folder.file("data");
  {
    const { program, address } = await start(data);
    await using _program = program;
    await using all = await MosquittoSub.start(
      address,
      "-q",
      "2",
      "-t",
      "live/#",
    );
    await (await device(address)).end();
    for (const qos of QOS) {
      const flags = ["-q", qos, "-m", `at ${qos}`];
      await mosquittoPub(address, "-t", `live/${qos}`, ...flags);
      assert.equal(await all.line(), `live/${qos} ${qos} 0 at ${qos}`);
      if (qos === "0") continue;
      await mosquittoPub(address, "-t", `kept/${qos}`, "-r", ...flags);
      await mosquittoPub(address, "-t", "to/device", ...flags);
    }
    program.signal("SIGKILL");
    await program.end();
  }

  const { program, address } = await start(data);
  await using _program = program;
  {
    await using kept = await MosquittoSub.start(
      address,
      "-q",
      "2",
      "-t",
      "kept/#",
    );
    const lines = [await kept.line(), await kept.line()].sort();
    assert.deepEqual(lines, ["kept/1 1 1 at 1", "kept/2 2 1 at 2"]);
  }
  await using back = await device(address);
  assert.equal(await back.line(), "to/device 1 0 at 1");
  assert.equal(await back.line(), "to/device 2 0 at 2");
  // Each came once: what comes next is new.
  await mosquittoPub(address, "-t", "to/device", "-q", "2", "-m", "new");
  assert.equal(await back.line(), "to/device 2 0 new");
  program.signal("SIGTERM");
  assert.equal((await program.end()).status, 0);
});
