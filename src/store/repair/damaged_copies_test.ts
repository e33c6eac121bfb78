import assert from "node:assert/strict";
import { boundDamagedCopies } from "./damaged_copies.ts";

async function remaining(sizes: Readonly<Record<string, number>>) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/mailboxqtt.db`;
  await Deno.writeTextFile(path, "in use");
  await Deno.writeTextFile(`${path}.damaged-notes`, "somebody's own");
  for (const [time, size] of Object.entries(sizes)) {
    using file = await Deno.create(`${path}.damaged-${time}`);
    // Without blocks on the disk.
    await file.truncate(size);
  }
  const removed = boundDamagedCopies(path);
  const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
  await Deno.remove(folder, { recursive: true });
  for (const name of ["mailboxqtt.db", "mailboxqtt.db.damaged-notes"]) {
    assert.ok(left.includes(name));
  }
  assert.equal(removed.length, Object.keys(sizes).length + 2 - left.length);
  return left.flatMap((name) => /damaged-(2.*)/.exec(name)?.[1] ?? [])
    .toSorted();
}

Deno.test("boundDamagedCopies keeps the newest five, each with its log", async () => {
  const sizes = Object.fromEntries(
    ["1", "2", "3", "4", "5", "6"].flatMap((day) => [
      [`2026010${day}T000000Z`, 10],
      [`2026010${day}T000000Z-wal`, 10],
    ]),
  );
  const kept = Object.keys(sizes).slice(2);
  assert.deepEqual(await remaining(sizes), kept);
});

Deno.test("boundDamagedCopies takes a second copy of one time as newer, up to ten of them", async () => {
  const time = "20260101T000000Z";
  const sizes = Object.fromEntries(
    ["", "-2", "-3", "-4", "-5", "-10"].map((count) => [`${time}${count}`, 1]),
  );
  assert.deepEqual(await remaining(sizes), [
    `${time}-10`,
    `${time}-2`,
    `${time}-3`,
    `${time}-4`,
    `${time}-5`,
  ]);
});

Deno.test("boundDamagedCopies keeps the newest however large it is, and older ones up to 256 MiB with it", async () => {
  const MIB = 1_048_576;
  assert.deepEqual(
    await remaining({
      "20260101T000000Z": MIB,
      "20260102T000000Z": 300 * MIB,
    }),
    ["20260102T000000Z"],
  );
  assert.deepEqual(
    await remaining({
      "20260101T000000Z": 100 * MIB,
      "20260102T000000Z": 100 * MIB,
      "20260103T000000Z": 100 * MIB,
    }),
    ["20260102T000000Z", "20260103T000000Z"],
  );
});
