import assert from "node:assert/strict";
import { addressKey, isLocal } from "./address_key.ts";

Deno.test("addressKey() takes what one client cannot change at will", () => {
  const cases: readonly (readonly [address: string, key: string])[] = [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["local", "local"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:2::6", "2001:db8:1:2::/64"],
    ["2001:db8::6", "2001:db8::/64"],
    ["fe80::1%eth0", "fe80::/64"],
  ];
  for (const [address, key] of cases) {
    assert.equal(addressKey(address), key, address);
  }
});

Deno.test("isLocal() knows this machine", () => {
  for (const address of ["local", "127.0.0.1", "127.9.9.9", "::1"]) {
    assert.ok(isLocal(address), address);
  }
  assert.ok(isLocal("::ffff:127.0.0.1"));
  for (const address of ["192.0.2.127", "1127.0.0.1", "::2", "10.0.0.1"]) {
    assert.ok(!isLocal(address), address);
  }
});
