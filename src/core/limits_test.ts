import assert from "node:assert/strict";
import { DEFAULT_LIMITS, LIMIT_INFO, LIMIT_KEYS } from "./limits.ts";

Deno.test("DEFAULT_LIMITS lie within their ranges", () => {
  for (const key of LIMIT_KEYS) {
    const { minimum, maximum } = LIMIT_INFO[key];
    const value = DEFAULT_LIMITS[key];
    assert.ok(
      Number.isSafeInteger(value) && value >= minimum && value <= maximum,
      key,
    );
  }
});

Deno.test("LIMIT_INFO gives each limit a flag of its own", () => {
  const flags = LIMIT_KEYS.map((key) => LIMIT_INFO[key].flag);
  assert.equal(new Set(flags).size, Object.keys(DEFAULT_LIMITS).length);
  for (const flag of flags) assert.match(flag, /^[a-z]+(-[a-z]+)*$/);
});

Deno.test("LIMIT_INFO explains each limit in one phrase", () => {
  for (const key of LIMIT_KEYS) {
    const { help } = LIMIT_INFO[key];
    assert.match(help, /^(?:[a-z]|QoS)/);
    assert.doesNotMatch(help, /\.$/);
  }
});
