import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
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

Deno.test("Ballast.make() takes no more than its share of what is free", async () => {
  const folder = await Deno.makeTempDir();
  const { bavail, bsize } = statfsSync(folder);
  const share = SIZE / (bavail * bsize);
  const ballast = new Ballast(folder, 1000 * SIZE, share);
  assert.ok(!ballast.make(), "it does not know what is free");
  await ballast.prepare();
  assert.ok(ballast.make());
  const { size } = await Deno.stat(`${folder}/ballast`);
  assert.ok(size > SIZE / 2 && size < SIZE * 2, `${size}`);
  assert.ok(new Ballast(folder, 1000 * SIZE, share).present);
  const larger = new Ballast(folder, SIZE, 0.99);
  assert.ok(ballast.giveUp());
  await larger.prepare();
  assert.ok(larger.make());
  assert.equal((await Deno.stat(`${folder}/ballast`)).size, SIZE);
  await Deno.remove(folder, { recursive: true });
});
