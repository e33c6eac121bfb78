/** What `check` says of password files and rules. */

import assert from "node:assert/strict";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { runProgram } from "../../support/programs/program.ts";

const CONFIG = `
users = "users"
rules = "rules"
data = "none"
[[listener]]
url = "mqtt://127.0.0.1"
`;

Deno.test("check names what is wrong in password files and rules, and never a password", async () => {
  await using folder = await ConfigFolder.make();
  await folder.write("mailboxqtt.toml", CONFIG);
  await folder.write("users", "ann:plain text\n");
  await folder.write("rules", "user ann\ntopic raed x\n");
  const { status, stdout } = await runProgram(
    "check",
    "--config",
    folder.config,
  );
  assert.equal(status, 1);
  assert.match(stdout, /users:1:5: a password in the clear/);
  assert.match(stdout, /rules:2:7: "raed" is not .*did you mean read/);
  assert.doesNotMatch(stdout, /plain text/);
});

Deno.test("check warns of users without keys for SCRAM and of groups without members", async () => {
  await using folder = await ConfigFolder.make();
  await folder.write("mailboxqtt.toml", CONFIG);
  await folder.passwords({ ann: "secret" });
  const line = (await Deno.readTextFile(folder.file("users"))).split("\n")
    .find((line) => line.startsWith("ann:"))!;
  const bob = line.replace("ann:", "bob:").replace(/:\$scram-.*$/, "");
  await folder.write("users", `${line}\n${bob}\n`);
  await folder.write("rules", "group empty\ntopic read x\n");
  const { status, stdout } = await runProgram(
    "check",
    "--config",
    folder.config,
  );
  assert.equal(status, 0);
  assert.match(stdout, /^Warning: .*users: .*SCRAM-SHA-256: bob;/m);
  assert.match(stdout, /^Warning: .*rules:1:1: group "empty" has no members/m);
  assert.match(stdout, /^All is well/m);
});

Deno.test("the broker does not start with a faulty password file", async () => {
  await using folder = await ConfigFolder.make();
  await folder.write("mailboxqtt.toml", CONFIG);
  await folder.write("users", "ann:plain text\n");
  await folder.write("rules", "");
  const { status, stderr } = await runProgram("--config", folder.config);
  assert.equal(status, 1);
  assert.match(stderr, /users:1:5: a password in the clear/);
});
