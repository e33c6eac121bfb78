import assert from "node:assert/strict";
import fc from "fast-check";
import { SubscriptionTree } from "./subscription_tree.ts";
import { matches } from "./filter.ts";
import {
  anyFilter,
  anyTopic,
} from "../../../tests/support/topic_arbitraries.ts";

function matched<T>(tree: SubscriptionTree<T>, topic: string): T[] {
  const out: T[] = [];
  tree.match(topic, out);
  return out.sort();
}

Deno.test("SubscriptionTree.match gives a value once for each filter it stands under", () => {
  const tree = new SubscriptionTree<string>();
  for (
    const filter of [
      "a/b",
      "a/+",
      "a/#",
      "a/b/#",
      "#",
      "+/b",
      "b",
      "/a/b",
      "a/b/c",
    ]
  ) tree.insert(filter, "x");
  tree.insert("a/b", "y");
  tree.insert("a/b", "y");
  assert.equal(tree.size, 10);
  assert.deepEqual(matched(tree, "a/b"), ["x", "x", "x", "x", "x", "x", "y"]);
  assert.deepEqual(matched(tree, "a"), ["x", "x"]);
});

Deno.test("SubscriptionTree.match keeps $ topics from leading wildcards [MQTT-4.7.2-1]", () => {
  const tree = new SubscriptionTree<string>();
  for (const filter of ["#", "+/x", "+/#", "$SYS/#", "$SYS/+", "$SYS/x"]) {
    tree.insert(filter, filter);
  }
  assert.deepEqual(matched(tree, "$SYS/x"), ["$SYS/#", "$SYS/+", "$SYS/x"]);
  assert.deepEqual(matched(tree, "$SYS"), ["$SYS/#"]);
  assert.deepEqual(matched(tree, "a/x"), ["#", "+/#", "+/x"]);
});

Deno.test("SubscriptionTree.generation changes with every change and with nothing else", () => {
  const tree = new SubscriptionTree<number>();
  const generations = [tree.generation];
  tree.insert("a/b", 1);
  generations.push(tree.generation);
  tree.insert("a/b", 1);
  assert.ok(!tree.remove("a/b", 2));
  assert.ok(!tree.remove("a", 1));
  matched(tree, "a/b");
  assert.equal(tree.generation, generations.at(-1));
  assert.ok(tree.remove("a/b", 1));
  generations.push(tree.generation);
  assert.equal(new Set(generations).size, 3);
  assert.equal(tree.size, 0);
});

Deno.test("SubscriptionTree holds any number of values under one filter", () => {
  const tree = new SubscriptionTree<number>();
  const values = Array.from({ length: 20_000 }, (_, i) => i);
  for (const value of values) tree.insert("a/+", value);
  for (const value of values) tree.insert("a/+", value);
  assert.equal(tree.size, values.length);
  const out: number[] = [];
  tree.match("a/b", out);
  assert.deepEqual(out, values);
  for (const value of values) assert.ok(tree.remove("a/+", value));
  assert.deepEqual(matched(tree, "a/b"), []);
});

Deno.test("SubscriptionTree agrees with the plain matcher under any changes", () => {
  const change = fc.record({
    filter: anyFilter,
    value: fc.nat(2),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 80, size: "max" }),
      fc.array(anyTopic, { minLength: 1, maxLength: 10, size: "max" }),
      (changes, topics) => {
        const tree = new SubscriptionTree<string>();
        const model = new Map<string, { filter: string; value: string }>();
        for (const { filter, value, remove } of changes) {
          const key = `${value} ${filter}`;
          if (remove) assert.equal(tree.remove(filter, key), model.delete(key));
          else {
            tree.insert(filter, key);
            model.set(key, { filter, value: key });
          }
          assert.equal(tree.size, model.size);
        }
        for (const topic of topics) {
          const expected = [...model.values()].filter((pair) =>
            matches(pair.filter, topic)
          ).map((pair) => pair.value);
          assert.deepEqual(matched(tree, topic), expected.sort(), topic);
        }
        for (const { filter, value } of model.values()) {
          assert.ok(tree.remove(filter, value));
        }
        assert.equal(tree.size, 0);
        for (const topic of topics) assert.deepEqual(matched(tree, topic), []);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("SubscriptionTree takes 65,535 slashes like anything else", () => {
  const tree = new SubscriptionTree<string>();
  const slashes = "/".repeat(65_535);
  const wild = "+/".repeat(32_767) + "+";
  const filters = {
    slashes,
    other: slashes.slice(1) + "a",
    below: slashes.slice(3) + "/#",
    wild,
    open: wild + "/#",
  };
  for (const [name, filter] of Object.entries(filters)) {
    tree.insert(filter, name);
  }
  tree.insert("/#", "any");
  assert.deepEqual(matched(tree, slashes), ["any", "below", "open", "slashes"]);
  assert.deepEqual(matched(tree, "/".repeat(32_767)), ["any", "open", "wild"]);
  assert.ok(tree.remove(filters.slashes, "slashes"));
  assert.ok(tree.remove(filters.wild, "wild"));
  assert.deepEqual(matched(tree, slashes), ["any", "below", "open"]);
});

Deno.test("SubscriptionTree visits no more positions than there are filters, however many + they have", () => {
  const tree = new SubscriptionTree<number>();
  const depth = 20;
  // Each filter has + at the levels of which its number has the bits.
  for (let bits = 0; bits < 4096; bits++) {
    const levels = Array.from(
      { length: depth },
      (_, i) => bits >> (i % 12) & 1 ? "+" : "a",
    );
    tree.insert(levels.join("/"), bits);
  }
  tree.insert(Array.from({ length: depth }, () => "+").join("/"), -1);
  const out: number[] = [];
  tree.match(Array.from({ length: depth }, () => "a").join("/"), out);
  assert.equal(out.length, 4097);
  assert.deepEqual(
    matched(tree, Array.from({ length: depth }, () => "b").join("/")),
    [-1, 4095],
  );
});
