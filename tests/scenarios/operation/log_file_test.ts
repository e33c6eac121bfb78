/** The log in a file that never grows too large. */

import assert from "node:assert/strict";
import { until } from "../../support/programs/broker.ts";
import { Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { Program, runProgram } from "../../support/programs/program.ts";

const LISTEN = ["--listen", "mqtt://127.0.0.1:0"];

async function textOf(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Waits until a file has a line that matches, and returns what is in its parentheses. */
async function lineIn(file: string, pattern: RegExp): Promise<string> {
  let found: RegExpExecArray | null = null;
  await until(`${file} has ${pattern}`, async () => {
    found = pattern.exec(await textOf(file));
    return found !== null;
  });
  return found![1]!;
}

Deno.test("log file: it is written in place of standard error, and another one is begun when it is large", async () => {
  await using folder = await ConfigFolder.make();
  const file = folder.file("log");
  await using program = new Program(
    ...LISTEN,
    `--log-file=${file}`,
    "--log-file-size=4KiB",
    "--log-files=2",
  );
  const port = Number(await lineIn(file, /Listening.*:(\d+) /));
  const address = { hostname: "127.0.0.1", port };
  for (let at = 0; at < 60; at++) {
    const client = await Client.connect(address, { clientId: `client-${at}` });
    await client.disconnect();
  }
  program.signal("SIGTERM");
  assert.equal((await program.end()).status, 0);
  assert.deepEqual(program.lines.filter((line) => line !== ""), []);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name)
    .filter((name) => name.startsWith("log")).sort();
  assert.deepEqual(names, ["log", "log.1", "log.2"]);
  for (const name of names) {
    assert.ok((await Deno.stat(folder.file(name))).size <= 4096, name);
  }
  const all = (await Promise.all(
    ["log.2", "log.1", "log"].map((name) => textOf(folder.file(name))),
  )).join("");
  assert.match(
    all,
    /Client disconnected client=client-59 .*\n.*Ending.*\n.*Ended status=0\n$/,
  );
  // Nothing between the first line that is kept and the last one is missing.
  const seen = [...all.matchAll(/Client connected client=client-(\d+) /g)]
    .map(([, at]) => Number(at));
  assert.ok(seen.length > 10);
  assert.deepEqual(seen, seen.map((_, at) => seen[0]! + at));
});

Deno.test("log file: SIGHUP opens it anew, for those who move it away", async () => {
  await using folder = await ConfigFolder.make();
  const file = folder.file("log");
  await using program = new Program(...LISTEN, `--log-file=${file}`);
  await lineIn(file, /(Listening)/);
  await Deno.rename(file, folder.file("moved"));
  program.signal("SIGHUP");
  await lineIn(file, /(loaded anew)/);
  assert.doesNotMatch(await textOf(folder.file("moved")), /loaded anew/);
});

Deno.test("log file: one that cannot be written is one sentence and exit status 1", async () => {
  const { status, stderr } = await runProgram(
    ...LISTEN,
    "--data=none",
    "--log-file=/dev/null/log",
  );
  assert.equal(status, 1);
  assert.match(stderr, /^Cannot write the log to \/dev\/null\/log: .+\n$/);
});
