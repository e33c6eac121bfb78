// The lines about connections that came to nothing: bounded, since anybody can bring about as many as there are ports.

import { REFUSED_CAUSES, type RefusedCause } from "../core/counters.ts";
import type { LogFields } from "../core/log.ts";
import { LimitedLog, type LimitedLogOptions } from "../core/limited_log.ts";

/** Addresses and users that have a line of their own for one cause; those above share one. */
const ADDRESSES = 20;

/** Tells of refused connections: for each cause, address and user at once, and then how many there were, once a minute. */
export class RefusalLog {
  readonly #options: LimitedLogOptions;
  readonly #logs = new Map<RefusedCause, LimitedLog>();

  constructor(options: LimitedLogOptions) {
    this.#options = options;
  }

  /** Tells that a connection from this host was refused. */
  note(cause: RefusedCause, host: string, fields: LogFields): void {
    let log = this.#logs.get(cause);
    if (log === undefined) {
      log = new LimitedLog("Connection refused", {
        ...this.#options,
        subject: "address",
        subjects: ADDRESSES,
        level: "info",
      });
      this.#logs.set(cause, log);
    }
    // Who tries several users, or has several devices behind one address, is to be seen.
    const key = `${host} ${fields.user ?? ""}`;
    log.note(host, 1, { ...fields, cause: REFUSED_CAUSES[cause] }, key);
  }
}
