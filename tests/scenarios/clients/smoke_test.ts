/**
 * The least that the program must do wherever it runs, tested with nothing but itself: a release is tried with it on
 * each system that there is a program for.
 */

import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { type Address, Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { Program, runProgram } from "../../support/programs/program.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { persistent, VERSIONS } from "../../support/clients/write_packets.ts";

/** Starts the program and waits until it listens. */
async function start(
  ...args: string[]
): Promise<{ program: Program; address: Address }> {
  const program = new Program("--listen", "mqtt://127.0.0.1:0", ...args);
  const port = await program.port();
  return { program, address: { hostname: "127.0.0.1", port } };
}

Deno.test("smoke: the program tells its version and checks a configuration", async () => {
  await using folder = await ConfigFolder.make();
  const { stdout } = await runProgram("--version");
  assert.ok(stdout.startsWith(`mailboxqtt ${config.version} `), stdout);
  await folder.write("mailboxqtt.toml", `data = "none"\nusers = "users"\n`);
  const faulty = await runProgram("check", "--config", folder.config);
  assert.equal(faulty.status, 1, "no such file");
  await folder.passwords({ ann: "secret" });
  const sound = await runProgram("check", "--config", folder.config);
  assert.equal(sound.status, 0, sound.stdout);
});

Deno.test("smoke: the program knows its users", async () => {
  await using folder = await ConfigFolder.make();
  await folder.passwords({ ann: "secret" });
  const { program, address } = await start("--users", folder.file("users"));
  await using _program = program;
  const ann = { username: "ann", password: "secret" };
  const client = await Client.connect(address, ann);
  await client.ping();
  await client.close();
  const stranger = await Client.open(address);
  await stranger.sendConnect({ ...ann, password: "guessed" });
  await stranger.expectRefused(0x86);
});

Deno.test("smoke: the program passes messages on, and keeps them when it is killed", async () => {
  await using folder = await ConfigFolder.make();
  const data = folder.file("data");
  {
    const { program, address } = await start("--data", data);
    await using _program = program;
    for (const version of VERSIONS) {
      const device = persistent(version, `device${version}`);
      const client = await Client.connect(address, device);
      await client.subscribe(`to/${version}`, { qos: 2 });
      for (const qos of [0, 1, 2]) {
        assert.equal(await client.publish(`to/${version}`, "live", { qos }), 0);
        const message = await client.message();
        assert.deepEqual([payloadText(message), message.qos], ["live", qos]);
      }
      await client.disconnect();
    }
    const publisher = await Client.connect(address);
    for (const version of VERSIONS) {
      for (const qos of [1, 2]) {
        await publisher.publish(`to/${version}`, `at ${qos}`, { qos });
      }
    }
    await publisher.publish("kept", "retained", { qos: 1, retain: true });
    await publisher.close();
  }

  const { program, address } = await start("--data", data);
  await using _program = program;
  for (const version of VERSIONS) {
    const device = persistent(version, `device${version}`);
    const client = await Client.connect(address, device);
    const waited = await client.messages(2);
    assert.deepEqual(waited.map(payloadText), ["at 1", "at 2"]);
    await client.subscribe("kept");
    assert.equal(payloadText(await client.message()), "retained");
    await client.close();
  }
});
