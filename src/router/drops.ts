import {
  type Counters,
  DROPPED_CAUSES,
  type DroppedCause,
} from "../core/counters.ts";
import { PacedLog, type PacedLogOptions } from "../core/paced_log.ts";

/** Messages that somebody missed: all are counted, and told once for each client or shared group and minute. */
export class Drops {
  readonly #counters: Counters;
  readonly #clients: PacedLog;
  readonly #groups: PacedLog;

  /** Counts and logs there. */
  constructor(options: PacedLogOptions & { readonly counters: Counters }) {
    this.#counters = options.counters;
    this.#clients = new PacedLog("Messages dropped", options);
    const subject = "group";
    this.#groups = new PacedLog("Messages dropped", { ...options, subject });
  }

  /** A client missed messages. */
  ofClient(clientId: string, cause: DroppedCause, messages: number): void {
    this.#note(this.#clients, clientId, cause, messages);
  }

  /** No member of a shared group, `$share/group/filter`, got messages. */
  ofGroup(group: string, cause: DroppedCause, messages: number): void {
    this.#note(this.#groups, group, cause, messages);
  }

  #note(
    log: PacedLog,
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
