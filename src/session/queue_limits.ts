import type { DroppedCause } from "../core/counters.ts";
import type { BacklogOwner, Owed } from "./backlog_owner.ts";
import type { SessionContext } from "./context.ts";

/** A queue, as far as its limits go. */
export interface LimitedQueue {
  /** How many messages wait. */
  readonly length: number;
  /** Bytes that they have, wherever they are. */
  readonly allBytes: number;
}

/** Part of the limits below which there is room again. */
const ROOM_AGAIN = 0.9;

/** The limits of one queue, and of all together; tells when messages begin to be dropped, and when that ends. */
export class QueueLimits {
  readonly #context: SessionContext;
  readonly #owner: Pick<BacklogOwner<Owed>, "key" | "limits">;
  /** Messages that were dropped since there was no room, until there is some again. */
  #dropped = 0;

  /** Those of the queue of this owner. */
  constructor(
    context: SessionContext,
    owner: Pick<BacklogOwner<Owed>, "key" | "limits">,
  ) {
    this.#context = context;
    this.#owner = owner;
  }

  /** The limit that stands against adding a message of this size, or none of 0 bytes, if one does. */
  obstacle(
    queue: LimitedQueue,
    size: number,
    messages = 1,
  ): DroppedCause | undefined {
    const { limits, counters, queuePolicies } = this.#context;
    const own = this.#owner.limits;
    if (queue.length + messages > own.queuedMessages) return "queueMessages";
    if (queue.allBytes + size > own.queuedBytes) return "queueBytes";
    // Where messages are refused, that is so before anybody gets them.
    if (queuePolicies.all === "refuse") return undefined;
    if (counters.queuedNow + messages > limits.allQueuedMessages) {
      return "allQueueMessages";
    }
    return counters.queuedBytesNow + counters.storedBytesNow + size >
        limits.allQueuedBytes
      ? "allQueueBytes"
      : undefined;
  }

  /** Whether older messages are to make room for one of this size. */
  dropsOldest(obstacle: DroppedCause, size: number): boolean {
    const { queuePolicies } = this.#context;
    const ofAll = obstacle === "allQueueMessages" ||
      obstacle === "allQueueBytes";
    const policy = ofAll ? queuePolicies.all : queuePolicies.one;
    return policy === "drop-oldest" && size <= this.#owner.limits.queuedBytes;
  }

  /** Counts messages that were dropped, and tells of the first. */
  drop(cause: DroppedCause, messages: number): void {
    if (messages === 0) return;
    if (this.#dropped === 0) this.#context.queueFull(this.#owner.key, cause);
    this.#dropped += messages;
    this.#context.counters.dropped[cause] += messages;
  }

  /** Tells that there is room again, when a tenth of it is free. */
  lookForRoom({ length, allBytes }: LimitedQueue): void {
    if (this.#dropped === 0) return;
    const { limits } = this.#owner;
    if (
      length > limits.queuedMessages * ROOM_AGAIN ||
      allBytes > limits.queuedBytes * ROOM_AGAIN
    ) return;
    this.#context.queueHasRoom(this.#owner.key, this.#dropped);
    this.#dropped = 0;
  }
}
