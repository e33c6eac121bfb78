import assert from "node:assert/strict";
import { buildDatabase, openDatabase } from "../database/database.ts";
import { finishMending, mend, unusedTime } from "./mending.ts";

const NOW = Date.parse("2026-11-25T09:45:01.5Z");

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("mend keeps all files of a damaged database under names of their own", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.db`;
  for (const part of ["", "-wal", "-shm"]) {
    await Deno.writeTextFile(path + part, `garbage${part}`);
  }
  assert.deepEqual(mend(path, new Error("It is garbage"), NOW), {
    carried: { rows: 0, setAside: 0, gaps: 0 },
    reason: "it is garbage",
    kept: `${folder}/a.db.damaged-20261125T094501Z`,
  });
  assert.deepEqual(names(folder), [
    "a.db",
    "a.db.damaged-20261125T094501Z",
    "a.db.damaged-20261125T094501Z-shm",
    "a.db.damaged-20261125T094501Z-wal",
  ]);
  openDatabase(path).database.close();
  assert.equal(unusedTime(path, NOW), "20261125T094501Z-2");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("finishMending goes on wherever a mending was interrupted", async () => {
  const damaged = ["a.db", "a.db-wal"];
  for (let moved = 0; moved <= damaged.length; moved++) {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/a.db`;
    buildDatabase(`${path}.mended-T`, () => {});
    damaged.forEach((name, i) => {
      const target = i < moved ? name.replace("a.db", "a.db.damaged-T") : name;
      Deno.writeTextFileSync(`${folder}/${target}`, name);
    });
    assert.equal(finishMending(path)?.kept, `${path}.damaged-T`);
    const expected = ["a.db", "a.db.damaged-T", "a.db.damaged-T-wal"];
    assert.deepEqual(names(folder), expected);
    assert.equal(Deno.readTextFileSync(`${path}.damaged-T-wal`), "a.db-wal");
    const { database, fresh } = openDatabase(path);
    assert.equal(fresh, false);
    database.close();
    assert.equal(finishMending(path), undefined);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("finishMending leaves a fresh database alone that was not complete", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.db`;
  await Deno.writeTextFile(path, "damaged");
  await Deno.writeTextFile(`${path}.new`, "half of it");
  assert.equal(finishMending(path), undefined);
  mend(path, new Error("It is damaged"), NOW);
  assert.deepEqual(names(folder), ["a.db", "a.db.damaged-20261125T094501Z"]);
  await Deno.remove(folder, { recursive: true });
});
