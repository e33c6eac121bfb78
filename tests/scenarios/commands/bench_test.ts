/** The command that measures a broker: what it says is true. */

import assert from "node:assert/strict";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { Program, runProgram } from "../../support/programs/program.ts";

Deno.test("bench measures each QoS, counts what comes, and leaves nothing behind", async () => {
  await using folder = await ConfigFolder.make();
  await using program = new Program(
    "--listen",
    "mqtt://127.0.0.1:0",
    "--control",
    folder.file("control.sock"),
  );
  const port = await program.port();
  const { status, stdout, stderr } = await runProgram(
    "bench",
    `mqtt://127.0.0.1:${port}`,
    "--seconds=1",
    "--pairs=3",
    "--json",
  );
  assert.equal(status, 0, stderr);
  const { latency, throughput, pairs, size, version } = JSON.parse(stdout);
  assert.deepEqual({ pairs, size, version }, {
    pairs: 3,
    size: 64,
    version: 5,
  });
  assert.deepEqual(latency.map(({ qos }: { qos: number }) => qos), [0, 1, 2]);
  for (const { messages, p50, p99, max } of latency) {
    assert.ok(messages > 0 && 0 < p50 && p50 <= p99 && p99 <= max);
  }
  assert.deepEqual(throughput.map(({ qos }: { qos: number }) => qos), [0, 1]);
  for (const { perSecond, sent, lost, refused, p50, max } of throughput) {
    assert.ok(perSecond > 0 && sent > 0 && 0 < p50 && p50 <= max);
    assert.deepEqual([lost, refused], [0, 0]);
  }
  const told = await folder.control("status", "--json");
  const { counters } = JSON.parse(told.stdout);
  const sum = (one: { qos0: number; qos1: number; qos2: number }) =>
    one.qos0 + one.qos1 + one.qos2;
  const all = [...latency.map((one: { messages: number }) => one.messages)]
    .concat(throughput.map((one: { sent: number }) => one.sent))
    .reduce((total, one) => total + one, 0);
  assert.equal(sum(counters.messagesReceived), all);
  assert.equal(sum(counters.messagesSent), all);
  const { sessionsNow, subscriptionsNow, retainedNow } = counters;
  assert.deepEqual([sessionsNow, subscriptionsNow, retainedNow], [0, 0, 0]);
});

Deno.test("bench says where it may not subscribe, and which flag helps", async () => {
  await using folder = await ConfigFolder.make();
  await folder.write("rules", "topic readwrite mine/#\n");
  await using program = new Program(
    "--listen",
    "mqtt://127.0.0.1:0",
    "--rules",
    folder.file("rules"),
  );
  const { status, stderr } = await runProgram(
    "bench",
    "-p",
    String(await program.port()),
    "--seconds=1",
  );
  assert.equal(status, 1);
  assert.match(
    stderr,
    /Cannot subscribe to mailboxqtt-bench\/[^ ]*: not authorized; --topic names one that is/,
  );
});

Deno.test("bench shows a person a table", async () => {
  await using program = new Program("--listen", "mqtt://127.0.0.1:0");
  const { status, stdout } = await runProgram(
    "bench",
    "-p",
    String(await program.port()),
    "--seconds=1",
    "-V",
    "mqttv311",
    "--size=12",
  );
  assert.equal(status, 0);
  assert.match(
    stdout,
    /^mqtt:\/\/localhost:\d+, MQTT 3\.1\.1, payloads of 12 bytes\n/,
  );
  assert.match(stdout, /^single messages +half within +99 of 100 +all$/m);
  assert.match(stdout, /^QoS 2 +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms$/m);
  assert.match(stdout, /^full speed, 10 pairs +messages\/s .*lost$/m);
  assert.match(stdout, /^QoS 1 +[\d,]+ .* 0 of [\d,]+$/m);
});
