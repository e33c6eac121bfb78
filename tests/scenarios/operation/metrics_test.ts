/** What the broker tells Prometheus, supervisors and a person. */

import assert from "node:assert/strict";
import { until } from "../../support/programs/broker.ts";
import { Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { Program, runProgram } from "../../support/programs/program.ts";

const LISTEN = ["--listen", "mqtt://127.0.0.1:0", "--metrics", "127.0.0.1:0"];

async function urlOf(program: Program): Promise<string> {
  const [, url] = await program.line(/Figures.* url=(http:[^ ]*)\/metrics/);
  return url!;
}

/** An address that nobody listens on. */
function freeAddress(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
}

/** All values that are served, by their names with labels. */
async function figures(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /^text\/plain/);
  const lines = (await response.text()).split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  return new Map(lines.map((line) => {
    const [, name, value] = /^(\S+) (\S+)$/.exec(line)!;
    return [name!, Number(value)];
  }));
}

Deno.test("metrics: figures are right after known traffic", async () => {
  await using folder = await ConfigFolder.make();
  await using program = new Program(...LISTEN, "--data", folder.file("data"));
  const url = await urlOf(program);
  const port = await program.port();
  const address = { hostname: "127.0.0.1", port };
  const away = await Client.connect(address, {
    clientId: "away",
    clean: false,
    properties: { sessionExpiryInterval: 100 },
  });
  await away.subscribe("a/#", { qos: 1 });
  await away.disconnect();
  const client = await Client.connect(address);
  await client.publish("a/1", "one", { qos: 1 });
  await client.publish("a/2", "two", { qos: 2 });
  await client.publish("a/3", "lost", { qos: 0 });
  await client.publish("b", "kept", { qos: 1, retain: true });
  await client.subscribe("b", { qos: 0 });
  await client.message();

  const found = await figures(url);
  const expected = {
    clients: 1,
    clients_accepted_total: 2,
    connections: 1,
    [`listener_up{listener="mqtt://127.0.0.1:${port}"}`]: 1,
    [`listener_connections{listener="mqtt://127.0.0.1:${port}"}`]: 1,
    sessions: 2,
    subscriptions: 2,
    'messages_received_total{qos="0"}': 1,
    'messages_received_total{qos="1"}': 2,
    'messages_received_total{qos="2"}': 1,
    'messages_sent_total{qos="0"}': 1,
    'messages_dropped_total{cause="offline"}': 1,
    'messages_dropped_total{cause="outbox_full"}': 0,
    'clients_disconnected_total{cause="client_disconnect"}': 1,
    'clients_disconnected_total{cause="slow_consumer"}': 0,
    queued_messages: 2,
    full_queues: 0,
    'logins_failed_total{cause="wrong"}': 0,
    retained_messages: 1,
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(found.get(`mailboxqtt_${name}`), value, name);
  }
  const positive = [
    "bytes_received_total",
    "bytes_sent_total",
    "store_fsyncs_total",
    "store_written_bytes_total",
    "commit_duration_seconds_count",
    'commit_duration_seconds_bucket{le="+Inf"}',
    "commit_duration_seconds_sum",
    "publish_duration_seconds_count",
    "resident_memory_bytes",
    "cpu_seconds_total",
    "message_memory_bytes",
    "message_memory_ceiling_bytes",
    "start_time_seconds",
  ];
  await until("the store has told what it wrote", async () => {
    const now = await figures(url);
    return positive.every((name) => now.get(`mailboxqtt_${name}`)! > 0);
  });
  await client.disconnect();
});

Deno.test("metrics: the event loop's delay is measured", async () => {
  await using program = new Program(...LISTEN);
  const url = await urlOf(program);
  const name = "mailboxqtt_event_loop_delay_seconds_count";
  await until("it was", async () => (await figures(url)).get(name)! > 0);
});

