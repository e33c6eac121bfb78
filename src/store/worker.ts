// The entry of the Store's thread: hands messages to the StoreThread and answers back. See worker_messages.ts.

import { describeError } from "../core/errors.ts";
import { StoreThread } from "./store_thread.ts";
import type { StoreReply, StoreRequest } from "./worker_messages.ts";

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
  commit: "Cannot commit to the store",
  close: "Cannot close the store",
};

const scope = globalThis as unknown as WorkerScope;
let thread: StoreThread | undefined;
let failed = false;
/** Runs until some of what nobody waits for any more is removed. */
let purging: ReturnType<typeof setTimeout> | undefined;

scope.onmessage = ({ data: request }) =>
  attempt(ATTEMPTS[request.type], () => answer(request));

/** Does it, unless something has failed before. */
function attempt(what: string, work: () => void): void {
  if (failed) return;
  try {
    work();
  } catch (error) {
    failed = true;
    const code = (error as { errcode?: number }).errcode;
    const reason = describeError(error);
    reply({ type: "failed", error: { attempt: what, reason, code } });
  }
}

/** Between commits, and so that a commit never waits for more than one slice. */
function purgeLater(): void {
  if (purging !== undefined || !thread!.purging) return;
  purging = setTimeout(() => {
    purging = undefined;
    attempt(ATTEMPTS.commit, () => thread!.purge());
    purgeLater();
  }, PURGE_PAUSE);
}

function answer(request: StoreRequest): void {
  if (request.type === "open") {
    thread = new StoreThread(request.path, Date.now());
    reply({ type: "opened", now: thread.resumed });
    return;
  }
  if (thread === undefined) throw new Error("The store is not open");
  if (request.type === "more") {
    const piece = thread.more();
    if (piece === undefined) {
      const opening = thread.begin();
      reply({ type: "ready", opening, backlogs: thread.backlogs() });
      purgeLater();
    } else reply({ type: "held", piece }, [piece.buffer]);
  } else if (request.type === "read") {
    reply({ type: "page", ...thread.read(request.query) });
  } else if (request.type === "commit") {
    const { batch, journal, now } = request;
    thread.commit(journal, now);
    reply({ type: "committed", batch, journal }, [journal.buffer]);
    purgeLater();
  } else {
    clearTimeout(purging);
    thread.close(request.batch, request.now);
    reply({ type: "closed" });
  }
}

function reply(message: StoreReply, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}
