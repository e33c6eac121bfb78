import type { Log } from "../core/log.ts";
import type { SessionContext } from "../session/context.ts";

/** What {@linkcode AllQueues} works with. */
export interface AllQueuesOptions {
  /** What is counted, and who is told. */
  readonly context: SessionContext;
  /** Where it tells of it. */
  readonly log: Log;
}

/** Part of the limits below which there is room again. */
const ROOM_AGAIN = 0.9;

/** Sees to it that no more is taken than all queues together may hold, where that is to be refused. */
export class AllQueues {
  readonly #options: AllQueuesOptions;
  #full = false;

  /** Finds room until there is none. */
  constructor(options: AllQueuesOptions) {
    this.#options = options;
  }

  /** Looks at what waits. To be called at the end of each turn. */
  check(): void {
    const { context, log } = this.#options;
    if (context.queuePolicies.all !== "refuse") return;
    const { limits, counters } = context;
    const part = this.#full ? ROOM_AGAIN : 1;
    const { queuedNow, queuedBytesNow, storedBytesNow } = counters;
    const bytes = queuedBytesNow + storedBytesNow;
    const full = queuedNow >= limits.allQueuedMessages * part ||
      bytes >= limits.allQueuedBytes * part;
    if (full === this.#full) return;
    this.#full = full;
    context.disk.setQueuesFull(full);
    const fields = { messages: queuedNow, bytes };
    if (full) {
      counters.queuePauses++;
      log.warn(
        "All queues together are full: what would have to wait there is refused, or waits",
        fields,
      );
    } else log.info("There is room in the queues again: all goes on", fields);
  }
}