Deno.test("metrics: without a token they are not served to other machines, and with one to nobody else", async () => {
  const refused = await runProgram("--metrics", "0.0.0.0:9883");
  assert.equal(refused.status, 2);
  assert.match(
    refused.stderr,
    /^Flag --metrics is 0\.0\.0\.0:9883: .* add --metrics-token FILE/,
  );

  await using folder = await ConfigFolder.make();
  await folder.write("token", "open sesame\n");
  const flags = [
    "--listen",
    "mqtt://127.0.0.1:0",
    "--metrics",
    "0.0.0.0:0",
    "--metrics-token",
    folder.file("token"),
  ];
  const unusable = await runProgram(...flags, "--data", "none");
  assert.equal(unusable.status, 1);
  assert.match(unusable.stderr, /one line without spaces is wanted\n$/);

  await folder.write("token", "sesame\n");
  await using program = new Program(...flags);
  const [, port] = await program.line(/Figures.* url=http:\/\/[^ ]*:(\d+)/);
  const status = async (path: string, token?: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: token === undefined ? {} : { authorization: token },
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status("/metrics"), 401);
  assert.equal(await status("/metrics", "Bearer sesam"), 401);
  assert.equal(await status("/metrics", "sesame"), 401);
  assert.equal(await status("/metrics", "Bearer sesame"), 200);
  // Whoever only asks whether it is well needs none.
  assert.equal(await status("/healthz"), 200);
});

Deno.test("metrics: a reload moves them, changes the token, and leaves them as they are where it fails", async () => {
  await using folder = await ConfigFolder.make();
  await folder.write("token", "first\n");
  const write = (listen: string, more = "") =>
    folder.write(
      "mailboxqtt.toml",
      `control = "control.sock"\ndata = "none"\n${more}[[listener]]\nurl = "mqtt://127.0.0.1:0"\n` +
        `[metrics]\nlisten = "${listen}"\ntoken = "token"\n`,
    );
  const [first, second] = [freeAddress(), freeAddress()];
  await write(first);
  await using program = new Program("--config", folder.config);
  assert.equal(await urlOf(program), `http://${first}`);
  const status = async (token: string, address = first) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://${address}/metrics`, { headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status("first"), 200);

  await folder.write("token", "second\n");
  assert.equal((await folder.control("reload")).status, 0);
  assert.deepEqual([await status("first"), await status("second")], [401, 200]);

  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await folder.write("token", "third\n");
  const refused = async () => {
    const { status, stderr } = await folder.control("reload");
    assert.equal(status, 1);
    return stderr;
  };
  // The same address, with a listener that cannot be opened: the token that was shown before still is.
  await write(
    first,
    `[[listener]]\nurl = "mqtt://127.0.0.1:${port}"\n`,
  );
  assert.match(await refused(), /in use/);
  assert.deepEqual([await status("second"), await status("third")], [200, 401]);

  await write("nowhere.invalid:9883");
  assert.match(await refused(), /Cannot serve metrics/);
  assert.deepEqual([await status("second"), await status("third")], [200, 401]);

  await write(second);
  const moved = await folder.control("reload");
  assert.match(moved.stdout, /metrics\.listen has changed$/m);
  assert.equal(await status("third", second), 200);
  await assert.rejects(fetch(`http://${first}/healthz`));
});

Deno.test("metrics: a taken address is one sentence and exit status 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const flags = ["--listen", "mqtt://127.0.0.1:0", "--data", "none"];
  const { status, stderr } = await runProgram(
    ...flags,
    "--metrics",
    `127.0.0.1:${port}`,
  );
  assert.equal(status, 1);
  assert.match(stderr, /^Cannot serve metrics on 127\.0\.0\.1:\d+: .*in use/m);
});

Deno.test("health: supervisors are told whether the broker is well, over HTTP and by the command", async () => {
  await using folder = await ConfigFolder.make();
  const control = folder.file("control.sock");
  // An address of the documentation, which no machine has.
  const absent = "mqtt://192.0.2.1:1883";
  await using program = new Program(
    ...LISTEN,
    "--listen",
    `${absent}?allow_anonymous=true`,
    "--control",
    control,
  );
  const url = await urlOf(program);
  const answer = async (path: string) => {
    const response = await fetch(url + path);
    return [response.status, await response.text()];
  };
  assert.deepEqual(await answer("/healthz"), [200, "ok\n"]);
  const reason = `${absent} waits for its address to be there\n`;
  assert.deepEqual(await answer("/readyz"), [503, reason]);
  const alive = await folder.control("health");
  assert.deepEqual([alive.status, alive.stdout], [0, reason]);
  assert.equal((await folder.control("health", "--ready")).status, 1);
  assert.equal((await answer("/other"))[0], 404);
  const posted = await fetch(`${url}/metrics`, { method: "POST" });
  await posted.body?.cancel();
  assert.equal(posted.status, 405);

  program.signal("SIGTERM");
  await program.end();
  assert.equal((await folder.control("health")).status, 1);
});
