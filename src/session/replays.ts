import type { Message } from "../store/message.ts";
import type { StoredSubscription } from "../store/store.ts";
import type { SendingSession, SessionContext } from "./context.ts";
import type { AnyLink } from "./link.ts";

/** Retained messages on their way to a new subscription: a cursor, read as the Outbox drains. */
export interface Replay {
  /** The subscription that asked for them. */
  readonly subscription: StoredSubscription;
  /**
   * The next one; `undefined` when there are no more; `"later"` when it has searched long enough for now;
   * `"loading"` while it comes from the Store: the session is pumped when it has come.
   */
  next(): Message | undefined | "later" | "loading";
  /** Lets go of what was read ahead: it is read again, should the next one be asked for. */
  release(): void;
}

/** Cursors are read while the Outbox holds less than so many bytes. */
const READ_BELOW = 64 * 1024;
/** So often cursors are asked before others get their turn: what they give may be too large, and fill no Outbox. */
const AT_A_TIME = 500;

/** The retained messages that a session has asked for and not yet been sent, however many they are. */
export class Replays {
  readonly #context: SessionContext;
  readonly #session: SendingSession;
  /** By their filters, in the order in which they were asked for. */
  #waiting: Map<string, Replay> | undefined;

  /** Makes the replays of a session: none. */
  constructor(context: SessionContext, session: SendingSession) {
    this.#context = context;
    this.#session = session;
  }

  /** Adds retained messages to be sent after those that were added before, in place of those of the same filter. */
  add(replay: Replay): void {
    const { filter } = replay.subscription;
    this.cancel(filter);
    this.#waiting ??= new Map();
    this.#waiting.set(filter, replay);
  }

  /** Drops those of a filter: it was unsubscribed. */
  cancel(filter: string): void {
    this.#waiting?.get(filter)?.release();
    this.#waiting?.delete(filter);
  }

  /** Drops all of them. */
  clear(): void {
    this.unload();
    this.#waiting = undefined;
  }

  /** Lets go of what was read ahead: the client is away. */
  unload(): void {
    for (const replay of this.#waiting?.values() ?? []) replay.release();
  }

  /** Sends what the client can take now. */
  pump(link: AnyLink): void {
    let looked = 0;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    for (const [filter, replay] of waiting) {
      for (;;) {
        if (link.outbox.bytes + link.uncommitted.bytes >= READ_BELOW) {
          link.wantsDrain = true;
          return;
        }
        const { subscription } = replay;
        if (
          subscription.qos > 0 && this.#session.outbound.windowFull(0)
        ) return;
        const message = looked++ < AT_A_TIME ? replay.next() : "later";
        if (message === "later") {
          this.#context.pumpLater(this.#session);
          return;
        }
        if (message === "loading") return;
        if (message === undefined) break;
        // The clause has no exception for messages that were retained meanwhile [MQTT-3.8.3-3].
        if (
          subscription.noLocal && message.publisher === this.#session.clientId
        ) continue;
        this.#session.outbound.deliverRetained(message, subscription);
      }
      waiting.delete(filter);
    }
    if (waiting.size === 0 && this.#waiting === waiting) {
      this.#waiting = undefined;
    }
  }
}
