import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { DATABASE_FILE } from "../../../src/store/database/choice.ts";
import type { MeterRecord } from "../../../src/store/meter.ts";
import { Client } from "../../support/clients/client.ts";
import { Program } from "../../support/programs/program.ts";

/** Where each fsync is written down. */
const TRACE = `${Deno.env.get("TMPDIR") ?? "/tmp"}/fsyncs-${Deno.pid}`;

/** The program, with its fsyncs traced. */
class TracedProgram extends Program {
  protected static override readonly wrapper = [
    ..."strace -D -f -qq -e trace=fsync,fdatasync -e signal=none -o".split(" "),
    TRACE,
  ];

  /** How often it has called fsync by now. */
  static async fsyncs(): Promise<number> {
    const trace = await Deno.readTextFile(TRACE);
    return trace.match(/f(data)?sync\(/g)?.length ?? 0;
  }
}

async function hasStrace(): Promise<boolean> {
  try {
    // Where processes may not be traced, it is of no use.
    const args = ["-o", "/dev/null", "true"];
    const command = new Deno.Command("strace", { args, stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

const can = await hasStrace();

Deno.test({
  name: `fsyncs: 50 retained QoS 0 updates a second cause at most 2 a second${
    can ? "" : " (ignored: strace cannot trace here)"
  }`,
  ignore: !can,
  async fn() {
    const folder = await Deno.makeTempDir();
    const flags = ["--listen=mqtt://127.0.0.1:0", `--data=${folder}/data`];
    await using program = new TracedProgram(...flags, "--ballast=64KiB");
    const address = { hostname: "127.0.0.1", port: await program.port() };
    const opened = await TracedProgram.fsyncs();
    const client = await Client.connect(address);
    for (let n = 0; n < 20; n++) {
      await client.publish(`${n}`, "acknowledged", { qos: 1, retain: true });
    }
    const before = await TracedProgram.fsyncs();
    assert.ok(before - opened >= 20, "one for each that somebody waits for");

    const start = performance.now();
    for (let n = 0; n < 150; n++) {
      await client.publish(`${n % 20}`, `${n}`, { retain: true });
      const wait = Math.max(0, start + n * 20 - performance.now());
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    await client.ping();
    const seconds = (performance.now() - start) / 1000;
    const all = await TracedProgram.fsyncs();
    const caused = all - before;
    assert.ok(caused > 0, "none is kept");
    assert.ok(caused <= 2 * seconds, `${caused} in ${seconds} s`);

    await client.close();
    program.signal("SIGTERM");
    await program.end();
    const path = `${folder}/data/${DATABASE_FILE}`;
    const database = new DatabaseSync(path, { readOnly: true });
    const row = database.prepare("SELECT value FROM meta WHERE key = 'meter'")
      .get();
    database.close();
    const { total, thisDay } = JSON.parse(String(row!.value)) as MeterRecord;
    assert.deepEqual(total, thisDay);
    // But for the ballast, and a last commit at the end.
    const unmetered = all - opened - total.fsyncs;
    assert.ok(Math.abs(unmetered) <= 2, `${unmetered}`);
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(TRACE);
  },
});
