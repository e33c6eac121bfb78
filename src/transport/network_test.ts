import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIpAddress, parseIpAddress } from "./ip_address.ts";
import { Network } from "./network.ts";

function contains(network: string, address: string): boolean {
  const bytes = parseIpAddress(address);
  assert.ok(bytes !== undefined, address);
  const parsed = Network.parse(network);
  assert.ok(parsed !== undefined, network);
  return parsed.contains(bytes);
}

Deno.test("Network contains the addresses that share its first bits", () => {
  const inside: [string, string][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7", "::ffff:192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["10.0.0.0/8", "10.255.1.2"],
    ["10.9.9.9/8", "10.0.0.1"],
    ["10.128.0.0/9", "10.128.0.0"],
    ["192.0.2.4/30", "192.0.2.7"],
    ["0.0.0.0/0", "255.255.255.255"],
    ["::ffff:10.0.0.0/104", "10.1.1.1"],
    ["2001:db8::/32", "2001:db8:ffff::1"],
    ["2001:db8::/33", "2001:db8:7fff::1"],
    ["::/0", "2001:db8::"],
    ["fe80::/10", "fe80::1%eth0"],
    ["::1", "0:0:0:0:0:0:0:1"],
  ];
  for (const [network, address] of inside) {
    assert.ok(contains(network, address), `${network} ${address}`);
  }
  const outside: [string, string][] = [
    ["192.0.2.7", "192.0.2.6"],
    ["10.128.0.0/9", "10.127.255.255"],
    ["192.0.2.4/30", "192.0.2.8"],
    ["2001:db8::/33", "2001:db8:8000::"],
    ["::/0", "192.0.2.7"],
    ["0.0.0.0/0", "::1"],
    ["::1", "::2"],
  ];
  for (const [network, address] of outside) {
    assert.ok(!contains(network, address), `${network} ${address}`);
  }
});

Deno.test("Network refuses what is none", () => {
  for (
    const text of [
      "",
      "localhost",
      "10.0.0",
      "10.0.0.0.0",
      "10.0.0.",
      "010.0.0.1",
      "10.0.0.256",
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "::/129",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8",
      "12345::",
      "::1.2.3.4:5",
      "1.2.3.4::",
      "fe80::1%eth0",
      "[::1]",
    ]
  ) {
    assert.equal(Network.parse(text), undefined, text);
  }
});

Deno.test("formatIpAddress writes the shortest form, and parseIpAddress reads it", () => {
  const cases: [string, string][] = [
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["2001:0DB8:0:0:1:0:0:0", "2001:db8:0:0:1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8"],
  ];
  for (const [text, short] of cases) {
    assert.equal(formatIpAddress(parseIpAddress(text)!), short);
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.deepEqual(parseIpAddress(formatIpAddress(bytes)), bytes);
    }),
  );
  fc.assert(fc.property(fc.ipV6(), (text) => {
    const bytes = parseIpAddress(text);
    assert.ok(bytes !== undefined, text);
    assert.deepEqual(parseIpAddress(formatIpAddress(bytes)), bytes);
  }));
});
