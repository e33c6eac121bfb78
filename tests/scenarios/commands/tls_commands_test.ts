/** Certificates of one's own: what the tls commands make is what the broker takes. */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { runProgram } from "../../support/programs/program.ts";

async function run(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram("tls", ...args);
  assert.equal(status, 0, stderr);
  return stdout;
}

Deno.test("tls init, device and revoke make certificates and say how to try them", async () => {
  const folder = await Deno.makeTempDir();
  const path = (name: string) => join(folder, name);
  const certificate = async (name: string) =>
    new X509Certificate(await Deno.readTextFile(path(name)));
  try {
    const first = await run("init", "--folder", folder);
    assert.match(first, /^Made the authority/);
    assert.match(first, /\[\[listener\]\]\nurl = "mqtts:\/\/\[::\]:8883"/);
    assert.match(first, /--listen 'mqtts:\/\/\[::\]:8883\?certificate=/);
    assert.match(first, /^mosquitto_pub .*--cafile .*authority\.crt/m);
    const authority = await certificate("authority.crt");
    const server = await certificate("server.crt");
    assert.ok(
      server.verify(authority.publicKey) && server.checkIssued(authority),
    );
    assert.match(server.subjectAltName!, /DNS:localhost/);
    assert.match(server.subjectAltName!, /IP Address:127\.0\.0\.1/);
    const days =
      (server.validToDate.getTime() - server.validFromDate.getTime()) /
      86_400_000;
    assert.ok(days <= 825);
    for (const key of ["authority.key", "server.key"]) {
      assert.equal((await Deno.stat(path(key))).mode! & 0o777, 0o600);
    }

    assert.match(
      await run(
        "init",
        "--folder",
        folder,
        "--name",
        "a.example",
        "--days",
        "9",
      ),
      /^Kept the authority/,
    );
    assert.deepEqual((await certificate("authority.crt")).raw, authority.raw);
    assert.equal(
      (await certificate("server.crt")).subjectAltName,
      "DNS:a.example",
    );

    const made = await run("device", "pump", "--folder", folder);
    assert.match(made, /--cert .*pump\.crt --key .*pump\.key -t test -m hello/);
    assert.equal((await certificate("pump.crt")).subject, "CN=pump");
    const again = await runProgram("tls", "device", "pump", "--folder", folder);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /it has one, which mailboxqtt tls revoke pump/);
    const { serialNumber } = await certificate("pump.crt");
    await run("revoke", "pump", "--folder", folder);
    const list = await new Deno.Command("openssl", {
      args: [
        "crl",
        "-in",
        path("revoked.crl"),
        "-CAfile",
        path("authority.crt"),
        "-text",
        "-noout",
      ],
    }).output();
    const shown = new TextDecoder().decode(list.stdout) +
      new TextDecoder().decode(list.stderr);
    assert.match(shown, /verify OK/);
    assert.match(shown, new RegExp(serialNumber, "i"));
    await run("device", "pump", "--folder", folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tls says what is wrong with what it is given", async () => {
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [["device"], 2, /Name the device/],
    [["device", "../x"], 2, /letters, digits/],
    [["device", "server"], 2, /there for something else/],
    [["init", "--days", "826"], 2, /from 1 to 825/],
    [["revoke", "pump", "--folder", "/nowhere"], 1, /tls init makes one/],
  ];
  for (const [args, status, message] of cases) {
    const outcome = await runProgram("tls", ...args);
    assert.equal(outcome.status, status, outcome.stderr);
    assert.match(outcome.stderr, message);
  }
});
