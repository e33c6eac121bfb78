import assert from "node:assert/strict";
import { checkRules } from "./check_rules.ts";
import { formatFault } from "./fault.ts";

Deno.test("checkRules names each fault with its place", async () => {
  const rules = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(rules, "user pump\ntopic raed #\ntopic a/#/b\n");
    const faults = await checkRules({ rules });
    assert.deepEqual(faults.map(formatFault), [
      `${rules}:2:7: "raed" is not read, write, readwrite or deny; did you mean read?`,
      `${rules}:3:9: # is not the last level; write + for one level in the middle`,
    ]);
    await Deno.writeTextFile(rules, "user pump\ntopic read #\n");
    assert.deepEqual(await checkRules({ rules }), []);
  } finally {
    await Deno.remove(rules);
  }
});

Deno.test("checkRules has nothing to say of what is not there", async () => {
  assert.deepEqual(await checkRules({ rules: undefined }), []);
  assert.deepEqual(await checkRules({ rules: "/dev/null/none" }), []);
});
