import assert from "node:assert/strict";
import fc from "fast-check";
import { InflightState, InflightWindow } from "./inflight_window.ts";

const { AwaitsPuback, AwaitsPubrec, AwaitsPubcomp, Free } = InflightState;

Deno.test("InflightWindow gives out identifiers in sequence and finds them again", () => {
  const window = new InflightWindow<string>();
  assert.equal(window.open(AwaitsPuback, "a"), 1);
  assert.equal(window.open(AwaitsPubrec, "b"), 2);
  assert.equal(window.open(AwaitsPuback, undefined), 3);
  assert.equal(window.size, 3);
  assert.equal(window.state(2), AwaitsPubrec);
  assert.equal(window.value(2), "b");
  window.release(2, undefined);
  assert.equal(window.state(2), AwaitsPubcomp);
  assert.equal(window.value(2), undefined);
  window.close(1);
  window.close(2);
  assert.deepEqual(window.identifiers(), [3]);
  assert.equal(window.state(1), Free);
  assert.equal(window.open(AwaitsPuback, "c"), 4);
});

Deno.test("InflightWindow knows nothing of identifiers that were never given out", () => {
  const window = new InflightWindow<string>();
  for (const id of [0, 1, 8, 9, 65_535]) {
    assert.equal(window.state(id), Free);
    assert.equal(window.value(id), undefined);
    window.close(id);
    window.release(id, "x");
  }
  assert.equal(window.size, 0);
  assert.deepEqual(window.identifiers(), []);
  assert.equal(window.open(AwaitsPuback, "a"), 1);
  for (const id of [0, 2, 9, 65_535]) assert.equal(window.state(id), Free);
});

Deno.test("InflightWindow begins again at 1 after 65,535", () => {
  const window = new InflightWindow<number>();
  for (let count = 0; count < 200_000; count++) {
    const id = window.open(AwaitsPuback, count);
    assert.equal(id, count % 65_535 + 1);
    assert.equal(window.value(id), count);
    if (count >= 3) window.close((count - 3) % 65_535 + 1);
  }
  assert.equal(window.size, 3);
});

Deno.test("InflightWindow goes around a message that stays unacknowledged", () => {
  const window = new InflightWindow<string>();
  const straggler = window.open(AwaitsPubrec, "straggler");
  for (let count = 0; count < 150_000; count++) {
    const id = window.open(AwaitsPuback, "other");
    assert.notEqual(id, straggler);
    window.close(id);
  }
  assert.equal(window.value(straggler), "straggler");
  assert.deepEqual(window.identifiers(), [straggler]);
  window.release(straggler, "straggler");
  assert.equal(window.state(straggler), AwaitsPubcomp);
  window.close(straggler);
  assert.equal(window.size, 0);
  assert.equal(window.state(straggler), Free);
});

Deno.test("InflightWindow gives out all 65,535 identifiers, each once, and then none", () => {
  const window = new InflightWindow<number>();
  const ids = new Set<number>();
  for (let count = 0; count < 65_535; count++) {
    ids.add(window.open(AwaitsPuback, count));
  }
  assert.equal(ids.size, 65_535);
  assert.equal(ids.has(0), false);
  assert.equal(window.open(AwaitsPuback, -1), 0);
  assert.deepEqual(window.identifiers(), [...ids]);
  window.close(40_000);
  assert.equal(window.open(AwaitsPubrec, 7), 40_000);
  assert.equal(window.value(40_000), 7);
  for (const id of ids) window.close(id);
  assert.equal(window.size, 0);
});

Deno.test("InflightWindow keeps a straggler while the ring behind it fills up", () => {
  const window = new InflightWindow<string>();
  const straggler = window.open(AwaitsPubrec, "straggler");
  // Up to the straggler's identifier, with nothing else under way.
  for (let count = 0; count < 65_534; count++) {
    window.close(window.open(AwaitsPuback, "other"));
  }
  for (let count = 0; count < 40_000; count++) {
    assert.notEqual(window.open(AwaitsPuback, "new"), straggler);
  }
  assert.equal(window.state(straggler), AwaitsPubrec);
  assert.equal(window.value(straggler), "straggler");
  assert.equal(window.size, 40_001);
  assert.equal(window.identifiers().length, 40_001);
});

interface Entry {
  state: InflightState;
  value: number;
}

type Step =
  | { do: "open"; count: number }
  | { do: "close"; from: number; share: number }
  | { do: "release"; from: number; share: number };

const part = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("open" as const),
    count: fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30_000 }),
    ),
  }),
  fc.record({ do: fc.constant("close" as const), from: part, share: part }),
  fc.record({ do: fc.constant("release" as const), from: part, share: part }),
);

Deno.test("InflightWindow does what a plain map does", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const window = new InflightWindow<number>();
      // A Map goes by age, as the window does.
      const model = new Map<number, Entry>();
      let value = 0;
      for (const step of steps) {
        if (step.do === "open") {
          for (let left = step.count; left > 0; left--) {
            const state = value % 2 === 0 ? AwaitsPuback : AwaitsPubrec;
            const id = window.open(state, ++value);
            if (model.size === 65_535) {
              assert.equal(id, 0);
              continue;
            }
            assert.ok(id >= 1 && id <= 65_535 && !model.has(id), `id ${id}`);
            model.set(id, { state, value });
          }
        } else {
          const ids = [...model.keys()];
          const begin = Math.floor(step.from * ids.length);
          const end = begin + Math.ceil(step.share * (ids.length - begin));
          for (const id of ids.slice(begin, end)) {
            if (step.do === "close") {
              window.close(id);
              model.delete(id);
            } else {
              window.release(id, -1);
              model.set(id, { state: AwaitsPubcomp, value: -1 });
            }
          }
        }
        assert.equal(window.size, model.size);
        assert.deepEqual(window.identifiers(), [...model.keys()]);
        for (let id = 1; id <= 65_535; id += 7) {
          const entry = model.get(id);
          assert.equal(window.state(id), entry?.state ?? Free);
          assert.equal(window.value(id), entry?.value);
        }
      }
    }),
    { numRuns: 30 },
  );
});
