// The entry of the Store's thread: hands messages to the StoreThread and answers back. See worker_messages.ts.

import { describeError } from "../../core/errors.ts";
import { Ballast } from "./ballast.ts";
import {
  isCorruption,
  isUnreadable,
  judgeOfDamage,
} from "../database/corruption.ts";
import { DiskKeeper } from "./disk_keeper.ts";
import { troubleOf } from "./disk_trouble.ts";
import { Idle } from "./idle.ts";
import type { Mending } from "../repair/mending.ts";
import { StoreThread } from "./thread.ts";
import type { StoreReply, StoreRequest } from "./worker_messages.ts";

/** Milliseconds without a commit after which the log goes into the database. */
const IDLE_TIME = 10_000;

/** Milliseconds of the broker's clock after which what was written is told again. */
const METER_EVERY = 1000;

/** Attempts to open the store before it is told that it cannot be, and milliseconds between them. */
const ATTEMPTS_TO_OPEN = 3;
const OPEN_PAUSE = 50;

/** Milliseconds between two slices of what is removed little by little. */
const PURGE_PAUSE = 10;

interface WorkerScope {
  onmessage: (event: MessageEvent<StoreRequest>) => void;
  postMessage(message: StoreReply, transfer?: Transferable[]): void;
}

const ATTEMPTS: Record<StoreRequest["type"], string> = {
  open: "Cannot open the store",
  more: "Cannot read the store",
  read: "Cannot read the store",
  readRetained: "Cannot read the store",
  commit: "Cannot commit to the store",
  close: "Cannot close the store",
};

/** Milliseconds between two looks whether the machine's clock is still in doubt. */
const CLOCK_PAUSE = 10_000;

/** Milliseconds between the checks of two tables. */
const CHECK_PAUSE = 100;

const scope = globalThis as unknown as WorkerScope;
let ballast: Ballast;
let thread: StoreThread | undefined;
let keeper: DiskKeeper;
let failed = false;
/** The broker's clock at the last commit, and when it was last told what was written. */
let lastCommit = 0;
let meterTold = -Infinity;
/** Runs until some of what nobody waits for any more is removed. */
let purging: ReturnType<typeof setTimeout> | undefined;
/** Runs until the next table is checked. */
let checking: ReturnType<typeof setTimeout> | undefined;
/** Runs until the machine's clock is looked at again, while it is in doubt. */
let doubting: ReturnType<typeof setTimeout> | undefined;

scope.onmessage = ({ data: request }) =>
  attempt(ATTEMPTS[request.type], () => answer(request));

/** Does it, unless something has failed before. */
function attempt(what: string, work: () => void): void {
  if (failed) return;
  try {
    work();
  } catch (error) {
    fail(what, error);
  }
}

/** Nothing was committed for a while: the log goes into the database, since now nobody has to wait for it. */
const idle = new Idle(
  IDLE_TIME,
  () =>
    attempt(ATTEMPTS.commit, () =>
      keeper.write(() => {
        thread!.tidy(lastCommit + IDLE_TIME);
        tellMeter();
      })),
);

function tellMeter(): void {
  meterTold = lastCommit;
  reply({ type: "metered", meter: thread!.meter });
}

/** Between commits, and so that a commit never waits for more than one slice. */
function purgeLater(): void {
  if (purging !== undefined || !thread!.purging) return;
  purging = setTimeout(() => {
    attempt(ATTEMPTS.commit, () =>
      keeper.write(() => {
        mending(thread!, (current) => current.purge());
        purging = undefined;
        purgeLater();
      }));
  }, PURGE_PAUSE);
}

