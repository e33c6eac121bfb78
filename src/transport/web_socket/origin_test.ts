import assert from "node:assert/strict";
import { isWelcome } from "./origin.ts";

Deno.test("isWelcome lets in pages of the host that they take the broker for, at whatever port", () => {
  const cases: [string | undefined, string | undefined, boolean][] = [
    [undefined, "broker", true],
    [undefined, undefined, true],
    ["http://broker", "broker", true],
    ["https://broker:8443", "broker:8083", true],
    ["http://BROKER.lan", "broker.LAN:8083", true],
    ["http://192.0.2.7:8123", "192.0.2.7", true],
    ["http://[2001:db8::1]", "[2001:db8::1]:8083", true],
    ["http://localhost:5173", "127.0.0.1:8083", true],
    ["http://127.0.0.1", "[::1]:8083", true],
    ["http://localhost:5173", "broker", false],
    ["https://evil.example", "127.0.0.1:8083", false],
    ["https://broker.evil.example", "broker", false],
    ["https://evil.example", undefined, false],
    ["https://evil.example", "evil.example:x", false],
    ["null", "null", false],
    ["", "", false],
    ["file://", "", false],
    ["not an origin", "broker", false],
  ];
  for (const [origin, host, expected] of cases) {
    assert.equal(isWelcome(origin, host, "own"), expected, `${origin} ${host}`);
  }
});

Deno.test("isWelcome lets in pages of the origins that are named, or all", () => {
  const named = ["https://a.example", "http://b:8080"];
  assert.ok(isWelcome(undefined, "broker", named));
  assert.ok(isWelcome("https://A.example", "broker", named));
  assert.ok(!isWelcome("http://broker", "broker", named));
  assert.ok(!isWelcome("http://b", "broker", named));
  assert.ok(isWelcome("https://evil.example", "broker", "all"));
  assert.ok(isWelcome("null", undefined, "all"));
});
