import assert from "node:assert/strict";
import {
  pushValues,
  removeValue,
  valueCount,
  type ValueSet,
  withValue,
} from "./value_set.ts";

Deno.test("ValueSet keeps each value once and in order, be they few or many", () => {
  let values: ValueSet<number> | undefined;
  for (let count = 1; count <= 20; count++) {
    values = withValue(withValue(values, count), count);
    assert.equal(valueCount(values), count);
    const out: number[] = [];
    pushValues(values, out);
    assert.deepEqual(out, Array.from({ length: count }, (_, i) => i + 1));
  }
  assert.ok(values !== undefined);
  assert.ok(!removeValue(values, 0));
  for (let count = 20; count > 0; count--) {
    assert.ok(removeValue(values, count));
    assert.ok(!removeValue(values, count));
    assert.equal(valueCount(values), count - 1);
  }
});
