import assert from "node:assert/strict";
import { Certificates } from "../../../tests/support/programs/certificates.ts";
import { TestListener } from "../../../tests/support/programs/listener.ts";

for (
  const [protocol, own] of [["mqtts", "mqtt"], ["wss", "http/1.1"]] as const
) {
  Deno.test(`Listener with TLS chooses by ALPN what ${protocol}:// speaks, and otherwise goes on without`, async () => {
    using made = await Certificates.make();
    const address = { protocol, hostname: "127.0.0.1", port: 0 } as const;
    await using listener = await TestListener.start({
      address,
      tls: await made.server(),
      ...(protocol === "wss" &&
        { webSocket: { origins: "own" as const } }),
    });
    for (
      const [flags, chosen] of [
        [["-alpn", own], `ALPN protocol: ${own}`],
        [["-alpn", `h2,${own}`], `ALPN protocol: ${own}`],
        [["-alpn", "x-amzn-mqtt-ca"], "No ALPN negotiated"],
        [[], "No ALPN negotiated"],
      ] as const
    ) {
      const process = new Deno.Command("openssl", {
        args: ["s_client", "-connect", `127.0.0.1:${listener.port}`, ...flags],
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      });
      const { stdout } = await process.output();
      const output = new TextDecoder().decode(stdout);
      assert.ok(output.includes(chosen), `${flags}: ${output}`);
      assert.match(output, /Cipher is (?!\(NONE\))/);
    }
    assert.equal(listener.counters.tlsFailures, 0);
  });
}
