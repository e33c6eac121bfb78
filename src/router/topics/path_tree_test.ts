import assert from "node:assert/strict";
import fc from "fast-check";
import { Level } from "./level.ts";
import { childAt, type PathNode, PathTree } from "./path_tree.ts";
import {
  anyTopic,
  narrowTopic,
} from "../../../tests/support/topic_arbitraries.ts";

function childrenOf<E>(node: PathNode<E>): PathNode<E>[] {
  if (node.children === undefined) return [];
  return node.children instanceof Map
    ? [...node.children.values()]
    : [node.children];
}

/** Every node below the root is needed, and lies below the one whose path it goes on from. */
function checkShape<E>(tree: PathTree<E>): Map<string, E> {
  const stored = new Map<string, E>();
  const open = [tree.root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const children = childrenOf(node);
    if (node.children instanceof Map) {
      assert.ok(children.length > 1, "a map for one child");
    }
    if (node.entry !== undefined) stored.set(node.path, node.entry);
    else if (node !== tree.root) {
      assert.ok(children.length > 1, "a node for nothing");
    }
    for (const child of children) {
      if (node !== tree.root) assert.ok(child.path.startsWith(node.path + "/"));
      const at: number = node === tree.root ? 0 : node.path.length + 1;
      assert.equal(childAt(node, new Level().set(child.path, at), at), child);
    }
    open.push(...children);
  }
  return stored;
}

Deno.test("PathTree holds what was put in and keeps no node without need", () => {
  const path = fc.oneof(anyTopic, narrowTopic, fc.constant(""));
  const change = fc.record({ path, remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60, size: "max" }), (changes) => {
      const tree = new PathTree<number>();
      const model = new Map<string, number>();
      changes.forEach(({ path, remove }, i) => {
        assert.equal(tree.find(path)?.entry, model.get(path));
        if (remove) {
          const node = tree.find(path);
          if (node !== undefined) node.entry = undefined;
          tree.prune(path);
          model.delete(path);
        } else {
          const node = tree.ensure(path);
          assert.equal(node.path, path);
          node.entry = i;
          model.set(path, i);
        }
        assert.equal(tree.find(path)?.entry, model.get(path));
      });
      const stored = checkShape(tree);
      assert.deepEqual([...stored].sort(), [...model].sort());
    }),
    { numRuns: 1000 },
  );
});

Deno.test("PathTree.prune leaves alone what it does not know", () => {
  const tree = new PathTree<number>();
  tree.ensure("a/b/c").entry = 1;
  tree.ensure("a/b/d").entry = 2;
  for (const path of ["", "a", "a/b", "a/b/c", "a/b/c/d", "x"]) {
    tree.prune(path);
  }
  assert.equal(checkShape(tree).size, 2);
});

Deno.test("PathTree tells levels of the same hash apart", () => {
  const seen = new Map<number, string>();
  let pair: [string, string] | undefined;
  const level = new Level();
  for (let i = 0; pair === undefined; i++) {
    const name = `${i}`;
    const hash = level.set(name, 0).hash;
    const other = seen.get(hash);
    if (other !== undefined) pair = [other, name];
    seen.set(hash, name);
  }
  const [one, other] = pair;
  for (const [first, second] of [[one, other], [other, one]] as const) {
    const tree = new PathTree<string>();
    for (const path of [first, second, `${first}/a`, `${second}/a`, "else"]) {
      tree.ensure(path).entry = path;
    }
    assert.equal(tree.find(first)?.entry, first);
    assert.equal(tree.find(second)?.entry, second);
    for (const path of [first, `${first}/a`]) {
      const node = tree.find(path);
      assert.ok(node !== undefined);
      node.entry = undefined;
      tree.prune(path);
      assert.equal(tree.find(path)?.entry, undefined);
      assert.equal(tree.find(second)?.entry, second);
      assert.equal(tree.find(`${second}/a`)?.entry, `${second}/a`);
    }
    tree.ensure(first).entry = "again";
    assert.equal(tree.find(first)?.entry, "again");
    assert.equal(tree.find(second)?.entry, second);
  }
});
