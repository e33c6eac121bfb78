/** Addresses that are not there when the broker starts. */

import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { Program } from "../../support/programs/program.ts";

const LOOPBACK = "mqtt://127.0.0.1:0";

Deno.test("late address: the broker waits for it while its other listeners run, and ends at once when told", async () => {
  await using program = new Program(
    "--allow-anonymous",
    "--listen",
    "mqtt://192.0.2.1:1883",
    "--listen",
    "mqtt://gateway.invalid:1883",
    "--listen",
    LOOPBACK,
  );
  await program.line(
    /WARN .*Waiting for an address to listen on url=mqtt:\/\/192\.0\.2\.1:1883/,
  );
  await program.line(
    /WARN .*Waiting for an address to listen on url=mqtt:\/\/gateway\.invalid:1883/,
  );
  const address = { hostname: "127.0.0.1", port: await program.port() };
  const client = await Client.connect(address);
  await client.ping();
  await client.disconnect();
  program.signal("SIGTERM");
  const { status, took } = await program.end();
  assert.equal(status, 0);
  assert.ok(took < 4000, `Took ${took} ms`);
});

/** The program with a network of its own, in which there is nothing but a loopback interface. */
class AloneProgram extends Program {
  protected static override readonly wrapper = [
    "unshare",
    "--map-root-user",
    "--net",
    "sh",
    "-c",
    'ip link set lo up; exec "$@"',
    "sh",
  ];
}

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

/** Whether this machine lets us make such a network. */
const canBeAlone =
  await run("unshare", "--map-root-user", "--net", "ip", "link") &&
  await run("nsenter", "--version");

Deno.test({
  name: "late address: the broker listens on it once it is there",
  ignore: !canBeAlone,
  async fn() {
    await using program = new AloneProgram(
      "--allow-anonymous",
      "--listen",
      "mqtt://192.0.2.1:1883",
    );
    await program.line(/Waiting for an address to listen on/);
    const inside = [
      "-t",
      String(program.pid),
      "--user",
      "--preserve-credentials",
      "--net",
    ];
    assert.ok(
      await run(
        "nsenter",
        ...inside,
        "ip",
        "addr",
        "add",
        "192.0.2.1/32",
        "dev",
        "lo",
      ),
    );
    await program.line(/INFO .*Listening url=mqtt:\/\/192\.0\.2\.1:1883/);
    assert.ok(
      await run(
        "nsenter",
        ...inside,
        "mosquitto_pub",
        "-h",
        "192.0.2.1",
        "-t",
        "a",
        "-m",
        "b",
      ),
    );
    await program.line(/Client connected .*address=192\.0\.2\.1:/);
  },
});
