/** A browser with MQTT.js and the program: what no client of another kind shows, such as origins and ALPN. */

import assert from "node:assert/strict";
import mqtt from "mqtt/package.json" with { type: "json" };
import { createHash, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { deadline } from "@std/async/deadline";
import { PATIENCE } from "../support/clients/inbox.ts";
import { Chromium, HAS_CHROMIUM } from "../support/programs/chromium.ts";
import {
  CANNOT_SERVE_TLS,
  Program,
  runProgram,
} from "../support/programs/program.ts";

/** What the page does, for each URL: it publishes and receives at every QoS, and says what it got. */
const SCRIPT = `
async function visit(url, index) {
  const topic = "browser/" + index;
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  const got = [];
  const all = new Promise((resolve) => client.on("message", (topic, payload) => {
    got.push(topic + " " + payload);
    if (got.length === 3) resolve();
  }));
  await client.subscribeAsync(topic + "/#", { qos: 2 });
  for (const qos of [0, 1, 2]) await client.publishAsync(topic + "/" + qos, "hello", { qos });
  await all;
  await client.endAsync();
  return got.sort();
}
Promise.all(URLS.map(visit))
  .then((got) => got, (error) => "failed: " + (error.message ?? error))
  .then((result) => fetch("/result", { method: "POST", body: JSON.stringify(result) }));
`;

/** The text of MQTT.js for browsers. */
async function mqttJs(): Promise<string> {
  const cache = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    stdout: "piped",
    stderr: "null",
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(cache.stdout));
  return await Deno.readTextFile(
    join(npmCache, "registry.npmjs.org/mqtt", mqtt.version, "dist/mqtt.min.js"),
  );
}

/** Has a browser load the page, and returns what that tells. */
async function resultOf(
  urls: readonly string[],
  spki: readonly string[],
): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const script = await mqttJs();
  const page = `<!doctype html><title>MQTT.js</title>
<script src="/mqtt.js"></script>
<script>const URLS = ${JSON.stringify(urls)};${SCRIPT}</script>`;
  const html = { headers: { "content-type": "text/html" } };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/mqtt.js") {
        return new Response(script, {
          headers: { "content-type": "text/javascript" },
        });
      }
      if (pathname === "/") return new Response(page, html);
      if (pathname === "/result") resolve(await request.json());
      return new Response(null, { status: 204 });
    },
  );
  const { port } = server.addr;
  await using _browser = await Chromium.open(`http://127.0.0.1:${port}/`, spki);
  return await deadline(promise, PATIENCE);
}

/** The SHA-256 of a certificate's public key, as Chromium takes it. */
async function spkiOf(path: string): Promise<string> {
  const { publicKey } = new X509Certificate(await Deno.readTextFile(path));
  const bytes = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(bytes).digest("base64");
}

Deno.test({
  name: `program: a browser speaks MQTT over ${
    CANNOT_SERVE_TLS ? "ws (wss needs Deno 2.9)" : "ws and wss"
  }${HAS_CHROMIUM ? "" : " (not run: Chromium is not installed)"}`,
  ignore: !HAS_CHROMIUM,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const made = await runProgram(
      "tls",
      "init",
      "--name",
      "127.0.0.1",
      "--folder",
      folder,
    );
    assert.equal(made.status, 0, made.stderr);
    const files = `certificate=${folder}/server.crt&key=${folder}/server.key`;
    const listeners = [
      "ws://127.0.0.1:0",
      ...(CANNOT_SERVE_TLS ? [] : [`wss://127.0.0.1:0?${files}`]),
    ];
    await using program = new Program(
      ...listeners.flatMap((url) => ["--listen", url]),
    );
    const urls = [`ws://127.0.0.1:${await program.port("ws")}/mqtt`];
    if (!CANNOT_SERVE_TLS) {
      urls.push(`wss://127.0.0.1:${await program.port("wss")}/mqtt`);
    }
    const result = await resultOf(urls, [
      await spkiOf(`${folder}/server.crt`),
    ]);
    const expected = urls.map((_, index) =>
      [0, 1, 2].map((qos) => `browser/${index}/${qos} hello`)
    );
    assert.deepEqual(result, expected);
    await Deno.remove(folder, { recursive: true });
  },
});
