import {
  type Counters,
  DROPPED_CAUSES,
  type DroppedCause,
} from "../core/counters.ts";
import type { Log, LogFields } from "../core/log.ts";
import { LimitedLog, type LimitedLogOptions } from "../core/limited_log.ts";
import { isSharedGroup } from "../store/store.ts";

/**
 * Messages that somebody missed: all are counted, and told once for each client or shared group and minute; where a
 * queue is full, when that begins and when it ends.
 */
export class Drops {
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #clients: LimitedLog;
  readonly #groups: LimitedLog;

  /** Counts and logs there. */
  constructor(options: LimitedLogOptions & { readonly counters: Counters }) {
    this.#counters = options.counters;
    this.#log = options.log;
    this.#clients = new LimitedLog("Messages dropped", options);
    const subject = "group";
    this.#groups = new LimitedLog("Messages dropped", { ...options, subject });
  }

  /** A client missed messages. */
  ofClient(clientId: string, cause: DroppedCause, messages: number): void {
    this.#note(this.#clients, clientId, cause, messages);
  }

  /** The queue of a client or shared group is full: from now on messages are dropped. */
  queueFull(owner: string, cause: DroppedCause): void {
    this.#counters.fullQueuesNow++;
    this.#log.warn("Queue is full: messages are dropped from now on", {
      ...subject(owner),
      cause: DROPPED_CAUSES[cause],
    });
  }

  /** It has room again, or is no more. */
  queueHasRoom(owner: string, dropped: number): void {
    this.#counters.fullQueuesNow--;
    this.#log.info("Queue has room again", { ...subject(owner), dropped });
  }

  /** No member of a shared group, `$share/group/filter`, got messages. */
  ofGroup(group: string, cause: DroppedCause, messages: number): void {
    this.#note(this.#groups, group, cause, messages);
  }

  #note(
    log: LimitedLog,
    subject: string,
    cause: DroppedCause,
    messages: number,
  ): void {
    this.#counters.dropped[cause] += messages;
    // Who is offline is not told to be: that is no fault.
    if (cause === "offline") return;
    log.note(subject, messages, { cause: DROPPED_CAUSES[cause] });
  }
}

/** Whose queue it is, as a field of a log line. */
function subject(owner: string): LogFields {
  return isSharedGroup(owner) ? { group: owner } : { client: owner };
}
