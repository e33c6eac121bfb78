// The entry of the Store's thread: hands messages to the StoreThread and answers back. See worker_messages.ts.

import { describeError } from "../core/errors.ts";
import { StoreThread } from "./store_thread.ts";
import type { StoreReply, StoreRequest } from "./worker_messages.ts";

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

scope.onmessage = ({ data: request }) => {
  if (failed) return;
  try {
    answer(request);
  } catch (error) {
    failed = true;
    const code = (error as { errcode?: number }).errcode;
    const reason = describeError(error);
    const attempt = ATTEMPTS[request.type];
    reply({ type: "failed", error: { attempt, reason, code } });
  }
};

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
    } else reply({ type: "held", piece }, [piece.buffer]);
  } else if (request.type === "read") {
    reply({ type: "page", ...thread.read(request.query) });
  } else if (request.type === "commit") {
    const { batch, journal, now } = request;
    thread.commit(journal, now);
    reply({ type: "committed", batch, journal }, [journal.buffer]);
  } else {
    thread.close(request.batch, request.now);
    reply({ type: "closed" });
  }
}

function reply(message: StoreReply, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}
