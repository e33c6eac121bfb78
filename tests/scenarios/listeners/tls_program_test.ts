/** TLS listeners of the program, as it is run: with the certificates that it makes, and clients that others wrote. */

import assert from "node:assert/strict";
import mqtt from "mqtt";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import {
  CANNOT_SERVE_TLS,
  Program,
  runProgram,
  testNeedingDeno29,
} from "../../support/programs/program.ts";

/** A folder with an authority, a server's certificate, and one of a device. */
async function makeCertificates(): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (
    const args of [["init", "--name", "localhost"], ["device", "pump"]]
  ) {
    const { status, stderr } = await runProgram(
      "tls",
      ...args,
      "--folder",
      folder,
    );
    assert.equal(status, 0, stderr);
  }
  return folder;
}

function listener(protocol: string, folder: string, more = ""): string[] {
  const files = `certificate=${folder}/server.crt&key=${folder}/server.key`;
  return ["--listen", `${protocol}://127.0.0.1:0?${files}${more}`];
}

testNeedingDeno29(
  "program: mosquitto's clients speak TLS with it, in all versions, over TLS 1.2 and 1.3",
  async () => {
    const folder = await makeCertificates();
    await using program = new Program(...listener("mqtts", folder));
    const port = await program.port("mqtts");
    const address = { hostname: "localhost", port };
    const trust = ["--cafile", `${folder}/authority.crt`];
    for (const version of ["mqttv31", "mqttv311", "mqttv5"]) {
      for (const tls of ["tlsv1.2", "tlsv1.3"]) {
        const flags = [...trust, "--tls-version", tls, "-V", version];
        await using sub = await MosquittoSub.start(
          address,
          ...flags,
          "-t",
          "test/#",
        );
        await mosquittoPub(address, ...flags, "-t", "test/a", "-m", "x");
        assert.equal(await sub.line(), "test/a 0 0 x");
      }
    }
    await Deno.remove(folder, { recursive: true });
  },
);

testNeedingDeno29(
  "program: a device logs in with its certificate, and nobody without",
  async () => {
    const folder = await makeCertificates();
    await using program = new Program(
      ...listener(
        "mqtts",
        folder,
        `&client_certificates=require&client_authority=${folder}/authority.crt`,
      ),
    );
    const port = await program.port("mqtts");
    const address = { hostname: "localhost", port };
    const trust = ["--cafile", `${folder}/authority.crt`];
    const own = [
      "--cert",
      `${folder}/pump.crt`,
      "--key",
      `${folder}/pump.key`,
    ];
    const flags = [...trust, ...own, "-t", "a"];
    await using sub = await MosquittoSub.start(address, ...flags);
    await mosquittoPub(address, ...flags, "-m", "x");
    assert.equal(await sub.line(), "a 0 0 x");
    await program.line(/Client connected .*user=pump/);
    await assert.rejects(
      mosquittoPub(address, ...trust, "-t", "a", "-m", "y"),
    );
    await program.line(/the client showed no certificate/);
    await Deno.remove(folder, { recursive: true });
  },
);

testNeedingDeno29(
  "program: MQTT.js speaks WebSocket within TLS with it",
  async () => {
    const folder = await makeCertificates();
    await using program = new Program(...listener("wss", folder));
    const port = await program.port("wss");
    const ca = await Deno.readTextFile(`${folder}/authority.crt`);
    const client = await mqtt.connectAsync(`wss://localhost:${port}/mqtt`, {
      ca,
      reconnectPeriod: 0,
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    client.on("message", (_topic, payload) => resolve(payload.toString()));
    await client.subscribeAsync("test", { qos: 1 });
    await client.publishAsync("test", "hello", { qos: 1 });
    assert.equal(await promise, "hello");
    await client.endAsync();
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test({
  name: `program: says that it cannot speak TLS, where it cannot${
    CANNOT_SERVE_TLS ? "" : " (not run: this Deno can)"
  }`,
  ignore: !CANNOT_SERVE_TLS,
  fn: async () => {
    const folder = await makeCertificates();
    for (const command of ["check", "start"]) {
      const { status, stdout, stderr } = await runProgram(
        command,
        "--config",
        "none",
        "--data",
        "none",
        ...listener("mqtts", folder).with(
          1,
          `mqtts://127.0.0.1:18883?certificate=${folder}/server.crt&key=${folder}/server.key`,
        ),
      );
      assert.equal(status, 1);
      assert.match(
        stdout + stderr,
        /this program cannot speak TLS: it failed to shake hands with itself.*TLS listeners need 2\.9 or later/,
      );
      assert.doesNotMatch(stderr, /Listening/);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
