import type { Clock } from "../core/clock.ts";
import type { Limits } from "../core/limits.ts";
import type { Timer, Timers } from "../core/timer_wheel.ts";
import type { LinkHost } from "../session/link.ts";
import type { Outbox } from "../session/outbox.ts";
import type { WriterHandle } from "./writer.ts";

/** What a Liveness works with. */
export interface LivenessContext {
  /** The time to measure with. */
  readonly clock: Clock;
  /** Calls when it is time to look. */
  readonly timers: Timers;
  /** How long a client may be silent, or read nothing. */
  readonly limits: Limits;
}

/** Ends a connection whose client has fallen silent, or takes none of the bytes that wait for it. */
export class Liveness {
  readonly #context: LivenessContext;
  readonly #writer: WriterHandle;
  readonly #outbox: Outbox;
  readonly #owner: LinkHost;
  /** When the last packet was whole; later by the time in which the client was not listened to. */
  #lastPacket: number;
  /** Since when the client is not listened to. */
  #deafSince: number | undefined;
  /** Milliseconds between two packets. */
  #silenceAllowed = Infinity;
  #keepAlive: Timer | undefined;
  #stall: Timer | undefined;

  /** Watches for this owner; for silence only once {@linkcode Liveness.keepAlive} says for how long. */
  constructor(
    context: LivenessContext,
    writer: WriterHandle,
    outbox: Outbox,
    owner: LinkHost,
  ) {
    this.#context = context;
    this.#writer = writer;
    this.#outbox = outbox;
    this.#owner = owner;
    this.#lastPacket = context.clock.monotonic();
  }

  /** Whether the client is not listened to now, so that its silence means nothing and its keep-alive clock stands still. */
  get deaf(): boolean {
    return this.#deafSince !== undefined;
  }

  set deaf(deaf: boolean) {
    if (deaf === this.deaf) return;
    const now = this.#context.clock.monotonic();
    if (this.#deafSince === undefined) {
      this.#deafSince = now;
      return;
    }
    const silence = Math.max(0, this.#deafSince - this.#lastPacket);
    this.#deafSince = undefined;
    this.#lastPacket = now - silence;
    if (this.#keepAlive?.active) {
      this.#keepAlive.reschedule(Math.max(0, this.#silenceAllowed - silence));
    }
  }

  /** Notes that a whole packet came from the client. */
  received(): void {
    this.#lastPacket = this.#context.clock.monotonic();
  }

  /**
   * Allows one and a half times so many seconds between two packets [MQTT-3.1.2-22], from now on. What counts is the
   * whole packet, as the clause says: the bytes of one that takes longer than that do not keep its client alive.
   */
  keepAlive(seconds: number): void {
    const { clock, timers } = this.#context;
    const allowed = this.#silenceAllowed = seconds * 1500;
    this.received();
    this.#keepAlive = timers.schedule(allowed, () => {
      const left = this.#lastPacket + allowed - clock.monotonic();
      if (this.deaf) this.#keepAlive?.reschedule(allowed);
      else if (left <= 0) this.#owner.end("keepAliveTimeout");
      else this.#keepAlive?.reschedule(left);
    });
  }

  /** Notes that the client has not taken what was written before. */
  behind(): void {
    if (this.#stall?.active) return;
    const { clock, timers, limits } = this.#context;
    const time = limits.stalledOutboxTime;
    this.#stall ??= timers.schedule(time, () => {
      if (this.#outbox.bytes === 0) return;
      const left = this.#writer.progressAt + time - clock.monotonic();
      if (left <= 0) this.#owner.end("slowConsumer");
      else this.#stall?.reschedule(left);
    });
    if (!this.#stall.active) this.#stall.reschedule(time);
  }

  /** Stops watching. */
  cancel(): void {
    this.#keepAlive?.cancel();
    this.#stall?.cancel();
  }
}
