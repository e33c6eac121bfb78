import { describeError } from "../../core/errors.ts";
import type { Ballast } from "./ballast.ts";
import type { Room, RoomReport } from "../disk_room.ts";
import { troubleOf } from "./disk_trouble.ts";

/** Milliseconds between two attempts to go on. */
const INTERVAL = 1000;

/** From so many failures in a row on the database is opened anew before each attempt: its files may be dead. */
const FAILURES_BEFORE_REOPENING = 3;

/** What a {@linkcode DiskKeeper} works with. */
export interface DiskKeeperOptions {
  /** Given up when the disk is full. */
  readonly ballast: Pick<Ballast, "make" | "giveUp" | "logBytes">;
  /** Where it is written. */
  readonly database: {
    /** Gives what the database does not need back to the file system, in one small step; says whether there is more. */
    makeRoom(): boolean;
    /** Has the log go into the database before it is larger than this. */
    limitLog(bytes: number): void;
    /** Whether to do with little room beside the database. */
    beThrifty(thrifty: boolean): void;
    /** Whether its files were removed while they were open. */
    readonly filesGone: boolean;
    /** Closes the database's files and opens them again. */
    reopen(): void;
  };
  /** Told of each change. */
  readonly onRoom: (report: RoomReport) => void;
  /** Told of an error that no waiting heals. */
  readonly onFailed: (error: unknown) => void;
  /** Calls back after so many milliseconds. */
  readonly later?: (callback: () => void, milliseconds: number) => void;
}

/**
 * Has everything written, in order, however long the disk cannot take it: at the first sign of a full disk the
 * ballast is given up; what even so cannot be written is tried again every second.
 */
export class DiskKeeper {
  readonly #options: DiskKeeperOptions;
  readonly #later: (callback: () => void, milliseconds: number) => void;
  /** What could not be written, and what came behind it. */
  #waiting: (() => void)[] = [];
  #report: RoomReport = { room: "ample", trouble: undefined, reason: "" };
  #failures = 0;
  #ticking = false;
  #ended = false;

  /** Believes that there is room until it shows. */
  constructor(options: DiskKeeperOptions) {
    this.#options = options;
    this.#later = options.later ??
      ((callback, milliseconds) => void setTimeout(callback, milliseconds));
  }

  /** How much room there is. */
  get room(): Room {
    return this.#report.room;
  }

  /** Makes the ballast, if there is none; without one there is no room. */
  begin(): void {
    const { ballast } = this.#options;
    if (ballast.make()) this.#limitLog();
    else this.#short("there is no room for the ballast");
  }

  /**
   * Has this written, now or behind what waits. It is to do all or nothing, and may be called again.
   *
   * @throws If it fails for another reason than the disk.
   */
  write(attempt: () => void): void {
    if (this.#waiting.length > 0 || !this.#try(attempt)) {
      this.#waiting.push(attempt);
    }
  }

  /** Tries all that waits a last time, and stops. Says whether all is written. */
  end(): boolean {
    this.#ended = true;
    const { database } = this.#options;
    this.#quietly(() => {
      if (this.#waiting.length > 0 && database.filesGone) database.reopen();
    });
    return this.#tryWaiting();
  }

  #try(attempt: () => void): boolean {
    const { ballast, database } = this.#options;
    for (;;) {
      try {
        attempt();
        this.#failures = 0;
        return true;
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === undefined) throw error;
        const reason = describeError(error);
        if (trouble === "full" && ballast.giveUp()) {
          this.#short(reason);
          this.#quietly(() => database.makeRoom());
        } else {
          this.#failures++;
          this.#change({ room: "none", trouble, reason });
          return false;
        }
      }
    }
  }

  #tryWaiting(): boolean {
    while (this.#waiting.length > 0) {
      if (!this.#try(this.#waiting[0]!)) return false;
      this.#waiting.shift();
    }
    return true;
  }

  #tick(): void {
    if (this.#ended) return;
    this.#ticking = false;
    const { ballast, database } = this.#options;
    try {
      this.#quietly(() => {
        if (
          this.#failures >= FAILURES_BEFORE_REOPENING || database.filesGone
        ) database.reopen();
      });
      this.#quietly(() => {
        const end = performance.now() + INTERVAL / 10;
        while (database.makeRoom() && performance.now() < end);
      });
      if (this.#tryWaiting()) {
        if (ballast.make()) this.#ample();
        else this.#short(this.#report.reason);
      }
    } catch (error) {
      this.#ended = true;
      this.#options.onFailed(error);
      return;
    }
    if (this.#report.room !== "ample") this.#tickLater();
  }

  #ample(): void {
    this.#change({ room: "ample", trouble: undefined, reason: "" });
    this.#limitLog();
    this.#quietly(() => this.#options.database.beThrifty(false));
  }

  #limitLog(): void {
    const { ballast, database } = this.#options;
    this.#quietly(() => database.limitLog(ballast.logBytes));
  }

  #short(reason: string): void {
    this.#change({ room: "short", trouble: "full", reason });
    this.#quietly(() => this.#options.database.beThrifty(true));
  }

  #change(report: RoomReport): void {
    const { room } = this.#report;
    this.#report = report;
    if (report.room !== room) this.#options.onRoom(report);
    if (report.room !== "ample") this.#tickLater();
  }

  #tickLater(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.#later(() => this.#tick(), INTERVAL);
  }

  /** Does what only helps: that the disk does not let it is no news. */
  #quietly(help: () => void): void {
    try {
      help();
    } catch (error) {
      if (troubleOf(error) === undefined) throw error;
    }
  }
}
