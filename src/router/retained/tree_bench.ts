// 100,000 retained messages: finding one, walking all, and walking over those that do not match.
import { RetainedTree } from "./tree.ts";

const TOPICS = 100_000;
const tree = new RetainedTree<number>();
for (let i = 0; i < TOPICS; i++) {
  tree.set(`site/${i % 100}/device/${i}/state`, i);
}

let turn = 0;
Deno.bench("replace one of 100,000", { group: "one" }, () => {
  const i = turn++ * 97 % TOPICS;
  tree.set(`site/${i % 100}/device/${i}/state`, i);
});
Deno.bench("find one of 100,000 by a cursor", { group: "one" }, () => {
  const i = turn++ * 97 % TOPICS;
  tree.cursor(`site/${i % 100}/device/${i}/state`).next();
});

function walk(filter: string): void {
  const cursor = tree.cursor(filter);
  while (!cursor.finished) cursor.next();
}
Deno.bench(
  "walk 100,000, all of them matching",
  { group: "all" },
  () => walk("#"),
);
Deno.bench(
  "walk 100,000, none of them matching",
  { group: "all" },
  () => walk("+/+/+/+/other"),
);
