import assert from "node:assert/strict";
import { LogFile } from "./file.ts";

/** How often this process has a file open. */
function timesOpen(path: string): number {
  let times = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      if (Deno.readLinkSync(`/proc/self/fd/${name}`) === path) times++;
    } catch {
      // That with which the folder itself is read.
    }
  }
  return times;
}

/** A line of which a second one does not fit. */
const LONG = "x".repeat(5000);

Deno.test("LogFile on a full disk says so once, and leaves no file open", () => {
  let now = 0;
  const faults: string[] = [];
  const file = new LogFile({
    path: "/dev/full",
    size: 1e9,
    files: 1,
    onFault: (reason) => faults.push(reason),
    onLost: () => assert.fail("There is never room"),
    now: () => now,
  });
  file.write("one");
  file.write("two");
  assert.equal(faults.length, 1);
  assert.match(faults[0]!, /space/i);
  assert.equal(timesOpen("/dev/full"), 0);
  for (let tries = 0; tries < 5; tries++) {
    now += 10_000;
    file.write("again");
  }
  assert.equal(timesOpen("/dev/full"), 0);
  assert.equal(faults.length, 1);
  file.close();
});

Deno.test("LogFile goes on where a former file was in the way, and says how many lines were lost", async () => {
  const folder = await Deno.makeTempDir();
  try {
    let now = 0;
    const faults: string[] = [];
    const lost: number[] = [];
    const path = `${folder}/log`;
    const file = new LogFile({
      path,
      size: 6000,
      files: 1,
      onFault: (reason) => faults.push(reason),
      onLost: (lines) => lost.push(lines),
      now: () => now,
    });
    file.write(LONG);
    // What it would move its file to.
    await Deno.mkdir(`${path}.1/in the way`, { recursive: true });
    file.write(LONG);
    file.write("lost");
    assert.equal(faults.length, 1);
    await Deno.remove(`${path}.1`, { recursive: true });
    now += 10_000;
    file.write(`later ${LONG}`);
    assert.deepEqual(lost, [2]);
    file.close();
    assert.match(await Deno.readTextFile(path), /later x+\n$/);
    assert.equal(timesOpen(path), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
