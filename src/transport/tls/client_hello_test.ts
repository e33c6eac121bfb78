import assert from "node:assert/strict";
import fc from "fast-check";
import { firstRecordLength, offeredProtocols } from "./client_hello.ts";

/** The first bytes that OpenSSL sends, with these flags. */
async function hello(...flags: string[]): Promise<Uint8Array> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const process = new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${listener.addr.port}`, ...flags],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const connection = await listener.accept();
  const bytes = new Uint8Array(65_536);
  let length = 0;
  while (length < (firstRecordLength(bytes.subarray(0, length)) ?? 5)) {
    length += await connection.read(bytes.subarray(length)) ?? 0;
  }
  connection.close();
  listener.close();
  await process.status;
  return bytes.slice(0, length);
}

Deno.test("offeredProtocols() reads what OpenSSL offers", async () => {
  for (
    const [flags, protocols] of [
      [[], []],
      [["-alpn", "mqtt"], ["mqtt"]],
      [["-alpn", "x-amzn-mqtt-ca,http/1.1"], ["x-amzn-mqtt-ca", "http/1.1"]],
      [["-alpn", "http/1.1", "-tls1_2", "-servername", "a.example"], [
        "http/1.1",
      ]],
    ] as const
  ) assert.deepEqual(offeredProtocols(await hello(...flags)), protocols);
});

Deno.test("offeredProtocols() reads any bytes to their end", async () => {
  const good = await hello("-alpn", "mqtt,http/1.1");
  for (let length = 0; length < good.length; length++) {
    offeredProtocols(good.subarray(0, length));
  }
  fc.assert(fc.property(
    fc.nat(good.length - 1),
    fc.nat(255),
    (at, byte) => {
      const bytes = good.slice();
      bytes[at] = byte;
      for (const name of offeredProtocols(bytes)) {
        assert.ok(name.length < 256);
      }
    },
  ));
});
