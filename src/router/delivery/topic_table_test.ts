import assert from "node:assert/strict";
import fc from "fast-check";
import { hashTopic } from "../../codec/topic_hash.ts";
import { TopicTable } from "./topic_table.ts";

const encoder = new TextEncoder();

function find(table: TopicTable, topic: string, before = "xx", hash?: number) {
  const bytes = encoder.encode(`${before}${topic}yy`);
  const start = before.length;
  const end = bytes.length - 2;
  const entry = table.find(
    bytes,
    start,
    end,
    hash ?? hashTopic(bytes, start, end),
  );
  bytes.fill(0xFF);
  return entry;
}

Deno.test("TopicTable gives the same entry for the same topic, wherever it lies", () => {
  const table = new TopicTable();
  const entry = find(table, "a/ü/\uFEFFb");
  assert.equal(entry.text, "a/ü/\uFEFFb");
  assert.equal(find(table, "a/ü/\uFEFFb", ""), entry);
  assert.notEqual(find(table, "a/ü/c"), entry);
  assert.equal(table.size, 2);
});

Deno.test("TopicTable keeps bytes of its own", () => {
  const table = new TopicTable();
  const entry = find(table, "topic");
  assert.deepEqual(entry.bytes, encoder.encode("topic"));
});

Deno.test("TopicTable tells topics with the same hash apart", () => {
  const topic = fc.string({ minLength: 1, maxLength: 5, unit: "grapheme" });
  fc.assert(fc.property(
    fc.array(fc.tuple(topic, fc.constantFrom(0, 1, -1, 255, 256))),
    (topics) => {
      const table = new TopicTable();
      const found = new Map<string, unknown>();
      for (const [topic, hash] of topics) {
        const entry = find(table, topic, "xx", hash);
        assert.equal(entry.text, topic);
        const key = `${hash} ${topic}`;
        assert.equal(found.get(key) ?? entry, entry);
        found.set(key, entry);
      }
    },
  ));
});

Deno.test("TopicTable begins anew when it is full, and goes on", () => {
  const table = new TopicTable();
  let largest = 0;
  for (let n = 0; n < 200_000; n++) {
    assert.equal(find(table, `t/${n}`, "").text, `t/${n}`);
    find(table, `t/${n}`, "");
    largest = Math.max(largest, table.size);
  }
  assert.ok(largest <= 65_536, `${largest} topics at a time`);
  assert.equal(find(table, "t/199999"), find(table, "t/199999"));
});

Deno.test("TopicTable forgets topics that were seen once, and keeps those that come again", () => {
  const table = new TopicTable();
  const common = Array.from({ length: 100 }, (_, n) => find(table, `c/${n}`));
  let largest = 0;
  for (let n = 0; n < 100_000; n++) {
    find(table, `once/${n}`);
    assert.equal(find(table, `c/${n % 100}`), common[n % 100]);
    largest = Math.max(largest, table.size);
  }
  assert.ok(largest < 20_000, `${largest} topics at a time`);
});

Deno.test("TopicTable does not remember long topics", () => {
  const table = new TopicTable();
  const long = "x".repeat(1025);
  assert.equal(find(table, long).text, long);
  assert.equal(table.size, 0);
  assert.notEqual(find(table, long), find(table, long));
  find(table, "x".repeat(1024));
  assert.equal(table.size, 1);
});

Deno.test("TopicTable is not slowed down by topics picked for their hash", () => {
  const table = new TopicTable();
  for (let n = 0; n < 30_000; n++) {
    assert.equal(find(table, `t/${n}`, "", 77).text, `t/${n}`);
  }
  assert.ok(table.size <= 256, `${table.size} are looked at for each message`);
  assert.equal(find(table, "t/1", "", 77), find(table, "t/1", "", 77));
});
