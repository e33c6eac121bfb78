import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Client } from "../../support/clients/client.ts";
import {
  type Outcome,
  Program,
  runProgram,
} from "../../support/programs/program.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const PERSISTENT = {
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
};

/** A data folder for the length of a test. */
async function withFolder(work: (folder: string) => Promise<void>) {
  const root = await Deno.makeTempDir();
  try {
    await work(`${root}/data`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function store(command: string, ...args: string[]): Promise<Outcome> {
  return runProgram("store", command, ...args);
}

/** Requires that a command did what it should, and returns what it wrote. */
function ok(outcome: Outcome): string {
  assert.equal(outcome.stderr, "");
  assert.equal(outcome.status, 0, outcome.stdout);
  return outcome.stdout;
}

/** Requires that a command refused with one sentence on one line. */
function refused(outcome: Outcome, status: number, sentence: RegExp): void {
  assert.match(outcome.stderr, /^[A-Z][^\n]*[^.\n]\n$/);
  assert.match(outcome.stderr, sentence);
  assert.equal(outcome.stdout, "");
  assert.equal(outcome.status, status);
}

/** Lets a broker run on a folder, with messages for a client that is away, and has something done meanwhile. */
async function whileRunning(
  folder: string,
  work: (program: Program, port: number) => Promise<void>,
): Promise<void> {
  await using program = new Program(
    "start",
    "--listen",
    "mqtt://127.0.0.1:0",
    "--data",
    folder,
  );
  const port = await program.port();
  const address = { hostname: "127.0.0.1", port };
  for (const clientId of ["sensor", "display"]) {
    const client = await Client.connect(address, { ...PERSISTENT, clientId });
    if (clientId === "display") await client.subscribe("a/+", { qos: 2 });
    await client.disconnect();
  }
  const publisher = await Client.connect(address);
  for (const payload of ["one", "two", "three"]) {
    await publisher.publish("a/b", payload, { qos: 1 });
  }
  await publisher.publish("kept", "retained", { qos: 1, retain: true });
  await publisher.disconnect();
  await work(program, port);
  program.signal("SIGTERM");
  assert.equal((await program.end()).status, 0);
}

/** The lines of an export, without its time. */
function lines(text: string): string[] {
  return text.replace(/"time":"[^"]*"/, '"time":""').trimEnd().split("\n");
}

Deno.test("store: --help lists the commands, and each command's its flags", async () => {
  const commands = ["info", "check", "export", "import", "compact"];
  const [overview, wrong, ...each] = await Promise.all([
    runProgram("store", "--help"),
    runProgram("store"),
    ...commands.map((command) => store(command, "--help")),
  ]);
  for (const command of commands) {
    assert.match(ok(overview!), new RegExp(`^ +${command} `, "m"));
  }
  for (const help of each) {
    assert.match(ok(help), /^Usage: mailboxqtt store [^]*^ +--data FOLDER /m);
  }
  refused(wrong!, 2, /needs another one behind it: info, .* or compact$/m);
});

Deno.test("store: wrong arguments are one sentence and exit status 2", async () => {
  const cases: [string[], RegExp][] = [
    [["store", "inf"], /Unknown store command "inf": did you mean info\?/],
    [["store", "info", "--data", "none"], /--data is needed/],
    [["store", "info", "--data", "x", "--top", "all"], /--top cannot be "all"/],
    [["store", "check", "--data", "x", "--json"], /Unknown flag --json/],
    [["store", "check", "x"], /Unknown argument "x"/],
    [["store", "import", "--data", "x"], /Name the file to import/],
    [["store", "import", "a", "b", "--data", "x"], /Unknown argument "b"/],
  ];
  const outcomes = await Promise.all(
    cases.map(([args]) => runProgram(...args)),
  );
  outcomes.forEach((outcome, at) => refused(outcome, 2, cases[at]![1]));
});

Deno.test("store: without a store each command says so with exit status 1, and makes none", async () => {
  await withFolder(async (folder) => {
    for (const command of ["info", "check", "export", "compact"]) {
      const outcome = await store(command, "--data", folder);
      refused(outcome, 1, /^Cannot .* in .*: there is no such folder$/m);
    }
    // Without --data it is where the broker keeps it by default.
    refused(await store("info"), 1, /^Cannot read .* in .*\/mailboxqtt: /m);
    const missing = `${folder}/backup.jsonl`;
    refused(
      await store("import", missing, "--data", folder),
      1,
      /^Cannot import .*backup\.jsonl: no such file/m,
    );
    await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
  });
});

Deno.test("store: info, check and export work beside a running broker, import and compact name its pid", async () => {
  await withFolder(async (folder) => {
    const backup = `${folder}.jsonl`;
    const data = ["--data", folder];
    let running: string[] = [];
    await whileRunning(folder, async (program) => {
      const { pid } = program;
      const info = JSON.parse(ok(await store("info", ...data, "--json")));
      assert.equal(info.pid, pid);
      assert.equal(info.lastEnd, null);
      assert.equal(info.counts.sessions, 2);
      assert.equal(info.counts.deliveries, 3);
      assert.ok(info.databaseBytes > 0 && info.logBytes > 0);
      const [display, sensor] = info.owners;
      assert.equal(display.name, "display");
      assert.equal(display.messages, 3);
      assert.equal(sensor.messages, 0);
      const away = Date.now() - Date.parse(display.offlineSince);
      assert.ok(away >= -1000 && away < 600_000, `${away}`);
      const text = ok(await store("info", ...data, "--top", "1"));
      assert.match(text, new RegExp(`runs, with process id ${pid}$`, "m"));
      assert.match(text, /1 largest backlogs of 2:\n.*\n +3 .* display$/m);
      assert.doesNotMatch(text, /sensor/);
      assert.match(ok(await store("check", ...data)), /is sound$/m);
      assert.equal(ok(await store("export", ...data, "--output", backup)), "");
      running = lines(await Deno.readTextFile(backup));
      const inUse = new RegExp(`another broker .* process id ${pid}$`, "m");
      refused(await store("compact", ...data), 1, inUse);
      const args = [backup, ...data, "--replace"];
      refused(await store("import", ...args), 1, inUse);
    });
    const { mode } = await Deno.stat(backup);
    assert.equal(mode! & 0o777, 0o600);
    const stopped = lines(ok(await store("export", ...data)));
    assert.deepEqual(stopped.slice(1), running.slice(1));
    const info = ok(await store("info", ...data));
    assert.match(info, /^written in all +[\d.]+ \w+, [1-9]\d* fsyncs$/m);
    assert.match(info, /does not run; the last one was ended as it should be/);
  });
});

Deno.test("store: what export wrote is a store again after import, for the broker too", async () => {
  await withFolder(async (folder) => {
    await whileRunning(folder, async () => {});
    const backup = `${folder}.jsonl`;
    ok(await store("export", "--data", folder, "--output", backup));
    const before = lines(await Deno.readTextFile(backup));
    await Deno.remove(folder, { recursive: true });
    const args = [backup, "--data", folder];
    assert.match(ok(await store("import", ...args)), /^Imported \d+ lines/);
    const after = lines(ok(await store("export", "--data", folder)));
    assert.deepEqual(after, before);
    refused(await store("import", ...args), 1, /is a store in .*; --replace/);
    ok(await store("import", ...args, "--replace"));
    const broken = before.with(2, before[2]!.replace(/}$/, ""));
    await Deno.writeTextFile(backup, broken.join("\n"));
    refused(
      await store("import", ...args, "--replace"),
      1,
      /\.jsonl: line 3: it is not JSON; .*as it was$/m,
    );
    assert.match(ok(await store("check", "--data", folder)), /is sound$/m);
    await whileRunning(folder, async (_program, port) => {
      const address = { hostname: "127.0.0.1", port };
      const options = { ...PERSISTENT, clientId: "display" };
      const client = await Client.connect(address, options);
      assert.equal(client.connack.sessionPresent, true);
      // Those of the import, and those of this run.
      for (const payload of ["one", "two", "three", "one", "two", "three"]) {
        assert.equal(payloadText(await client.message()), payload);
      }
      await client.disconnect();
    });
  });
});

Deno.test("store: check names damaged rows with exit status 1, and export leaves them out and says so", async () => {
  await withFolder(async (folder) => {
    await whileRunning(folder, async () => {});
    const database = new DatabaseSync(`${folder}/mailboxqtt.db`);
    database.exec("UPDATE delivery SET number = number + 10 WHERE id > 1");
    database.close();
    const check = await store("check", "--data", folder);
    assert.equal(check.status, 1);
    assert.match(
      check.stdout,
      /^delivery: its checksum is wrong \(2 rows: 2, 3\)\nThe store in .* is not sound: 2 problems found/,
    );
    const exported = await store("export", "--data", folder);
    assert.equal(exported.status, 1);
    assert.match(exported.stderr, /^The export leaves out 2 damaged rows: /);
    assert.match(exported.stdout, /"type":"end","lines":\d+,"damaged":2}\n$/);
  });
});

Deno.test("store: compact gives unused space back and keeps everything", async () => {
  await withFolder(async (folder) => {
    const data = ["--data", folder];
    await whileRunning(folder, async (_program, port) => {
      const client = await Client.connect({ hostname: "127.0.0.1", port });
      for (const payload of ["x".repeat(500_000), ""]) {
        await client.publish("long", payload, { qos: 1, retain: true });
      }
      await client.disconnect();
    });
    const database = new DatabaseSync(`${folder}/mailboxqtt.db`);
    database.exec(
      "CREATE TABLE long AS SELECT zeroblob(1000000) AS x; DROP TABLE long",
    );
    database.close();
    const before = lines(ok(await store("export", ...data)));
    const large = JSON.parse(ok(await store("info", ...data, "--json")));
    assert.ok(large.unusedBytes >= 1_000_000);
    assert.match(
      ok(await store("compact", ...data)),
      /^Compacted the store in .*: \d.* before, \d.* now\n$/,
    );
    const small = JSON.parse(ok(await store("info", ...data, "--json")));
    assert.equal(small.unusedBytes, 0);
    assert.ok(small.databaseBytes <= large.databaseBytes - 1_000_000);
    assert.equal(small.lastEnd, "clean");
    assert.deepEqual(lines(ok(await store("export", ...data))), before);
  });
});
