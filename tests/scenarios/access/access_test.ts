/** The program with users and rules, from its configuration file to mosquitto's clients. */

import assert from "node:assert/strict";
import { until } from "../../support/programs/broker.ts";
import { Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import { Program } from "../../support/programs/program.ts";

const CONFIG = `
users = "users"
rules = "rules"
control = "control.sock"
data = "none"
[[listener]]
url = "mqtt://127.0.0.1:0"
`;

const RULES = `
user ann
topic readwrite plant/#
user bob
topic read plant/+/temperature
pattern write devices/%u/#
`;

/** A folder with users, rules and a configuration. */
async function makeFolder(): Promise<ConfigFolder> {
  const folder = await ConfigFolder.make();
  await folder.write("mailboxqtt.toml", CONFIG);
  await folder.write("rules", RULES);
  await folder.passwords({ ann: "secret of ann", bob: "secret of bob" });
  return folder;
}

async function start(
  folder: ConfigFolder,
): Promise<{ program: Program; address: { hostname: string; port: number } }> {
  const program = new Program("--config", folder.config);
  const port = await program.port();
  return { program, address: { hostname: "127.0.0.1", port } };
}

const ANN = ["-u", "ann", "-P", "secret of ann"];
const BOB = ["-u", "bob", "-P", "secret of bob"];

Deno.test("access: users come in with their passwords, and may do what the rules say", async () => {
  await using folder = await makeFolder();
  const { program, address } = await start(folder);
  await using _ = program;
  await using sub = await MosquittoSub.start(address, "-t", "#", ...BOB);
  await mosquittoPub(address, "-t", "plant/1/pressure", "-m", "no", ...ANN);
  await mosquittoPub(
    address,
    ...["-t", "plant/1/temperature", "-m", "21", "-q", "1", ...ANN],
  );
  assert.equal(await sub.line(), "plant/1/temperature 0 0 21");

  const wrong = await Client.open(address, 4);
  await wrong.sendConnect({ username: "ann", password: "not hers" });
  await wrong.expectRefused(5);
  const nobody = await Client.open(address);
  await nobody.sendConnect({});
  await nobody.expectRefused(0x87);

  const bob = await Client.connect(address, {
    username: "bob",
    password: "secret of bob",
    clientId: "bob-1",
  });
  assert.equal(await bob.publish("plant/1/valve", "", { qos: 1 }), 0x87);
  assert.equal(await bob.publish("devices/bob/x", "", { qos: 1 }), 0x10);
  await bob.disconnect();
  const line = await program.line(
    /rules.*plant\/1\/valve|plant\/1\/valve.*rules/,
  );
  assert.match(line.input, /client=bob-1/);
  assert.ok(
    program.lines.every((line) => !/secret of|not hers/.test(line)),
    "A password is in the log",
  );
});

Deno.test("access: explain says why, by the configuration and by the broker that runs", async () => {
  await using folder = await makeFolder();
  const { program } = await start(folder);
  await using _ = program;
  const question = ["--user", "bob", "--client", "b", "publish", "plant/1/x"];
  const offline = await folder.control(
    "explain",
    ...question,
    "--config",
    folder.config,
  );
  const live = await folder.control("explain", "--live", ...question);
  assert.equal(offline.status, 1);
  assert.match(offline.stdout, /^Refused: .*rules/);
  assert.deepEqual(live, offline);
  const may = await folder.control(
    ...["explain", "--live", "--user", "ann", "--client", "a"],
    ...["subscribe", "plant/#"],
  );
  assert.equal(may.status, 0, may.stderr);
  assert.match(may.stdout, /^Allowed: .*rules/);
});

Deno.test("access: status, clients, disconnect and sessions", async () => {
  await using folder = await makeFolder();
  const { program, address } = await start(folder);
  await using _ = program;
  const ann = await Client.connect(address, {
    clientId: "ann 1",
    username: "ann",
    password: "secret of ann",
    clean: false,
    properties: { sessionExpiryInterval: 1000 },
  });
  await ann.subscribe("plant/#");
  const status = await folder.control("status");
  assert.match(status.stdout, /^clients +1 now, 1 in all$/m);
  assert.match(
    status.stdout,
    new RegExp(`^listens on +mqtt://127.0.0.1:${address.port} \\(1 conn`, "m"),
  );
  const json = await folder.control("clients", "--json");
  const [client] = JSON.parse(json.stdout);
  assert.equal(client.clientId, "ann 1");
  assert.equal(client.owner, "ann");
  assert.equal(client.subscriptions, 1);
  assert.equal(client.connection.protocol, "5.0");
  assert.match((await folder.control("clients")).stdout, /ann 1 +ann /);

  const gone = await folder.control("disconnect", "ann 1");
  assert.match(gone.stdout, /is disconnected/);
  await ann.expectClosed(0x98);
  const none = await folder.control("disconnect", "ann 1");
  assert.equal(none.status, 1);
  assert.match(none.stderr, /it is not connected/);

  assert.match((await folder.control("session", "list")).stdout, /ann 1 +ann /);
  await folder.control("session", "adopt", "ann 1", "bob");
  const other = await Client.open(address);
  await other.sendConnect({
    clientId: "ann 1",
    username: "ann",
    password: "secret of ann",
  });
  await other.expectRefused(0x87);
  await program.line(/command="?mailboxqtt session adopt 'ann 1' ann/);
  const deleted = await folder.control("session", "delete", "ann 1");
  assert.match(deleted.stdout, /is ended/);
  assert.equal((await folder.control("log-level", "warn")).status, 0);
});

for (const how of ["reload", "SIGHUP"] as const) {
  Deno.test(`access: ${how} exchanges users and rules, and clients that may stay do`, async () => {
    await using folder = await makeFolder();
    const { program, address } = await start(folder);
    await using _ = program;
    const connect = (user: string) =>
      Client.connect(address, {
        clientId: user,
        username: user,
        password: `secret of ${user}`,
      });
    const [ann, bob] = [await connect("ann"), await connect("bob")];
    await bob.subscribe("#");
    const reload = async (pattern: RegExp) => {
      if (how === "reload") {
        const { stdout, stderr } = await folder.control("reload");
        assert.match(stdout + stderr, pattern);
        return;
      }
      const before = program.lines.length;
      const told = () =>
        program.lines.slice(before).some((line) => pattern.test(line));
      program.signal("SIGHUP");
      await until("it has been reloaded", told);
    };

    await folder.write("rules", "user ann\ntopic readwrite #\ntopic raed x\n");
    await reload(/rules:3:7: "raed" is not/);
    await ann.publish("plant/1/temperature", "1", { qos: 1 });
    assert.equal((await bob.expect("publish")).topic, "plant/1/temperature");

    await folder.write("rules", "user ann\ntopic readwrite #\n");
    await reload(/loaded anew/);
    assert.equal(await ann.publish("elsewhere", "", { qos: 1 }), 0x10);
    assert.equal(
      await ann.publish("plant/1/temperature", "2", { qos: 1 }),
      0x10,
    );
    await bob.expectNothing();

    await folder.passwords({ bob: "another secret" });
    await reload(/loaded anew/);
    await bob.expectClosed(0x87);
    await ann.ping();
    await ann.disconnect();
  });
}
