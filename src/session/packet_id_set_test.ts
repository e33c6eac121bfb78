import assert from "node:assert/strict";
import fc from "fast-check";
import { PacketIdSet } from "./packet_id_set.ts";

Deno.test("PacketIdSet does what a plain set does, at both ends of its range too", () => {
  const id = fc.oneof(
    fc.constantFrom(1, 2, 31, 32, 33, 65_504, 65_534, 65_535),
    fc.integer({ min: 1, max: 65_535 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.boolean())), (steps) => {
      const set = new PacketIdSet();
      const model = new Set<number>();
      for (const [id, add] of steps) {
        if (add) {
          assert.equal(set.add(id), !model.has(id));
          model.add(id);
        } else assert.equal(set.delete(id), model.delete(id));
        assert.equal(set.size, model.size);
        assert.equal(set.has(id), model.has(id));
        assert.equal(set.has(id % 65_535 + 1), model.has(id % 65_535 + 1));
      }
    }),
  );
});

Deno.test("PacketIdSet holds all identifiers", () => {
  const set = new PacketIdSet();
  for (let id = 1; id <= 65_535; id++) set.add(id);
  assert.equal(set.size, 65_535);
  for (let id = 1; id <= 65_535; id++) assert.ok(set.delete(id));
  assert.equal(set.size, 0);
});
