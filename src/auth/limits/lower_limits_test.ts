import assert from "node:assert/strict";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import {
  SCOPED_LIMIT_KEYS,
  type ScopedLimits,
} from "../../core/scoped_limits.ts";
import { lowerLimits } from "./lower_limits.ts";

/** All limits of a listener or user with this value. */
function all(value: number): ScopedLimits {
  return Object.fromEntries(SCOPED_LIMIT_KEYS.map((key) => [key, value]));
}

Deno.test("lowerLimits raises none, and touches none that are not for one client", () => {
  assert.equal(lowerLimits(DEFAULT_LIMITS, {}), DEFAULT_LIMITS);
  assert.equal(lowerLimits(DEFAULT_LIMITS, all(Infinity)), DEFAULT_LIMITS);
  const lower = {
    maximumPacketSize: 3,
    subscriptionsPerClient: 3,
    maximumInflight: 3,
    queuedMessages: 3,
    queuedBytes: 3,
  };
  assert.deepEqual(lowerLimits(DEFAULT_LIMITS, all(3)), {
    ...DEFAULT_LIMITS,
    ...lower,
  });
  assert.deepEqual(lowerLimits(lowerLimits(DEFAULT_LIMITS, all(3)), all(4)), {
    ...DEFAULT_LIMITS,
    ...lower,
  });
});
