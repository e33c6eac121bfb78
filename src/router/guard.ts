import { toError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { PacketError } from "../codec/packet_error.ts";
import { causeOf } from "../session/disconnect_code.ts";
import type { Link } from "../session/session.ts";

/** Keeps what goes wrong to the one client that it concerns; where it concerns none, it is told and no more. */
export class Guard {
  readonly #log: Log;

  /** Tells of faults there. */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Does some work for a client, or for none. */
  run(link: Link | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(link, error);
    }
  }

  /** Ends the client's connection over this error: with the reason that it names, or as a fault of ours. */
  readonly fail = (link: Link | undefined, error: unknown): void => {
    if (link !== undefined && error instanceof PacketError) {
      const { reasonCode, message } = error;
      link.owner.end(causeOf(reasonCode), reasonCode, message);
      return;
    }
    const client = link?.session?.clientId;
    this.#log.error("Fault in the router", { client, error: toError(error) });
    link?.owner.end("internalError");
  };
}
