import assert from "node:assert/strict";
import type { ScopedLimits } from "../../core/scoped_limits.ts";
import { UserQuotas } from "./user_quotas.ts";

function limit(quotas: UserQuotas, limits: ScopedLimits, now = 0): void {
  quotas.change(new Map([["pump", limits]]), now);
}

Deno.test("UserQuotas counts clients, also those of before its user was limited", () => {
  const quotas = new UserQuotas();
  const first = quotas.add("pump", "1");
  const again = quotas.add("pump", "1");
  quotas.add("valve", "3");
  limit(quotas, { maximumConnections: 2 });
  assert.equal(quotas.obstacle("pump", "2", 0), undefined);
  quotas.add("pump", "2");
  assert.equal(quotas.obstacle("pump", "3", 0), "tooManyClients");
  assert.equal(quotas.obstacle("pump", "1", 0), undefined);
  first();
  assert.equal(quotas.obstacle("pump", "3", 0), "tooManyClients");
  again();
  assert.equal(quotas.obstacle("pump", "3", 0), undefined);
  assert.equal(quotas.obstacle("valve", "4", 0), undefined);
});

Deno.test("UserQuotas lets in no more than so many in a second, and counts those refused as none", () => {
  const quotas = new UserQuotas();
  limit(quotas, { connectsPerSecond: 2 });
  const came = (now: number) => quotas.obstacle("pump", "1", now);
  assert.deepEqual([0, 0, 0, 400].map(came), [
    undefined,
    undefined,
    "tooManyConnects",
    "tooManyConnects",
  ]);
  assert.equal(came(500), undefined);
});

Deno.test("UserQuotas keeps what is owed across changes", () => {
  const quotas = new UserQuotas();
  const limits = { publishesPerSecond: 10, connectsPerSecond: 1 };
  limit(quotas, limits);
  const { publishes } = quotas.ratesOf("pump");
  assert.equal(publishes!.take(20, 0), 1000);
  assert.equal(quotas.obstacle("pump", "1", 0), undefined);
  limit(quotas, limits);
  assert.equal(quotas.ratesOf("pump").publishes, publishes);
  assert.equal(quotas.obstacle("pump", "1", 0), "tooManyConnects");
  limit(quotas, { publishesPerSecond: 5 });
  assert.equal(publishes!.wait(0), 2000);
  limit(quotas, {});
  assert.equal(quotas.ratesOf("pump").publishes, undefined);
});
