/**
 * The store at a power cut, on a disk that works and on one whose calls fail, each at every place where it is called: what
 * was acknowledged is there, once, whatever part of the rest has come to the disk, and it always starts. Read
 * `power_cut/steps.ts` (what is written), `power_cut/disk.ts` (what a disk holds), `power_cut/calls.ts` (where that is
 * known from).
 *
 * @module
 */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { JournalReader } from "../../src/store/journal/reader.ts";
import { MessageBodies } from "../../src/store/journal/message_body.ts";
import { StoreThread } from "../../src/store/sqlite/thread.ts";
import { LONG } from "../support/sizes.ts";
import { HeldContents } from "../support/stores/held_contents.ts";
import { CALLS, readCalls } from "./power_cut/calls.ts";
import { Disk, type DiskCall, type Image } from "./power_cut/disk.ts";
import { requireSteps, STEPS } from "./power_cut/steps.ts";
import { canTrace } from "./trace.ts";

const DRIVER = new URL("power_cut/driver.ts", import.meta.url).pathname;

/** How Deno runs the program, but for what it runs. */
const RUN = config.tasks.start.command.split(" ").slice(1, -1);

/** Where images are started: in memory, since nothing depends on what a real disk makes of them. */
const IN_MEMORY = await hasFolder("/dev/shm") ? { dir: "/dev/shm" } : {};

async function hasFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Calls of one kind that fail, from the n-th on, so many in a row. */
interface Failure {
  readonly calls: string;
  readonly first: number;
  readonly count: number;
}

/** Runs the steps in a folder, with calls that fail, and gives what was asked of the disk. */
async function callsOf(failure?: Failure): Promise<DiskCall[]> {
  const place = await Deno.makeTempDir();
  try {
    const folder = `${place}/data`;
    await Deno.mkdir(folder);
    const database = `${folder}/mailboxqtt.db`;
    const acknowledged = `${place}/acknowledged`;
    await Deno.writeTextFile(acknowledged, "");
    const parts = ["", "-wal", "-journal"];
    const files = [database, `${database}.new`].flatMap((path) =>
      parts.map((part) => path + part)
    );
    const trace = `${place}/trace`;
    const injected = failure === undefined ? [] : [
      "-e",
      `inject=${failure.calls}:error=EIO:when=${failure.first}..${
        failure.first + failure.count - 1
      }`,
    ];
    const { success, stderr } = await new Deno.Command("strace", {
      args: [
        ...["-f", "-q", "-yy", "-xx", "-s", "10000000", "-e", "signal=none"],
        ...["-o", trace, "-e", `trace=${CALLS}`, ...injected],
        ...[folder, ...files, acknowledged].flatMap((path) => ["-P", path]),
        ...[Deno.execPath(), ...RUN, DRIVER, folder, acknowledged],
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return [...readCalls(await Deno.readTextFile(trace), acknowledged)];
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

/** A generator of numbers below 1 that are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Cuts the power behind each promise from a call on, and before each fsync if `often`, and requires that each image starts
 * with what was promised. Returns how many images there were.
 */
async function tryCuts(
  calls: readonly DiskCall[],
  what: string,
  { from = 0, often = false },
): Promise<number> {
  const disk = new Disk();
  const random = numbers(calls.length);
  let acknowledged = 0;
  let images = 0;
  for (const [at, call] of calls.entries()) {
    disk.take(call);
    if (call.type === "acknowledge") acknowledged = call.step;
    const isBeforeSync = often && calls[at + 1]?.type === "sync";
    const isCut = call.type === "acknowledge" || isBeforeSync;
    if (!isCut || at < from) continue;
    const cuts = [() => false, () => random() < 0.5];
    if (often) cuts.push(() => true);
    for (const isWritten of cuts) {
      const image = disk.cut(isWritten);
      try {
        requireSteps(acknowledged, await start(image));
      } catch (error) {
        const calls = describe(what, at);
        throw new Error(`${calls}: ${acknowledged} acknowledged`, {
          cause: error,
        });
      }
      images++;
    }
  }
  assert.equal(acknowledged, STEPS, what);
  return images;
}

function describe(what: string, at: number): string {
  return `${what}, cut behind call ${at}`;
}

/** Starts the store with these files, and gives what it holds. */
async function start(image: Image): Promise<HeldContents> {
  const folder = await Deno.makeTempDir(IN_MEMORY);
  try {
    for (const [name, content] of image) {
      await Deno.writeFile(`${folder}/${name}`, content);
    }
    const thread = new StoreThread(`${folder}/mailboxqtt.db`, Date.now());
    const held = new HeldContents();
    const read = (piece: Uint8Array) =>
      new JournalReader(new MessageBodies()).read(piece, held);
    for (let piece; (piece = thread.more()) !== undefined;) read(piece);
    const { damagedRows, findings } = thread.begin();
    assert.equal(damagedRows, 0);
    assert.equal(findings.mending, undefined);
    for (const [owner, one] of thread.backlogs()) held.backlog(owner, one);
    await held.fill((query) => {
      const page = thread.read(query);
      read(page.journal);
      return page;
    });
    thread.leave();
    return held;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const traced = canTrace();

function testOfDisk(name: string, fn: () => Promise<void>): void {
  const why = traced ? "" : " (ignored: strace cannot be used here)";
  Deno.test({ name: `power cut: ${name}${why}`, ignore: !traced, fn });
}

testOfDisk("nothing acknowledged is lost on a disk that works", async () => {
  const calls = await callsOf();
  const kinds = new Set(calls.map(({ type }) => type));
  for (const type of ["create", "write", "sync", "acknowledge"] as const) {
    assert.ok(kinds.has(type), `${type} is seen`);
  }
  assert.ok(await tryCuts(calls, "no failure", { often: true }) > 3 * STEPS);
});

/** Failures of one kind of call that are tried. */
interface FailureKind {
  readonly calls: string;
  readonly type: DiskCall["type"];
  /** How many fail in a row. */
  readonly counts: readonly number[];
  /** Every how many-th place is tried. */
  readonly step: number;
}

/** Tries failures at each place where there is such a call. */
async function tryFailures(kind: FailureKind): Promise<void> {
  const { calls, type, counts, step } = kind;
  const sound = await callsOf();
  const ofKind = [...sound.entries()]
    .flatMap(([at, call]) => call.type === type ? [at] : []);
  const places = ofKind.length;
  assert.ok(places > 0, `there is ${calls}`);
  const failures = counts.flatMap((count) =>
    Array.from({ length: Math.ceil(places / step) }, (_, at) => ({
      calls,
      first: at * step + 1,
      count,
    }))
  );
  const next = failures.values();
  const work = async () => {
    for (const failure of next) {
      const { first, count } = failure;
      const what = `${calls} ${first} to ${first + count - 1} failed`;
      // Until then all is as without a failure.
      const from = ofKind[first - 1];
      await tryCuts(await callsOf(failure), what, { from });
    }
  };
  const ends = await Promise.allSettled([work(), work()]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

const KINDS: readonly FailureKind[] = [
  {
    calls: "fsync,fdatasync",
    type: "sync",
    counts: LONG ? [1, 2, 3, 4] : [1, 2],
    step: 1,
  },
  {
    calls: "pwrite64",
    type: "write",
    counts: LONG ? [1, 2] : [1],
    step: LONG ? 1 : 16,
  },
  { calls: "ftruncate", type: "truncate", counts: [1, 2], step: 1 },
];

for (const kind of KINDS) {
  testOfDisk(
    `nothing acknowledged is lost where ${kind.calls} fails`,
    () => tryFailures(kind),
  );
}
