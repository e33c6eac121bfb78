import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { Program, runProgram } from "../../support/programs/program.ts";
import { VERSIONS } from "../../support/clients/write_packets.ts";

const LOOPBACK = "mqtt://127.0.0.1:0";
const SERVER_SHUTTING_DOWN = 0x8B;

/** Requires that the program refused its arguments, or could not start, with one sentence. */
async function expectSentence(
  args: string[],
  status: number,
  sentence: RegExp,
): Promise<void> {
  const outcome = await runProgram(...args);
  assert.match(outcome.stderr, sentence);
  assert.match(
    outcome.stderr,
    /^[A-Z][^\n]*[^.\n]\n$/,
    "one sentence on one line",
  );
  assert.equal(outcome.status, status, outcome.stderr);
  assert.equal(outcome.stdout, "");
}

Deno.test("command line: --help lists every flag on standard output", async () => {
  const outcome = await runProgram("--help");
  assert.equal(outcome.status, 0);
  assert.equal(outcome.stderr, "");
  for (
    const flag of [
      "listen",
      "data",
      "log-level",
      "log-format",
      "allow-anonymous",
      "max-packet-size",
    ]
  ) {
    assert.match(outcome.stdout, new RegExp(`^ +--${flag}`, "m"));
  }
});

Deno.test("command line: help and --help wherever it stands say the same of start", async () => {
  const [help, wrong] = await Promise.all([
    runProgram("help", "start"),
    runProgram("start", "--nonsense", "--help"),
  ]);
  assert.equal(help.status, 0);
  assert.deepEqual(wrong, help);
});

Deno.test("command line: --version names the version", async () => {
  const outcome = await runProgram("--version");
  assert.equal(outcome.status, 0);
  assert.match(outcome.stdout, /^mailboxqtt \d+\.\d+\.\d+ [^\n]*\n$/);
});

Deno.test("command line: a wrong flag is one sentence and exit status 2", async () => {
  const cases: [string[], RegExp][] = [
    [["--lisen", LOOPBACK], /Unknown flag --lisen: did you mean --listen\?/],
    [
      ["--listen", "mqtt:127.0.0.1"],
      /--listen cannot be "mqtt:127\.0\.0\.1": write it as mqtt:/,
    ],
    [["--listen="], /--listen needs a value, for example/],
    [["--data="], /--data needs a value, for example/],
    [
      ["--max-inflight", "many"],
      /--max-inflight cannot be "many": a whole number from 1 to 65535/,
    ],
    [
      ["--log-format", "xml"],
      /--log-format cannot be "xml": allowed are text, json and journal/,
    ],
    [["strat"], /Unknown command "strat": did you mean start\?/],
  ];
  for (const [args, sentence] of cases) await expectSentence(args, 2, sentence);
});

Deno.test("command line: what strangers could reach is refused, with what to type in three lines", async () => {
  const { status, stdout, stderr } = await runProgram(
    "--listen",
    "mqtt://0.0.0.0:0",
  );
  assert.equal(status, 2);
  assert.equal(stdout, "");
  const [sentence, ...lines] = stderr.trimEnd().split("\n");
  assert.match(
    sentence!,
    /^Cannot listen on mqtt:\/\/0\.0\.0\.0:0: every machine that reaches it could .*Type one of$/,
  );
  assert.equal(lines.length, 3, stderr);
  for (const word of ["passwd", "tls init", "--allow-anonymous"]) {
    assert.ok(lines.some((line) => line.includes(word)), stderr);
  }
});

Deno.test("command line: a taken port is one sentence and exit status 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const args = ["--listen", LOOPBACK, "--listen", `mqtt://127.0.0.1:${port}`];
  await expectSentence(
    args,
    1,
    new RegExp(`127\\.0\\.0\\.1:${port}: address already in use`, "i"),
  );
});

Deno.test("command line: start says where it listens and how to connect the first device", async () => {
  await using program = new Program(
    "start",
    "--listen",
    LOOPBACK,
    "--listen",
    LOOPBACK,
  );
  const port = await program.port();
  await program.line(
    new RegExp(
      `mosquitto_sub -h 127\\.0\\.0\\.1 -p ${port} -t test -i test-sub`,
    ),
  );
  await program.line(/in memory only/);
  const client = await Client.connect({ hostname: "127.0.0.1", port });
  await client.disconnect();
  program.signal("SIGTERM");
  assert.equal((await program.end()).status, 0);
  const listening = program.lines.filter((line) => /Listening/.test(line));
  assert.equal(listening.length, 2);
  for (const line of program.lines) {
    assert.match(
      line,
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (INFO |WARN ) [A-Z]/,
    );
  }
});

