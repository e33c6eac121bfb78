import assert from "node:assert/strict";
import { resumedTime } from "./service_time.ts";

const TODAY = Date.UTC(2026, 6, 1);
const DAY = 86_400_000;

Deno.test("resumedTime begins with the machine's clock", () => {
  assert.equal(resumedTime(undefined, TODAY), TODAY);
  assert.equal(resumedTime(undefined, 5), 5);
});

Deno.test("resumedTime counts the time that the broker was down", () => {
  const kept = { service: TODAY - 5000, wall: TODAY };
  assert.equal(resumedTime(kept, TODAY + DAY), TODAY - 5000 + DAY);
});

Deno.test("resumedTime never goes back, and trusts no clock from before this program", () => {
  const kept = { service: TODAY + 77, wall: TODAY };
  assert.equal(resumedTime(kept, TODAY - DAY), TODAY + 77);
  assert.equal(resumedTime(kept, 1000), TODAY + 77);
  assert.equal(resumedTime({ service: 4000, wall: 1000 }, TODAY), 4000);
});