function answer(request: StoreRequest): void {
  if (request.type === "open") {
    const { path, checkedFirst } = request;
    ballast = new Ballast(
      path.slice(0, path.lastIndexOf("/")),
      request.ballast,
      request.ballastShare,
    );
    const opened = patiently((again) =>
      new StoreThread(
        path,
        Date.now(),
        {
          checkedFirst,
          again: again || request.again,
          onRemade: (carried) => reply({ type: "remade", carried }),
        },
      )
    );
    thread = opened;
    keeper = new DiskKeeper({
      ballast,
      database: opened,
      onRoom: (report) => reply({ type: "room", report }),
      onFailed: (error) => fail(ATTEMPTS.commit, error),
    });
    reply({ type: "opened", now: thread.clock.resumed });
    return;
  }
  if (thread === undefined) throw new Error("The store is not open");
  const to = thread;
  if (request.type === "more") more(to);
  else if (request.type === "read") {
    const { query } = request;
    const isDamage = judgeOfDamage();
    // Behind what could not be written, since it is to see that.
    keeper.write(() =>
      mending(
        to,
        (current) => reply({ type: "page", ...current.read(query) }),
        isDamage,
      )
    );
  } else if (request.type === "readRetained") {
    const { topics } = request;
    const isDamage = judgeOfDamage();
    keeper.write(() =>
      mending(to, (current) => {
        const piece = current.readRetained(topics);
        reply({ type: "retained", ...piece }, [piece.journal.buffer]);
      }, isDamage)
    );
  } else if (request.type === "commit") {
    const { batch, journal, now } = request;
    const isDamage = judgeOfDamage();
    keeper.write(() => {
      mending(to, (current) => current.commit(journal, now), isDamage);
      reply({ type: "committed", batch, journal }, [journal.buffer]);
      lastCommit = now;
      idle.touch();
      if (now - meterTold >= METER_EVERY) tellMeter();
      purgeLater();
    });
  } else {
    clearTimeout(purging);
    idle.stop();
    clearTimeout(checking);
    clearTimeout(doubting);
    close(to, request.batch, request.now);
    reply({ type: "closed" });
  }
}

/** Tells a piece of what it holds, or that this was all; or that it is to be told again. */
function more(from: StoreThread): void {
  try {
    const piece = from.more();
    if (piece !== undefined) {
      reply({ type: "held", piece }, [piece.buffer]);
      return;
    }
    const opening = withBallast(() => from.begin());
    reply({ type: "ready", opening, backlogs: from.backlogs() });
  } catch (error) {
    if (!isCorruption(error) && !isUnreadable(error)) throw error;
    withBallast(() => from.mend(error));
    reply({ type: "startedOver" });
    return;
  }
  ballast.prepare().then(() => attempt(ATTEMPTS.commit, () => keeper.begin()));
  purgeLater();
  checkLater(from);
  settleClockLater(from);
}

/** Tells of time that has passed while the broker was down, once the machine's clock is in doubt no more. */
function settleClockLater({ clock }: StoreThread): void {
  if (clock.doubted === 0) return;
  doubting = setTimeout(() => {
    const milliseconds = clock.settle();
    if (milliseconds > 0) reply({ type: "timePassed", milliseconds });
    settleClockLater(thread!);
  }, CLOCK_PAUSE);
}

/** Notes a clean end, unless the disk does not let it: what is not written then was not acknowledged either. */
function close(to: StoreThread, batch: number, now: number): void {
  try {
    if (keeper.end()) {
      withBallast(() => to.close(batch, now));
      return;
    }
  } catch (error) {
    if (troubleOf(error) === undefined) throw error;
  }
  to.leave();
}

/** Opens the store, also where the disk answers with a few errors that pass. */
function patiently<T>(open: (again: boolean) => T): T {
  for (let attempt = 1;; attempt++) {
    try {
      return withBallast(() => open(attempt > 1));
    } catch (error) {
      if (attempt === ATTEMPTS_TO_OPEN || troubleOf(error) !== "io") {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_PAUSE);
    }
  }
}

/** Does it, on a full disk with the ballast's room. */
function withBallast<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (troubleOf(error) !== "full" || !ballast.giveUp()) throw error;
    return work();
  }
}

function fail(attempt: string, error: unknown): void {
  failed = true;
  const { errcode: code } = error as { errcode?: number };
  reply({
    type: "failed",
    error: { attempt, reason: describeError(error), code },
  });
}

/** Checks what was not checked, a table at a time, with room for commits between them. */
function checkLater(checked: StoreThread): void {
  if (!checked.unchecked) return;
  checking = setTimeout(() => {
    attempt("Cannot check the store", () =>
      keeper.write(() => {
        mending(checked, (current) => current.checkNext());
        checkLater(checked);
      }));
  }, CHECK_PAUSE);
}

/** Does it; if the database turns out to be damaged, replaces that, says so, and does it again. */
function mending(
  thread: StoreThread,
  work: (thread: StoreThread) => void,
  isDamage: (error: unknown) => boolean = isCorruption,
): void {
  try {
    work(thread);
  } catch (error) {
    if (!isDamage(error)) throw error;
    reply({ type: "mended", mending: mended(thread, error) });
    work(thread);
  }
}

/** Mends it. A disk that cannot be read at all may yet come back: what that is, is told as what it was. */
function mended(thread: StoreThread, error: unknown): Mending {
  try {
    return thread.mend(error);
  } catch (second) {
    throw isUnreadable(error) ? error : second;
  }
}

function reply(message: StoreReply, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}
