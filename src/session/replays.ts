import { Deque } from "../core/deque.ts";
import type { Message } from "../store/message.ts";
import type { StoredSubscription } from "../store/store.ts";
import type { SessionContext } from "./context.ts";
import type { Link } from "./link.ts";
import type { Session } from "./session.ts";

/** Retained messages on their way to a new subscription: a cursor, read as the Outbox drains. */
export interface Replay {
  /** The subscription that asked for them. */
  readonly subscription: StoredSubscription;
  /** The next one; `undefined` when there are no more; `"later"` when it has searched long enough for now. */
  next(): Message | undefined | "later";
}

/** Cursors are read while the Outbox holds less than so many bytes. */
const READ_BELOW = 64 * 1024;

/** So many messages are looked at before others get their turn: they may all be too large, and fill no Outbox. */
const AT_A_TIME = 500;
/** So many cancelled ones may wait. */
const MANY = 16;

/** The retained messages that a session has asked for and not yet been sent, however many they are. */
export class Replays {
  readonly #context: SessionContext;
  readonly #session: Session;
  /** In the order in which they were asked for, with those that were cancelled. */
  readonly #waiting = new Deque<Replay>();
  /** Those that were not, by their filters. */
  readonly #byFilter = new Map<string, Replay>();

  /** Makes the replays of a session: none. */
  constructor(context: SessionContext, session: Session) {
    this.#context = context;
    this.#session = session;
  }

  /** Adds retained messages to be sent after those that were added before, in place of those of the same filter. */
  add(replay: Replay): void {
    this.#byFilter.set(replay.subscription.filter, replay);
    this.#waiting.pushBack(replay);
    if (this.#waiting.length > 2 * this.#byFilter.size + MANY) this.#tidy();
  }

  /** Drops those of a filter: it was unsubscribed. */
  cancel(filter: string): void {
    this.#byFilter.delete(filter);
  }

  /** Drops all of them. */
  clear(): void {
    this.#waiting.clear();
    this.#byFilter.clear();
  }

  /** Sends what the client can take now. */
  pump(link: Link): void {
    for (let sent = 0;;) {
      const replay = this.#waiting.peekFront();
      if (replay === undefined) return;
      const { subscription } = replay;
      if (!this.#isWanted(replay)) {
        this.#waiting.popFront();
        continue;
      }
      if (link.outbox.bytes + link.gate.bytes >= READ_BELOW) {
        link.wantsDrain = true;
        return;
      }
      if (link.sendQuota <= 0 && subscription.qos > 0) return;
      const message = sent < AT_A_TIME ? replay.next() : "later";
      if (message === "later") {
        this.#context.pumpLater(this.#session);
        return;
      }
      if (message === undefined) {
        this.#waiting.popFront();
        this.#byFilter.delete(subscription.filter);
      } else {
        this.#session.outbound.deliverRetained(message, subscription);
        sent++;
      }
    }
  }

  #isWanted(replay: Replay): boolean {
    return this.#byFilter.get(replay.subscription.filter) === replay;
  }

  /** Lets go of those that were cancelled. */
  #tidy(): void {
    for (let left = this.#waiting.length; left > 0; left--) {
      const replay = this.#waiting.popFront()!;
      if (this.#isWanted(replay)) this.#waiting.pushBack(replay);
    }
  }
}
