import { Deque } from "../core/deque.ts";
import type { Histogram } from "../core/histogram.ts";
import type { FinishedPacket } from "../codec/packet.ts";
import type { Link } from "../session/session.ts";
import type { Session } from "../session/session.ts";
import type { Dispatcher } from "./delivery/dispatcher.ts";
import type { Bundle } from "./messages.ts";
import type { Task } from "./sessions/subscriptions.ts";
import type { Tracing } from "./delivery/tracing.ts";

/** Deliveries and packets after which a slice looks at the clock. */
const WORK_BETWEEN_LOOKS = 500;

/** What a {@linkcode Worklist} works with. */
export interface WorklistOptions {
  /** Sends the last messages of a bundle, and says how much was to be done for the packets before. */
  readonly dispatcher: Dispatcher;
  /** Where it counts how long a bundle took. */
  readonly routing: Histogram;
  /** Told since when the bundle waited that is worked on. */
  readonly tracing: Tracing;
  /** Takes one packet; returns what is left to do of it, if that may be long. */
  readonly onPacket: (
    link: Link,
    session: Session,
    packet: FinishedPacket,
  ) => Task | undefined;
  /** Told what went wrong over a client's packets, or for a client that may be offline. */
  readonly onFault: (link: Link | undefined, error: unknown) => void;
}

/** The Router's work that may take longer than a slice: bundles of packets, and sessions with much to send. */
export class Worklist {
  readonly #options: WorklistOptions;
  /** Bundles that took longer than a slice. */
  readonly #unfinished = new Deque<Bundle>();
  readonly #pumpLater = new Set<Session>();

  /** Makes an empty one. */
  constructor(options: WorklistOptions) {
    this.#options = options;
  }

  /** Whether nothing is left to do. */
  get empty(): boolean {
    return this.#unfinished.length === 0 && this.#pumpLater.size === 0;
  }

  /** Has a session go on sending, in a later slice. */
  pumpLater(session: Session): void {
    this.#pumpLater.add(session);
  }

  /** Works on a bundle until it is done or the slice ends; what is left then goes on later. */
  work(bundle: Bundle, sliceEnd: number): void {
    const { dispatcher, routing, tracing, onFault } = this.#options;
    tracing.submittedAt = bundle.since;
    let done = true;
    try {
      try {
        done = this.#workOn(bundle, bundle.link, sliceEnd);
      } finally {
        dispatcher.flushRun();
      }
    } catch (error) {
      done = true;
      onFault(bundle.link, error);
    }
    if (done) {
      if (bundle.since !== undefined) {
        routing.record(performance.now() - bundle.since);
      }
      bundle.done();
    } else this.#unfinished.pushBack(bundle);
  }

  /** Goes on with what did not end in its slice, in turn. */
  goOn(sliceEnd: number): void {
    const { onFault } = this.#options;
    for (let left = this.#unfinished.length; left > 0; left--) {
      this.work(this.#unfinished.popFront()!, sliceEnd);
      if (performance.now() > sliceEnd) break;
    }
    for (const session of this.#pumpLater) {
      this.#pumpLater.delete(session);
      try {
        session.outbound.pump();
      } catch (error) {
        onFault(session.link, error);
      }
      if (performance.now() > sliceEnd) break;
    }
  }

  /** Lets go of the bundles that are not done. */
  close(): void {
    for (const bundle of this.#unfinished) bundle.done();
    this.#unfinished.clear();
  }

  #workOn(bundle: Bundle, link: Link, sliceEnd: number): boolean {
    const { packets } = bundle;
    const { dispatcher, onPacket } = this.#options;
    let unlooked = 0;
    let work = dispatcher.work;
    while (bundle.next < packets.length) {
      const { session } = link;
      // Another epoch, or an ended one: nothing more of it counts.
      if (session === undefined || session.link !== link || link.ended) {
        return true;
      }
      if (bundle.task === undefined) {
        bundle.task = onPacket(link, session, packets[bundle.next]!);
      }
      if (bundle.task !== undefined) {
        if (!bundle.task(sliceEnd)) return false;
        bundle.task = undefined;
      }
      bundle.next++;
      unlooked++;
      if (unlooked + dispatcher.work - work >= WORK_BETWEEN_LOOKS) {
        unlooked = 0;
        work = dispatcher.work;
        if (performance.now() > sliceEnd) {
          return bundle.next === packets.length;
        }
      }
    }
    return true;
  }
}
