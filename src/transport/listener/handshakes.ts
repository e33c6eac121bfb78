import { describeError } from "../../core/errors.ts";
import type { LimitedLog } from "../../core/limited_log.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import { Refused } from "../refused.ts";
import type { Transport } from "../transport.ts";

/** Connections of one listener that may be on their way at the same time; beyond, the oldest one has to go. */
const MOST_UNDER_WAY = 1024;

/** What a connection goes through before it is one for MQTT. */
export interface Gate {
  /** Rejects with {@linkcode Refused}, or when the connection breaks. */
  pass(transport: Transport): Promise<Transport>;
}

/** What an {@linkcode Handshakes} works with. */
export interface HandshakesOptions {
  /** What connections go through, in this order. */
  readonly gates: readonly Gate[];
  /** Milliseconds for all of them. */
  readonly time: number;
  /** Wakes it when those are over. */
  readonly timers: Timers;
  /** Tells, by address, of connections that came to nothing. */
  readonly refused: LimitedLog;
  /** Takes those over that got through. */
  readonly onAccept: (transport: Transport) => void;
}

/** Leads connections through what stands before MQTT, within a time and a number that are bounded. */
export class Handshakes {
  readonly #options: HandshakesOptions;
  /** Those under way, the oldest first, each with what ends it. */
  readonly #underWay = new Set<(reason: string | undefined) => void>();

  /** Nothing is under way yet. */
  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  /** Leads a connection through. Never throws. */
  lead(transport: Transport): void {
    if (this.#underWay.size >= MOST_UNDER_WAY) {
      const [oldest] = this.#underWay;
      oldest!("too many others came, and it was the slowest");
    }
    this.#lead(transport);
  }

  /** Ends all that are under way. */
  close(): void {
    for (const end of this.#underWay) end(undefined);
  }

  async #lead(first: Transport): Promise<void> {
    const { gates, time, timers, refused, onAccept } = this.#options;
    let transport = first;
    let isEnded = false;
    const end = (reason: string | undefined, log = refused): void => {
      if (isEnded) return;
      isEnded = true;
      timeout.cancel();
      this.#underWay.delete(end);
      transport.close();
      if (reason !== undefined) log.note(transport.host, 1, { reason });
    };
    const timeout = timers.schedule(time, () => end("it took too long"));
    this.#underWay.add(end);
    try {
      for (const gate of gates) transport = await gate.pass(transport);
    } catch (error) {
      if (error instanceof Refused) end(error.reason, error.log);
      else end(describeError(error));
      return;
    }
    if (isEnded) {
      transport.close();
      return;
    }
    timeout.cancel();
    this.#underWay.delete(end);
    onAccept(transport);
  }
}
