import assert from "node:assert/strict";
import { FairQueue } from "./fair_queue.ts";

/** A job that ends when it is told. */
function job(name: string, log: string[]) {
  const end = Promise.withResolvers<string>();
  const run = () => {
    log.push(name);
    return end.promise;
  };
  return { run, end: () => end.resolve(name) };
}

Deno.test("FairQueue does a few at a time, and each asker in turn", async () => {
  const queue = new FairQueue({ atOnce: 2, most: 9, mostOfOne: 9 });
  const log: string[] = [];
  const jobs = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"].map((name) =>
    job(name, log)
  );
  const names = ["a", "a", "a", "a", "b", "b", "c"];
  const results = jobs.map(({ run }, at) => queue.run(names[at]!, run));
  assert.deepEqual(log, ["a1", "a2"]);
  assert.equal(queue.waiting, 5);
  for (const { end } of jobs) end();
  assert.deepEqual(await Promise.all(results), [
    "a1",
    "a2",
    "a3",
    "a4",
    "b1",
    "b2",
    "c1",
  ]);
  assert.deepEqual(log, ["a1", "a2", "a3", "b1", "c1", "a4", "b2"]);
  assert.equal(queue.waiting, 0);
});

Deno.test("FairQueue refuses what is too much, of one and of all", async () => {
  const queue = new FairQueue({ atOnce: 1, most: 3, mostOfOne: 2 });
  const first = job("first", []);
  const nothing = () => Promise.resolve();
  const running = queue.run("a", first.run);
  const waiting = [queue.run("a", nothing), queue.run("a", nothing)];
  assert.equal(queue.run("a", nothing), undefined);
  waiting.push(queue.run("b", nothing));
  assert.equal(queue.run("c", nothing), undefined);
  first.end();
  await Promise.all([running, ...waiting]);
  assert.notEqual(queue.run("a", nothing), undefined);
});

Deno.test("FairQueue goes on after a job that fails", async () => {
  const queue = new FairQueue({ atOnce: 1, most: 3, mostOfOne: 3 });
  const failing = queue.run("a", () => Promise.reject(new Error("no")));
  const next = queue.run("a", () => Promise.reject(new Error("nor this")));
  const last = queue.run("a", () => Promise.resolve(1));
  await assert.rejects(failing!, /^Error: no$/);
  await assert.rejects(next!, /nor this/);
  assert.equal(await last, 1);
});
