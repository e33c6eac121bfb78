import type { Counters } from "../core/counters.ts";
import { toError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Timer, Timers } from "../core/timer_wheel.ts";
import type { Link } from "../session/session.ts";
import type { Session } from "../session/session.ts";
import type { Store } from "../store/store.ts";

/** Milliseconds that clients have to take what waits for them before anything is dropped. */
const PATIENCE = 2000;
/** Bytes that must wait for a client at least before it is ended: less would free nothing worth its messages. */
const WORTH_ENDING = 64 * 1024;
/** Milliseconds between two clients that are ended. */
const BETWEEN_ENDS = 500;

/** How hard it has become to find memory; each step is tried for a while before the next. */
export const MemoryStep = {
  /** There is enough. */
  Free: 0,
  /** Messages from publishers wait. */
  Waiting: 1,
  /** QoS 0 messages from publishers are dropped, so that clients which cannot read before they have written can. */
  Dropping: 2,
  /** The largest consumers are ended, one after the other. */
  Ending: 3,
} as const;

/** One of {@linkcode MemoryStep}. */
export type MemoryStep = typeof MemoryStep[keyof typeof MemoryStep];

/** What the governor works with. */
export interface MemoryGovernorOptions {
  /** The ceiling, in bytes, is one of them. */
  readonly limits: Limits;
  /** Where it counts whom it ended. */
  readonly counters: Counters;
  /** What it has not written yet takes memory too. */
  readonly store: Pick<Store, "uncommittedBytes">;
  /** Where it tells of each step. */
  readonly log: Log;
  /** Calls it to look at memory. */
  readonly timers: Timers;
  /** All sessions: among them the largest consumer is looked for. */
  readonly sessions: () => Iterable<Session>;
  /** Ends a session that nobody is connected to, with what waits in it. */
  readonly endSession: (session: Session) => void;
}

/**
 * Keeps what messages cost below the memory ceiling, step by step, until it is back below a part of it. Every
 * pause ends: at the latest when there is no consumer left to end.
 */
export class MemoryGovernor {
  /** Bytes of all read buffers, and of what is held back in them. */
  inputBytes = 0;
  readonly #options: MemoryGovernorOptions;
  /** Bytes in all Outboxes and at all gates, at the end of the Router's last turn. */
  #outboxBytes = 0;
  readonly #waiting = new Set<() => void>();
  #step: MemoryStep = MemoryStep.Free;
  #timer: Timer | undefined;

  /** Makes a governor that finds everything free. */
  constructor(options: MemoryGovernorOptions) {
    this.#options = options;
  }

  /** How hard it is now. */
  get step(): MemoryStep {
    return this.#step;
  }

  /** Bytes that messages cost now, about. */
  get bytes(): number {
    const { counters, store } = this.#options;
    return this.#outboxBytes + this.inputBytes + counters.queuedBytesNow +
      counters.inflightBytesNow + counters.retainedBytesNow +
      store.uncommittedBytes;
  }

  /** Bytes at which publishers are made to wait. */
  get ceiling(): number {
    return this.#options.limits.memoryCeiling;
  }

  /** Looks whether the ceiling is reached, or left. To be called after each change of importance. */
  check(): void {
    const { memoryCeiling, memoryResumePercent } = this.#options.limits;
    if (this.#step === MemoryStep.Free) {
      if (this.bytes < memoryCeiling) return;
      this.#options.counters.memoryPauses++;
      this.#enter(MemoryStep.Waiting, PATIENCE);
      this.#options.log.warn("Memory ceiling reached: publishers wait", {
        bytes: this.bytes,
        ceiling: memoryCeiling,
      });
    } else if (this.bytes < memoryCeiling * memoryResumePercent / 100) {
      this.#options.log.info("Memory is free again: publishers go on", {
        bytes: this.bytes,
      });
      this.#timer?.cancel();
      this.#change(MemoryStep.Free);
    }
  }

  /** Notes what a Link's Outbox and gate hold now. */
  meter(link: Link): void {
    if (link.ended) return;
    const bytes = link.outbox.bytes + link.uncommitted.bytes;
    this.#outboxBytes += bytes - link.meteredBytes;
    link.meteredBytes = bytes;
  }

  /** Notes that a client has taken so many bytes of its Outbox. */
  drained(link: Link, bytes: number): void {
    const known = Math.min(bytes, link.meteredBytes);
    link.meteredBytes -= known;
    this.#outboxBytes -= known;
    if (this.#step !== MemoryStep.Free) this.check();
  }

  /** Forgets a Link that has ended. */
  forgetLink(link: Link): void {
    this.drained(link, link.meteredBytes);
  }

  /** Calls back once, when the step changes. */
  onceChanged(callback: () => void): void {
    this.#waiting.add(callback);
  }

  /** Calls nobody back who has asked for it with this function. */
  forget(callback: () => void): void {
    this.#waiting.delete(callback);
  }

  #enter(step: MemoryStep, milliseconds: number): void {
    this.#timer = this.#options.timers.schedule(
      milliseconds,
      () => this.#goOn(),
    );
    this.#change(step);
  }

  #change(step: MemoryStep): void {
    if (step === this.#step) return;
    this.#step = step;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of waiting) {
      try {
        callback();
      } catch (error) {
        // The others must not wait for ever.
        const fault = { error: toError(error) };
        this.#options.log.error("Fault in a client that waited", fault);
      }
    }
  }

  /** The step did not help. */
  #goOn(): void {
    if (this.#step === MemoryStep.Waiting) {
      this.#enter(MemoryStep.Dropping, PATIENCE);
      return;
    }
    const largest = this.#largest();
    if (largest === undefined) {
      // What is left waits in shared groups or is retained, each of which has a limit of its own.
      this.#change(MemoryStep.Free);
      return;
    }
    this.#options.log.warn("Ending the largest consumer: memory ceiling", {
      client: largest.clientId,
      bytes: consumption(largest),
    });
    if (largest.link === undefined) this.#options.endSession(largest);
    else largest.link.owner.end("memory");
    this.#enter(MemoryStep.Ending, BETWEEN_ENDS);
  }

  #largest(): Session | undefined {
    let largest: Session | undefined;
    let most = WORTH_ENDING;
    for (const session of this.#options.sessions()) {
      const bytes = consumption(session);
      if (bytes > most) {
        most = bytes;
        largest = session;
      }
    }
    return largest;
  }
}

/** Bytes that wait for a session's client. */
function consumption(session: Session): number {
  const { link } = session;
  const outbox = link === undefined
    ? 0
    : link.outbox.bytes + link.uncommitted.bytes;
  const input = link?.inputBytes ?? 0;
  return session.outbound.bytes + outbox + input;
}
