import type { TokenBucket } from "../auth/limits/token_bucket.ts";
import { type FinishedPacket, PacketType } from "../codec/packet.ts";
import type { ConnectionContext } from "./context.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import type { Liveness } from "./liveness.ts";

/** Bytes that are read at a time of a client that is measured: what is in them is known only then. */
const READ_SIZE = 4096;

/** What a {@linkcode RateLimit} works with. */
export interface RateLimitOptions {
  /** The time, and whom to tell. */
  readonly context: Pick<
    ConnectionContext,
    "clock" | "timers" | "counters" | "slowed"
  >;
  /** Named where it is told that the client is slowed down. */
  readonly clientId: string;
}

/** Slows a client down to what it may send a second, alone and together with the others of its user, by not reading. */
export class RateLimit {
  #publishes: readonly TokenBucket[] = [];
  #bytes: readonly TokenBucket[] = [];
  readonly #options: RateLimitOptions;
  #wake: (() => void) | undefined;
  #ended = false;

  /** Measures nothing yet. */
  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Measures messages published and bytes with these from now on: with each of them that there is. */
  measure(
    publishes: readonly (TokenBucket | undefined)[],
    bytes: readonly (TokenBucket | undefined)[],
  ): void {
    this.#publishes = publishes.filter((one) => one !== undefined);
    this.#bytes = bytes.filter((one) => one !== undefined);
    // It waits by the old rates, and what it owes by the new ones is found when it is read again.
    this.#wake?.();
  }

  /** Whether nothing is measured. */
  get free(): boolean {
    return this.#publishes.length === 0 && this.#bytes.length === 0;
  }

  /** Where the next read goes. */
  space(buffer: ReadBuffer): Uint8Array {
    return buffer.space().subarray(0, READ_SIZE);
  }

  /** Counts what was read, and resolves when the client may be read again, whose silence means nothing meanwhile. */
  async slow(
    packets: readonly FinishedPacket[],
    bytes: number,
    liveness: Liveness,
  ): Promise<void> {
    const wait = this.#take(packets, bytes);
    if (wait === 0 || this.#ended) return;
    const { deaf } = liveness;
    liveness.deaf = true;
    await this.#rest(wait);
    liveness.deaf = deaf;
  }

  /** Ends the wait: the connection has ended. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #take(packets: readonly FinishedPacket[], bytes: number): number {
    const now = this.#options.context.clock.monotonic();
    let publishes = 0;
    for (const { type } of packets) {
      if (type === PacketType.Publish) publishes++;
    }
    let wait = 0;
    for (const bucket of this.#publishes) {
      wait = Math.max(wait, bucket.take(publishes, now));
    }
    for (const bucket of this.#bytes) {
      wait = Math.max(wait, bucket.take(bytes, now));
    }
    return wait;
  }

  async #rest(milliseconds: number): Promise<void> {
    const { timers, counters, slowed } = this.#options.context;
    counters.publishersSlowed++;
    slowed.note(this.#options.clientId, 1, {});
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = timers.schedule(milliseconds, resolve);
    await promise;
    timer.cancel();
    this.#wake = undefined;
  }
}
