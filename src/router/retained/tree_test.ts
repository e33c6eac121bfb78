import assert from "node:assert/strict";
import fc from "fast-check";
import { type RetainedCursor, RetainedTree } from "./tree.ts";
import { matches } from "../topics/filter.ts";
import {
  anyFilter,
  anyTopic,
  narrowTopic,
} from "../../../tests/support/topic_arbitraries.ts";

function rest<M>(cursor: RetainedCursor<M>): M[] {
  const messages: M[] = [];
  for (;;) {
    const message = cursor.next();
    if (message === undefined) return messages;
    messages.push(message);
  }
}

Deno.test("RetainedTree keeps one message for each topic", () => {
  const tree = new RetainedTree<string>();
  assert.equal(tree.set("a/b", "1"), undefined);
  assert.equal(tree.set("a/b", "2"), "1");
  assert.equal(tree.set("a", "3"), undefined);
  assert.equal(tree.set("a/bc", "4"), undefined);
  assert.equal(tree.count, 3);
  assert.equal(tree.get("a/b"), "2");
  assert.equal(tree.get("a/c"), undefined);
  assert.equal(tree.get("a/b/c"), undefined);
  assert.equal(tree.delete("a/b"), "2");
  assert.equal(tree.delete("a/b"), undefined);
  assert.equal(tree.delete("b"), undefined);
  assert.equal(tree.count, 2);
  assert.deepEqual(rest(tree.cursor("#")), ["3", "4"]);
  tree.set("$a", "5");
  assert.deepEqual([...tree.messages()].sort(), ["3", "4", "5"]);
});

Deno.test("RetainedTree.cursor keeps $ topics from leading wildcards [MQTT-4.7.2-1]", () => {
  const tree = new RetainedTree<string>();
  for (const topic of ["$SYS", "$SYS/a", "a", "a/a"]) tree.set(topic, topic);
  assert.deepEqual(rest(tree.cursor("#")), ["a", "a/a"]);
  assert.deepEqual(rest(tree.cursor("+/a")), ["a/a"]);
  assert.deepEqual(rest(tree.cursor("$SYS/#")), ["$SYS", "$SYS/a"]);
  assert.deepEqual(rest(tree.cursor("$SYS")), ["$SYS"]);
});

Deno.test("RetainedCursor.next stops after so many visits and goes on", () => {
  const tree = new RetainedTree<string>();
  for (let i = 0; i < 1000; i++) tree.set(`device/${i}/a`, `${i}`);
  tree.set("device/x/b", "hit");
  const cursor = tree.cursor("device/+/b");
  let pauses = 0;
  let found: string | undefined;
  while (!cursor.finished) {
    const message = cursor.next(100);
    if (message !== undefined) found = message;
    else if (!cursor.finished) pauses++;
  }
  assert.equal(found, "hit");
  assert.equal(pauses, 10);
  assert.equal(cursor.next(), undefined);
});

