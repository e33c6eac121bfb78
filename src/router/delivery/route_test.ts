import assert from "node:assert/strict";
import fc from "fast-check";
import type { Session } from "../../session/session.ts";
import { type Route, RouteTable, type Subscription } from "./route.ts";
import { SharedGroup } from "./shared_group.ts";
import { SubscriptionTree } from "../topics/subscription_tree.ts";
import {
  anyFilter,
  anyTopic,
} from "../../../tests/support/topic_arbitraries.ts";

type Tree = SubscriptionTree<Subscription | SharedGroup>;

const [ann, bob] = ["ann", "bob"].map((clientId) =>
  ({
    clientId,
    mayReceive: (topic) => topic !== `not for ${clientId}`,
  }) as Session
);

function add(
  tree: Tree,
  session: Session | undefined,
  filter: string,
  options: Partial<Subscription> = {},
): Subscription {
  const subscription: Subscription = {
    session: session!,
    filter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    identifier: 0,
    ...options,
  };
  tree.insert(filter, subscription);
  return subscription;
}

function targetOf(route: Route, session: Session | undefined) {
  return route.targets.find((target) => target.session === session);
}

Deno.test("RouteTable makes one target of all of a session's subscriptions [MQTT-3.3.4-2]", () => {
  const tree: Tree = new SubscriptionTree();
  add(tree, ann, "a/+", { qos: 1, identifier: 5 });
  add(tree, ann, "a/#", { qos: 2, retainAsPublished: true });
  add(tree, ann, "a/b", { identifier: 7 });
  add(tree, ann, "c", { qos: 2, identifier: 9 });
  add(tree, bob, "#", { qos: 1 });
  const route = new RouteTable(tree).find("a/b");
  assert.equal(route.targets.length, 2);
  const target = targetOf(route, ann)!;
  assert.equal(target.qos, 2);
  assert.equal(target.retainAsPublished, true);
  assert.deepEqual(target.identifiers.toSorted(), [5, 7]);
  assert.equal(target.own, "same");
  assert.deepEqual(targetOf(route, bob)!.identifiers, []);
});

Deno.test("RouteTable leaves No Local subscriptions out for what a session publishes itself [MQTT-3.8.3-3]", () => {
  const tree: Tree = new SubscriptionTree();
  add(tree, ann, "a", { noLocal: true, qos: 2, identifier: 1 });
  add(tree, ann, "+", { qos: 1, identifier: 2 });
  add(tree, bob, "#", { noLocal: true });
  const route = new RouteTable(tree).find("a");
  const target = targetOf(route, ann)!;
  assert.equal(target.qos, 2);
  assert.ok(typeof target.own === "object");
  assert.equal(target.own.qos, 1);
  assert.deepEqual(target.own.identifiers, [2]);
  assert.equal(targetOf(route, bob)!.own, undefined);
});

Deno.test("RouteTable shares a route between topics until the subscriptions change", () => {
  const tree: Tree = new SubscriptionTree();
  const table = new RouteTable(tree);
  const first = add(tree, ann, "a/#");
  const route = table.find("a/b");
  assert.equal(table.find("a/c"), route);
  assert.notEqual(table.find("b"), route);
  assert.equal(table.find("b"), table.find("c"));
  add(tree, bob, "a/b");
  assert.equal(table.find("a/b").targets.length, 2);
  assert.equal(table.find("a/c").targets.length, 1);
  tree.remove("a/#", first);
  assert.equal(table.find("a/c").targets.length, 0);
});

Deno.test("RouteTable holds on to nobody who was in a route before the subscriptions changed", () => {
  const tree: Tree = new SubscriptionTree();
  const table = new RouteTable(tree);
  add(tree, ann, "#");
  const former = table.find("a");
  assert.equal(former.targets.length, 1);
  add(tree, bob, "#");
  assert.equal(table.find("b").targets.length, 2);
  assert.equal(former.targets.length, 0);
});

Deno.test("RouteTable keeps shared groups apart from subscriptions", () => {
  const tree: Tree = new SubscriptionTree();
  add(tree, ann, "a");
  const group = new SharedGroup({} as never, "$share/g/a", {} as never);
  tree.insert("a", group);
  const route = new RouteTable(tree).find("a");
  assert.deepEqual(route.groups, [group]);
  assert.equal(route.targets.length, 1);
});

Deno.test("RouteTable finds the subscribers that the tree finds, after any change", () => {
  const change = fc.record({
    filter: anyFilter,
    session: fc.constantFrom(ann, bob),
    remove: fc.boolean(),
    topic: anyTopic,
  });
  fc.assert(fc.property(fc.array(change), (changes) => {
    const tree: Tree = new SubscriptionTree();
    const table = new RouteTable(tree);
    const all: Subscription[] = [];
    for (const { filter, session, remove, topic } of changes) {
      if (remove && all.length > 0) {
        const subscription = all.shift()!;
        tree.remove(subscription.filter, subscription);
      } else all.push(add(tree, session, filter));
      const matching: (Subscription | SharedGroup)[] = [];
      tree.match(topic, matching);
      const sessions = new Set(
        matching.map((found) => (found as Subscription).session),
      );
      const { targets } = table.find(topic);
      assert.deepEqual(
        new Set(targets.map((target) => target.session)),
        sessions,
      );
      assert.equal(targets.length, sessions.size);
    }
  }));
});

Deno.test("RouteTable leaves out who may not receive the topic", () => {
  const tree: Tree = new SubscriptionTree();
  add(tree, ann, "#");
  add(tree, bob, "#");
  const table = new RouteTable(tree);
  const sessions = (topic: string) =>
    table.find(topic).targets.map(({ session }) => session);
  assert.deepEqual(sessions("for all"), [ann, bob]);
  assert.deepEqual(sessions("not for ann"), [bob]);
  assert.deepEqual(sessions("not for bob"), [ann]);
});