Deno.test("command line: start listens on IPv6", async () => {
  if (!hasIpv6()) return;
  await using program = new Program("--listen", "mqtt://[::1]:0");
  const port = await program.port();
  await program.line(new RegExp(`mosquitto_sub -h ::1 -p ${port} `));
  const client = await Client.connect({ hostname: "::1", port });
  await client.disconnect();
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`command line: ${signal} ends all clients, version 5 with a reason, and exits with 0 within 5 s`, async () => {
    await using program = new Program("--listen", LOOPBACK);
    const address = { hostname: "127.0.0.1", port: await program.port() };
    const clients = [];
    for (const version of VERSIONS) {
      clients.push(await Client.connect(address, { version }));
    }
    const silent = await Client.open(address);
    program.signal(signal);
    for (const client of clients) {
      await client.expectClosed(SERVER_SHUTTING_DOWN);
    }
    await silent.expectClosed();
    const { status, took } = await program.end();
    assert.equal(status, 0);
    assert.ok(took < 5_000, `${took} ms`);
    await assert.rejects(Deno.connect(address), Deno.errors.ConnectionRefused);
  });
}

Deno.test("command line: a signal ends the broker within 5 s though a client reads nothing, a second at once", async () => {
  for (const signals of [1, 2]) {
    await using program = new Program("--listen", LOOPBACK);
    const address = { hostname: "127.0.0.1", port: await program.port() };
    const reader = await Client.connect(address);
    await reader.subscribe("big");
    reader.pause();
    const sender = await Client.connect(address);
    for (let i = 0; i < 20; i++) {
      await sender.publish("big", new Uint8Array(1_000_000), { qos: 1 });
    }
    program.signal("SIGTERM");
    await program.line(/Ending/);
    if (signals === 2) program.signal("SIGTERM");
    const { status, took } = await program.end();
    // The second signal may find the broker gone already.
    assert.ok(status === 0 || signals === 2 && status === 143, `${status}`);
    assert.ok(took < 5_500, `${took} ms`);
    await Promise.all([reader.close(), sender.close()]);
  }
});

Deno.test("command line: --log-format json writes one object a line, whatever a client id holds", async () => {
  await using program = new Program(
    "--listen",
    LOOPBACK,
    "--log-format",
    "json",
  );
  const address = { hostname: "127.0.0.1", port: await program.port() };
  const clientId = 'a"b\u2028{"level":"info"} \u202e';
  const client = await Client.connect(address, { clientId });
  await client.disconnect();
  program.signal("SIGTERM");
  await program.end();
  const records = program.lines.map((line) => JSON.parse(line));
  for (const { time, level, message } of records) {
    assert.ok(Date.parse(time) > 0);
    assert.ok(["info", "warn"].includes(level));
    assert.equal(typeof message, "string");
  }
  const connected = records.find((record) => record.client === clientId);
  assert.ok(connected !== undefined, program.lines.join("\n"));
  assert.match(connected.address, /^127\.0\.0\.1:\d+$/);
});

Deno.test("command line: the log tells who connected from where, and why the connection ended", async () => {
  await using program = new Program("--listen", LOOPBACK);
  const address = { hostname: "127.0.0.1", port: await program.port() };
  for (const version of VERSIONS) {
    const client = await Client.connect(address, {
      version,
      clientId: `device${version}`,
    });
    await client.publish("a", "b", { qos: 1 });
    await client.disconnect();
    await program.line(
      new RegExp(
        `connected.* client=device${version} .*127\\.0\\.0\\.1:\\d+`,
        "i",
      ),
    );
    await program.line(
      new RegExp(
        `disconnected.* client=device${version} .*cause="client disconnected"`,
        "i",
      ),
    );
  }
  assert.ok(
    program.lines.length <= 4 + 2 * VERSIONS.length,
    program.lines.join("\n"),
  );
});

Deno.test("command line: the broker goes on when nobody reads its log any more", async () => {
  await using program = new Program("--listen", LOOPBACK);
  const address = { hostname: "127.0.0.1", port: await program.port() };
  await program.closeLog();
  for (let i = 0; i < 20; i++) {
    const client = await Client.connect(address);
    await client.disconnect();
  }
  program.signal("SIGTERM");
  assert.equal((await program.end()).status, 0);
});

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