Deno.test("RetainedCursor ends although topics come faster than it walks", () => {
  const tree = new RetainedTree<number>();
  for (let i = 0; i < 10; i++) tree.set(`a/${i}`, i);
  const cursor = tree.cursor("a/+");
  const seen: number[] = [];
  for (let i = 10; !cursor.finished; i += 2) {
    assert.ok(i < 1000);
    const message = cursor.next(1);
    if (message !== undefined) seen.push(message);
    tree.set(`a/${i}`, i);
    tree.set(`a/${i + 1}`, i);
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("RetainedCursor finds an exact topic among many at once", () => {
  const tree = new RetainedTree<number>();
  for (let i = 0; i < 10_000; i++) tree.set(`device/${i}/state`, i);
  const cursor = tree.cursor("device/777/state");
  assert.equal(cursor.next(5), 777);
  assert.equal(cursor.next(5), undefined);
  assert.ok(cursor.finished);
});

Deno.test("RetainedTree takes 65,535 slashes like anything else", () => {
  const tree = new RetainedTree<string>();
  const slashes = "/".repeat(65_535);
  for (
    const topic of [
      slashes,
      slashes.slice(1),
      slashes.slice(1) + "a",
      slashes.slice(2) + "b",
    ]
  ) {
    tree.set(topic, topic);
  }
  assert.equal(rest(tree.cursor("#")).length, 4);
  assert.deepEqual(rest(tree.cursor(slashes)), [slashes]);
  assert.equal(rest(tree.cursor("+/".repeat(32_767) + "#")).length, 4);
  assert.equal(tree.delete(slashes), slashes);
  assert.equal(tree.get(slashes), undefined);
  assert.equal(rest(tree.cursor("/#")).length, 3);
});

Deno.test("RetainedCursor agrees with the plain matcher while the tree changes", () => {
  const topic = fc.oneof(anyTopic, narrowTopic);
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("set" as const),
        topic,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("delete" as const),
        topic,
        which: fc.nat(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("next" as const),
        visits: fc.integer({ min: 1, max: 4 }),
      }),
    },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(topic, { maxLength: 40, size: "max" }),
        fc.array(narrowTopic, { maxLength: 8 }),
      ),
      fc.oneof(
        anyFilter,
        fc.constantFrom("#", "+/+", "+/#", "a/#", "+/a/#", "+/+/+"),
      ),
      fc.array(step, { maxLength: 80, size: "max" }),
      (topics, filter, steps) => {
        const tree = new RetainedTree<string>();
        const model = new Map<string, string>();
        let serial = 0;
        const set = (topic: string) => {
          const message = `${topic} ${serial++}`;
          assert.equal(tree.set(topic, message), model.get(topic));
          model.set(topic, message);
        };
        topics.forEach(set);
        const cursor = tree.cursor(filter);
        const atStart = new Set(
          [...model].filter(([topic]) => matches(filter, topic)).map((
            [, message],
          ) => message),
        );
        const seen: string[] = [];
        const next = (visits?: number) => {
          const message = cursor.next(visits);
          if (message === undefined) return;
          assert.equal(
            model.get(message.slice(0, message.lastIndexOf(" "))),
            message,
            "it is there no more",
          );
          seen.push(message);
        };
        for (const action of steps) {
          if (action.kind === "set") set(action.topic);
          else if (action.kind === "next") next(action.visits);
          else {
            const live = [...model.keys()];
            const topic = live[action.which % Math.max(1, live.length * 2)] ??
              action.topic;
            assert.equal(tree.delete(topic), model.get(topic));
            model.delete(topic);
          }
          assert.equal(tree.count, model.size);
        }
        while (!cursor.finished) next();
        assert.equal(new Set(seen).size, seen.length, "a message came twice");
        for (const message of seen) {
          assert.ok(atStart.has(message), "a message is newer than the cursor");
        }
        const still = [...model.values()].filter((message) =>
          atStart.has(message)
        );
        for (const message of still) {
          assert.ok(seen.includes(message), `${message} was left out`);
        }
        for (const [topic, message] of model) {
          assert.equal(tree.get(topic), message);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("RetainedCursor.next counts a long path for several visits", () => {
  const tree = new RetainedTree<number>();
  const deep = "/a".repeat(32_000);
  for (let n = 0; n < 100; n++) tree.set(`${n}${deep}`, n);
  const cursor = tree.cursor(`+${"/+".repeat(32_000)}`);
  const found: number[] = [];
  let steps = 0;
  for (; !cursor.finished; steps++) {
    const message = cursor.next(1000);
    if (message !== undefined) found.push(message);
  }
  assert.equal(found.length, 100);
  const none = tree.cursor(`+${"/+".repeat(31_999)}/b`);
  for (steps = 0; !none.finished; steps++) none.next(1000);
  // As many steps as for a hundred thousand short ones, about.
  assert.ok(steps >= 90, `${steps}`);
});
