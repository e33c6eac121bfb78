import assert from "node:assert/strict";
import { Ballast } from "./ballast.ts";

const SIZE = 300_000;

Deno.test("Ballast.make() takes up room on the disk, which giveUp() gives back", async () => {
  const folder = await Deno.makeTempDir();
  const ballast = new Ballast(folder, SIZE);
  assert.ok(!ballast.present);
  assert.ok(ballast.make());
  assert.ok(ballast.make());
  assert.ok(ballast.present);
  const { size, blocks } = await Deno.stat(`${folder}/ballast`);
  assert.equal(size, SIZE);
  assert.ok(blocks! * 512 >= SIZE, "it is not sparse");
  assert.ok(ballast.giveUp());
  assert.ok(!ballast.giveUp());
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});

Deno.test("Ballast.make() takes the place of one of another size", async () => {
  const folder = await Deno.makeTempDir();
  assert.ok(new Ballast(folder, SIZE).make());
  assert.ok(new Ballast(folder, 1000).make());
  assert.equal((await Deno.stat(`${folder}/ballast`)).size, 1000);
  const none = new Ballast(folder, 0);
  assert.ok(none.make());
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  assert.ok(!none.giveUp(), "there is nothing to be had");
  await Deno.remove(folder);
});

Deno.test("Ballast.make() leaves nothing where it cannot be made", () => {
  const ballast = new Ballast("/nowhere", SIZE);
  assert.ok(!ballast.make());
  assert.ok(!ballast.present);
  assert.ok(!ballast.giveUp());
});
