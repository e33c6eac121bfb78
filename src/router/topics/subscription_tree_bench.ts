// 100,000 different filters, and the topics that a broker would be asked for.
import { SubscriptionTree } from "./subscription_tree.ts";

const FILTERS = 100_000;

function exact(): SubscriptionTree<number> {
  const tree = new SubscriptionTree<number>();
  for (let i = 0; i < FILTERS; i++) {
    tree.insert(`site/${i % 100}/device/${i}/state`, i);
  }
  return tree;
}

function wild(): SubscriptionTree<number> {
  const tree = new SubscriptionTree<number>();
  for (let i = 0; i < FILTERS; i++) {
    const site = i % 1000;
    const filter = [
      `site/${site}/device/${i}/state`,
      `site/${site}/+/${i}/state`,
      `site/${site}/device/${i}/#`,
      `+/${site}/device/${i}/+`,
    ][i % 4] as string;
    tree.insert(filter, i);
  }
  return tree;
}

function deep(): SubscriptionTree<number> {
  const tree = new SubscriptionTree<number>();
  for (let i = 0; i < FILTERS; i++) {
    const levels = Array.from(
      { length: 20 },
      (_, level) => i >> level & 1 ? "+" : `${level}`,
    );
    tree.insert(levels.join("/"), i);
    if (i % 1000 === 0) {
      tree.insert(`${levels.slice(0, 10).join("/")}/x${i}/#`, i);
    }
  }
  return tree;
}

function benchMatch(
  name: string,
  tree: SubscriptionTree<number>,
  topics: string[],
): void {
  const out: number[] = [];
  let turn = 0;
  Deno.bench(name, { group: "match" }, () => {
    out.length = 0;
    tree.match(topics[turn++ % topics.length] as string, out);
  });
}

const topics = Array.from(
  { length: 1000 },
  (_, i) => `site/${i * 97 % 1000}/device/${i * 97}/state`,
);
benchMatch("100,000 exact filters", exact(), topics);
benchMatch("100,000 filters, three of four with + or #", wild(), topics);
benchMatch("100,000 filters, a topic none of them matches", wild(), [
  "site/5/other/thing",
]);
const plus = new SubscriptionTree<number>();
plus.insert(Array.from({ length: 20 }, () => "+").join("/"), 1);
benchMatch("20 levels of +", plus, [
  Array.from({ length: 20 }, (_, i) => `${i}`).join("/"),
]);
benchMatch("20 levels, 2^17 ways through them, 1 fits", deep(), [
  Array.from({ length: 20 }, (_, i) => i < 17 ? `n${i}` : `${i}`).join("/"),
]);
benchMatch("65,535 slashes, 100,000 exact filters", exact(), [
  "/".repeat(65_535),
]);

const changing = exact();
let serial = 0;
Deno.bench("insert and remove among 100,000", { group: "change" }, () => {
  const filter = `site/${serial % 100}/device/${serial}/command`;
  changing.insert(filter, serial);
  changing.remove(filter, serial++);
});
