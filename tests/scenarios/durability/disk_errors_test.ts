import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { succeeds } from "../../support/programs/commands.ts";
import { Program } from "../../support/programs/program.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const KEPT = {
  clientId: "away",
  clean: false,
  properties: { sessionExpiryInterval: 1000 },
};

/** The program, whose writes can be made to fail: beyond a file size they do so by an error, and not by a signal. */
class LimitedProgram extends Program {
  protected static override readonly wrapper = [
    "sh",
    "-c",
    'trap "" XFSZ; exec "$@"',
    "sh",
  ];

  /** Lets files grow to so many bytes. */
  async limit(bytes: number | "unlimited"): Promise<void> {
    const args = [`--pid=${this.pid}`, `--fsize=${bytes}:unlimited`];
    assert.ok(await succeeds("prlimit", ...args));
  }
}

const can = await succeeds("prlimit", "--version");

Deno.test({
  name:
    `disk errors: nothing is acknowledged while there are any, and all goes on by itself after them${
      can ? "" : " (ignored: there is no prlimit here)"
    }`,
  ignore: !can,
  async fn() {
    const folder = await Deno.makeTempDir();
    const flags = ["--listen=mqtt://127.0.0.1:0", `--data=${folder}/data`];
    await using program = new LimitedProgram(...flags, "--ballast=64KiB");
    const address = { hostname: "127.0.0.1", port: await program.port() };
    const away = await Client.connect(address, KEPT);
    await away.subscribe("kept", { qos: 1 });
    await away.disconnect();
    const publisher = await Client.connect(address);
    const old = await Client.connect(address, { version: 4 });
    assert.equal(await publisher.publish("kept", "1", { qos: 1 }), 0);

    await program.limit(1);
    const waits = await publisher.sendPublish("kept", "2", { qos: 1 });
    await program.line(/ERROR.*cannot be written to/);
    await publisher.ping();
    assert.equal(publisher.waiting, 0, "acknowledged nevertheless");
    const live = await Client.connect(address);
    await live.subscribe("kept");
    assert.equal(await live.publish("kept", "refused", { qos: 1 }), 0x97);
    await live.publish("kept", "live", { qos: 0 });
    assert.equal(payloadText(await live.message()), "live");
    const waitsToo = await old.sendPublish("kept", "3", { qos: 1 });
    await old.ping();
    // Long enough for the files to be opened anew.
    await new Promise((resolve) => setTimeout(resolve, 4500));
    await live.expectNothing();

    await program.limit("unlimited");
    await publisher.take("puback", waits);
    await old.take("puback", waitsToo);
    await program.line(/INFO.*room on the disk again/);
    const again = await Client.connect(address, KEPT);
    for (const payload of ["1", "2", "3"]) {
      const message = await again.message();
      assert.equal(payloadText(message), payload);
      await again.acknowledge(message);
    }
    await again.expectNothing();
    for (const client of [again, live, old, publisher]) await client.close();
    program.signal("SIGTERM");
    assert.equal((await program.end()).status, 0);
    const told = program.lines.filter((line) => line.includes(" disk"));
    assert.equal(told.length, 3, "announced, and each told once");
    await Deno.remove(folder, { recursive: true });
  },
});
