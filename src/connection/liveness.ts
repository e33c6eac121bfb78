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
  #lastRead: number;
  /** Whether the client is not listened to now, so that its silence means nothing. */
  deaf = false;
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
    this.#lastRead = context.clock.monotonic();
  }

  /** Notes that something came from the client, or could have come. */
  received(): void {
    this.#lastRead = this.#context.clock.monotonic();
  }

  /** Notes that the client is listened to again. */
  listen(): void {
    this.deaf = false;
    this.received();
  }

  /** Allows one and a half times so many seconds between two packets [MQTT-3.1.2-22]. */
  keepAlive(seconds: number): void {
    const { clock, timers } = this.#context;
    const milliseconds = seconds * 1500;
    this.#keepAlive = timers.schedule(milliseconds, () => {
      if (this.deaf) this.received();
      const left = this.#lastRead + milliseconds - clock.monotonic();
      if (left <= 0) this.#owner.end("keepAliveTimeout");
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
