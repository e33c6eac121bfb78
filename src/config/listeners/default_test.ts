import assert from "node:assert/strict";
import { isExposed, isLoopback } from "./default.ts";
import { readListener } from "./url.ts";

Deno.test("readListener reads names and addresses", () => {
  const cases: [string, string, number][] = [
    ["mqtt://127.0.0.1:1883", "127.0.0.1", 1883],
    ["mqtt://127.0.0.1", "127.0.0.1", 1883],
    ["mqtt://127.0.0.1:0", "127.0.0.1", 0],
    ["mqtt://127.0.0.1:21", "127.0.0.1", 21],
    ["mqtt://127.0.0.1:80/", "127.0.0.1", 80],
    ["MQTT://Gateway.Local:65535", "gateway.local", 65_535],
    ["mqtt://my_host:1", "my_host", 1],
    ["mqtt://[::1]:1884", "::1", 1884],
    ["mqtt://[0:0:0:0:0:0:0:1]", "::1", 1883],
    ["mqtt://[::]", "::", 1883],
    ["mqtt://0.0.0.0", "0.0.0.0", 1883],
    ["mqtt://127.1", "127.0.0.1", 1883],
    ["1884", "127.0.0.1", 1884],
    ["127.0.0.1:1884", "127.0.0.1", 1884],
    ["[::1]:1884", "::1", 1884],
    ["localhost:1884", "localhost", 1884],
    ["tcp://host:1884", "host", 1884],
  ];
  for (const [text, hostname, port] of cases) {
    assert.deepEqual(
      readListener(text).address,
      { protocol: "mqtt", hostname, port },
      text,
    );
  }
});

Deno.test("readListener says what is wrong with an address", () => {
  const form = /write it as mqtt:\/\/HOST:PORT/;
  const host = /the host must be/;
  const port = /the port must be a whole number from 0 to 65535/;
  const cases: [string, RegExp][] = [
    ["18 83", form],
    ["127.0.0.1", form],
    ["99999", port],
    ["mqtt:127.0.0.1", form],
    ["mqtt://host/path", form],
    ["mqtt://host?x", /no setting "x": a listener has certificate, key/],
    ["mqtt://user:word@host", form],
    ["mqtt://::1:1883", host],
    ["mqtt://[::1", form],
    ["http://host", /must begin with mqtt:\/\/, mqtts:\/\/, ws:/],
    ["mqtts://host:8883", /needs a certificate and its key: add certificate=/],
    ["mqtt://:1883", host],
    ["mqtt://*:1883", host],
    ["mqtt://a b:1883", host],
    ["mqtt://999.1.1.1", host],
    ["mqtt://[localhost]", host],
    ["mqtt://[1::2::3]", host],
    ["mqtt://host:", port],
    ["mqtt://host:x", port],
    ["mqtt://host:-1", port],
    ["mqtt://host:65536", port],
  ];
  for (const [text, expected] of cases) {
    assert.throws(() => readListener(text), (error: Error) => {
      assert.match(error.message, expected);
      return true;
    }, text);
  }
});

function hostOf(host: string): string {
  const { address } = readListener(`mqtt://${host}`);
  assert.ok(address.protocol !== "unix");
  return address.hostname;
}

Deno.test("isLoopback knows what only this machine reaches", () => {
  for (
    const host of [
      "127.0.0.1",
      "127.8.9.1",
      "[::1]",
      "localhost",
      "LOCALHOST",
      "a.localhost",
    ]
  ) {
    assert.ok(isLoopback(hostOf(host)), host);
  }
  assert.ok(isLoopback(hostOf("[::ffff:127.0.0.1]")));
  const reachable = [
    "0.0.0.0",
    "[::]",
    "10.0.0.1",
    "128.0.0.1",
    "localhost.example.org",
    "127.example.org",
    "[::2]",
  ];
  for (const host of reachable) {
    assert.ok(!isLoopback(hostOf(host)), host);
  }
});

Deno.test("isExposed knows what strangers come to", () => {
  const tls = "certificate=/c&key=/k";
  const cases: [string, boolean][] = [
    ["mqtt://127.0.0.1", false],
    ["ws://127.0.0.1", false],
    ["unix:///run/x.sock", false],
    ["mqtt://127.0.0.1?proxies_from=127.0.0.1", true],
    ["ws://10.0.0.1", true],
    [`mqtts://10.0.0.1?${tls}`, true],
    [
      `mqtts://10.0.0.1?${tls}&client_certificates=request&client_authority=/a`,
      true,
    ],
    [
      `mqtts://10.0.0.1?${tls}&client_certificates=require&client_authority=/a`,
      false,
    ],
  ];
  for (const [text, expected] of cases) {
    assert.equal(isExposed(readListener(text)), expected, text);
  }
});
