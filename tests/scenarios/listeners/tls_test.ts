/** Clients that many use, over TLS. */

import assert from "node:assert/strict";
import { Broker } from "../../../src/broker.ts";
import { readListener } from "../../../src/config/listeners/url.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { Certificates } from "../../support/programs/certificates.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import { MqttJs } from "../../support/clients/mqtt_js.ts";

Deno.test("mosquitto's clients and MQTT.js talk over mqtts and wss with certificates", async () => {
  using made = await Certificates.make();
  const { certificate, key } = await made.server();
  const device = await made.client("pump");
  const query = new URLSearchParams({
    certificate,
    key,
    client_certificates: "require",
    client_authority: made.authorityFile,
  });
  const broker = await Broker.start({
    listeners: [
      { listener: readListener(`mqtts://127.0.0.1:0?${query}`) },
      { listener: readListener(`wss://127.0.0.1:0/mqtt?${query}`) },
    ],
    limits: DEFAULT_LIMITS,
  });
  try {
    const [plain, web] = broker.addresses.map((address) => {
      assert.ok("port" in address);
      return address.port;
    });
    const address = { hostname: "127.0.0.1", port: plain! };
    const flags = ["--cafile", made.authorityFile, "--cert", device.certificate]
      .concat("--key", device.key);
    const files = {
      ca: Deno.readTextFileSync(made.authorityFile),
      cert: Deno.readTextFileSync(device.certificate),
      key: Deno.readTextFileSync(device.key),
    };
    await using sub = await MosquittoSub.start(address, ...flags, "-t", "a/#");
    await mosquittoPub(address, ...flags, "-t", "a/1", "-m", "one", "-q", "1");
    assert.equal(await sub.line(), "a/1 0 0 one");
    for (
      const url of [`mqtts://127.0.0.1:${plain}`, `wss://127.0.0.1:${web}/mqtt`]
    ) {
      await using client = await MqttJs.connect(url, files);
      await client.publish("a/2", url, { qos: 2 });
      assert.equal(await sub.line(), `a/2 0 0 ${url}`);
    }
    await assert.rejects(
      mosquittoPub(
        address,
        "--cafile",
        made.authorityFile,
        "-t",
        "a/1",
        "-m",
        "no",
      ),
    );
    assert.equal(broker.counters.tlsFailures, 1);
  } finally {
    await broker.shutdown();
  }
});
