import type { LimitedLog } from "../core/limited_log.ts";

/** Why a connection was ended before it was handed over. */
export class Refused extends Error {
  /** For the log; `undefined` where there is nothing to tell, as when a client just went away. */
  readonly reason: string | undefined;

  /** Where to tell it; `undefined` where refused connections are told in general. */
  readonly log: LimitedLog | undefined;

  /** Takes the reason. */
  constructor(reason: string | undefined, log?: LimitedLog) {
    super(reason ?? "The client went away");
    this.name = "Refused";
    this.reason = reason;
    this.log = log;
  }
}
