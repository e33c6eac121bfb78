import assert from "node:assert/strict";
import fc from "fast-check";
import { Deque } from "./deque.ts";

Deno.test("Deque hands items out in order", () => {
  const deque = new Deque<string>();
  assert.equal(deque.popFront(), undefined);
  assert.equal(deque.peekFront(), undefined);
  deque.pushBack("b");
  deque.pushBack("c");
  deque.pushFront("a");
  assert.deepEqual([...deque], ["a", "b", "c"]);
  assert.equal(deque.peekFront(), "a");
  assert.equal(deque.popFront(), "a");
  assert.equal(deque.length, 2);
  deque.clear();
  assert.equal(deque.length, 0);
  assert.deepEqual([...deque], []);
  deque.pushFront("d");
  assert.equal(deque.popFront(), "d");
});

Deno.test("Deque takes undefined for an item like any other", () => {
  const deque = new Deque<number | undefined>();
  deque.pushBack(undefined);
  deque.pushBack(1);
  assert.equal(deque.length, 2);
  assert.equal(deque.popFront(), undefined);
  assert.equal(deque.popFront(), 1);
});

Deno.test("Deque does what an array does, under any operations", () => {
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.constant("pushBack" as const) },
    { weight: 2, arbitrary: fc.constant("pushFront" as const) },
    { weight: 5, arbitrary: fc.constant("popFront" as const) },
    { weight: 1, arbitrary: fc.constant("popMany" as const) },
    { weight: 1, arbitrary: fc.constant("pushMany" as const) },
  );
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 60, size: "max" }),
      (operations) => {
        const deque = new Deque<number>();
        const model: number[] = [];
        let next = 0;
        const push = () => {
          deque.pushBack(next);
          model.push(next++);
        };
        for (const name of operations) {
          if (name === "pushBack") push();
          else if (name === "pushMany") {
            for (let i = 0; i < 100; i++) push();
          } else if (name === "popFront") {
            assert.equal(deque.popFront(), model.shift());
          } else if (name === "popMany") {
            for (let i = 0; i < 90; i++) {
              assert.equal(deque.popFront(), model.shift());
            }
          } else {
            deque.pushFront(next);
            model.unshift(next++);
          }
          assert.equal(deque.length, model.length);
          assert.equal(deque.peekFront(), model[0]);
        }
        assert.deepEqual([...deque], model);
      },
    ),
  );
});
