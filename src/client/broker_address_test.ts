import assert from "node:assert/strict";
import {
  type BrokerUrl,
  formatBroker,
  readBrokerUrl,
} from "./broker_address.ts";

const GOOD: readonly (readonly [url: string, BrokerUrl])[] = [
  ["mqtt://h", { address: { protocol: "mqtt", hostname: "h", port: 1883 } }],
  [
    "MQTTS://h:1/a/+/#",
    {
      address: { protocol: "mqtts", hostname: "h", port: 1 },
      topic: "a/+/#",
    },
  ],
  [
    "mqtt://u%40x:p%3Aw:d@[fe80::1%eth0]:18/a%20b",
    {
      address: { protocol: "mqtt", hostname: "fe80::1%eth0", port: 18 },
      username: "u@x",
      password: "p:w:d",
      topic: "a b",
    },
  ],
  [
    "mqtt://u@/t",
    {
      address: { protocol: "mqtt", hostname: "localhost", port: 1883 },
      username: "u",
      topic: "t",
    },
  ],
  [
    "ws://h",
    { address: { protocol: "ws", hostname: "h", port: 8083, path: "/mqtt" } },
  ],
  [
    "wss://h/a?b=c",
    { address: { protocol: "wss", hostname: "h", port: 8084, path: "/a?b=c" } },
  ],
  ["unix:///run/s", { address: { protocol: "unix", path: "/run/s" } }],
];

const BAD: readonly (readonly [url: string, fault: RegExp])[] = [
  ["host", /^write it as mqtt:\/\/HOST/],
  ["http://h", /^it must begin with mqtt:\/\//],
  ["mqtt://h:x", /^write it as/],
  ["mqtt://h:65536", /^the port must be/],
  ["mqtt://h/%zz", /two hexadecimal digits/],
  ["unix://run/s", /^write it as unix:\/\//],
];

Deno.test("readBrokerUrl reads what formatBroker writes, and more", () => {
  for (const [url, expected] of GOOD) {
    const { address } = expected;
    assert.deepEqual(readBrokerUrl(url), expected, url);
    assert.deepEqual(readBrokerUrl(formatBroker(address)), { address });
  }
});

Deno.test("readBrokerUrl says what is wrong", () => {
  for (const [url, fault] of BAD) {
    assert.throws(() => readBrokerUrl(url), ({ message }: Error) => {
      assert.match(message, fault);
      return true;
    }, url);
  }
});
