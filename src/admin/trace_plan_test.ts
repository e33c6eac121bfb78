import assert from "node:assert/strict";
import { describePlan, isMeant, isSampled } from "./trace_plan.ts";

Deno.test("isMeant() asks for the client and the topic that a plan names", () => {
  const candidate = { clientId: "pump", topic: "plant/1/state" };
  for (
    const plan of [
      {},
      { share: 0.1 },
      { clientId: "pump" },
      { topic: "plant/+/state" },
      { topic: "#", clientId: "pump" },
    ]
  ) assert.ok(isMeant(plan, candidate), JSON.stringify(plan));
  for (
    const plan of [
      { clientId: "valve" },
      { topic: "plant/+" },
      { topic: "plant/#", clientId: "valve" },
      { topic: "other", clientId: "pump" },
    ]
  ) assert.ok(!isMeant(plan, candidate), JSON.stringify(plan));
});

Deno.test("isSampled() goes by the sender's word before the share, and takes all without one", () => {
  assert.ok(isSampled({}, { isSampled: false }, 0.99));
  assert.ok(isSampled({ share: 0 }, { isSampled: true }, 0.99));
  assert.ok(!isSampled({ share: 1 }, { isSampled: false }, 0));
  assert.ok(isSampled({ share: 0.01 }, undefined, 0.0099));
  assert.ok(!isSampled({ share: 0.01 }, undefined, 0.01));
  assert.ok(!isSampled({ share: 0 }, undefined, 0));
});

Deno.test("describePlan() says a plan in words", () => {
  assert.equal(describePlan({}), "all publishes");
  assert.equal(describePlan({ share: 0.003 }), "0.3% of publishes");
  assert.equal(
    describePlan({ share: 0.29, clientId: "a", topic: "b/#" }),
    '29% of publishes of "a" to "b/#"',
  );
});
