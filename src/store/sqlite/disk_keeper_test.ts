import assert from "node:assert/strict";
import { DiskKeeper } from "./disk_keeper.ts";
import type { RoomReport } from "../disk_room.ts";

/** A disk that takes what it is told to take. */
class Disk {
  /** The error with which it answers; `undefined` while it takes all. */
  trouble: "full" | "io" | "corrupt" | undefined;
  /** Whether a full disk has room for a few writes once the ballast is gone. */
  ballastHelps = true;
  /** Whether there is room for a ballast. */
  roomy = true;
  present = true;
  reopened = 0;
  thrifty = false;
  logBytes = 0;
  readonly written: string[] = [];
  readonly reports: string[] = [];
  readonly failed: unknown[] = [];
  readonly keeper: DiskKeeper;
  #tick: (() => void) | undefined;

  constructor() {
    this.keeper = new DiskKeeper({
      ballast: {
        make: () => this.present ||= this.roomy,
        giveUp: () => {
          const was = this.present;
          this.present = false;
          return was;
        },
        logBytes: 7000,
      },
      database: {
        filesGone: false,
        makeRoom: () => false,
        limitLog: (bytes) => void (this.logBytes = bytes),
        beThrifty: (thrifty) => void (this.thrifty = thrifty),
        reopen: () => void this.reopened++,
      },
      onRoom: ({ room, trouble }: RoomReport) =>
        void this.reports.push(
          trouble === undefined ? room : `${room} ${trouble}`,
        ),
      onFailed: (error) => void this.failed.push(error),
      later: (callback, milliseconds) => {
        assert.equal(milliseconds, 1000);
        assert.equal(this.#tick, undefined, "one timer at a time");
        this.#tick = callback;
      },
    });
  }

  write(what: string): void {
    this.keeper.write(() => {
      this.#take();
      this.written.push(what);
    });
  }

  /** Lets a second pass; says whether anybody waited for it. */
  second(): boolean {
    const tick = this.#tick;
    this.#tick = undefined;
    tick?.();
    return tick !== undefined;
  }

  #take(): void {
    if (this.trouble === undefined) return;
    if (this.trouble === "full" && this.ballastHelps && !this.present) return;
    const errcode = { full: 13, io: 778, corrupt: 11 }[this.trouble];
    throw Object.assign(new Error("No"), { errcode });
  }
}

Deno.test("DiskKeeper.write() gives the ballast up on a full disk, and tries the same again", () => {
  const disk = new Disk();
  disk.write("a");
  disk.trouble = "full";
  disk.roomy = false;
  disk.write("b");
  assert.deepEqual(disk.written, ["a", "b"]);
  assert.deepEqual(disk.reports, ["short full"]);
  assert.ok(disk.thrifty);
  assert.ok(disk.second());
  assert.deepEqual(disk.reports, ["short full"]);
  disk.roomy = true;
  assert.ok(disk.second());
  assert.deepEqual(disk.reports, ["short full", "ample"]);
  assert.ok(!disk.thrifty);
  assert.equal(disk.logBytes, 7000, "no more than the ballast has room for");
  assert.ok(!disk.second(), "no timer while there is room");
});

Deno.test("DiskKeeper.write() keeps what cannot be written even so, in order, and tries it again every second", () => {
  const disk = new Disk();
  disk.trouble = "full";
  disk.ballastHelps = disk.roomy = false;
  disk.write("a");
  disk.write("b");
  assert.deepEqual(disk.reports, ["short full", "none full"]);
  disk.second();
  assert.deepEqual(disk.written, []);
  disk.trouble = undefined;
  disk.write("c");
  assert.deepEqual(disk.written, [], "nothing overtakes");
  disk.second();
  assert.deepEqual(disk.written, ["a", "b", "c"]);
  assert.deepEqual(disk.reports.slice(2), ["short full"]);
  disk.roomy = true;
  disk.second();
  assert.deepEqual(disk.reports.slice(3), ["ample"]);
});

Deno.test("DiskKeeper.write() waits for I/O errors to go, and opens the database anew if they do not", () => {
  const disk = new Disk();
  disk.trouble = "io";
  disk.write("a");
  assert.deepEqual(disk.reports, ["none io"]);
  assert.ok(disk.present, "the ballast would not help");
  for (let n = 0; n < 2; n++) disk.second();
  assert.equal(disk.reopened, 0);
  for (let n = 0; n < 2; n++) disk.second();
  assert.equal(disk.reopened, 2);
  disk.trouble = undefined;
  disk.second();
  assert.deepEqual(disk.written, ["a"]);
  assert.deepEqual(disk.reports, ["none io", "ample"]);
});

Deno.test("DiskKeeper fails with what no waiting heals", () => {
  const disk = new Disk();
  disk.trouble = "corrupt";
  assert.throws(() => disk.write("a"));
  disk.trouble = "io";
  disk.write("b");
  disk.trouble = "corrupt";
  disk.second();
  assert.equal(disk.failed.length, 1);
  assert.ok(!disk.second());
});

Deno.test("DiskKeeper.begin() finds no room where there is none for the ballast", () => {
  const disk = new Disk();
  disk.present = disk.roomy = false;
  disk.keeper.begin();
  assert.deepEqual(disk.reports, ["short full"]);
  disk.roomy = true;
  disk.second();
  assert.deepEqual(disk.reports, ["short full", "ample"]);
});

Deno.test("DiskKeeper.end() tries once more and says whether all is written", () => {
  const disk = new Disk();
  disk.trouble = "io";
  disk.write("a");
  assert.ok(!disk.keeper.end());
  disk.trouble = undefined;
  assert.ok(disk.keeper.end());
  assert.deepEqual(disk.written, ["a"]);
});
