import type { Clock } from "../core/clock.ts";
import type { Counters, DisconnectedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Timers } from "../core/timer_wheel.ts";
import type { RouterHandle } from "../router/messages.ts";
import type { Store } from "../store/store.ts";

/** What every Connection is made with. */
export interface ConnectionContext {
  readonly router: RouterHandle;
  readonly store: Store;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly log: Log;
  readonly timers: Timers;
  readonly clock: Clock;
}

/** How the rest of the broker talks to a Connection. */
export interface ConnectionHandle {
  /** Ends it, after telling an MQTT 5 client why. */
  end(cause: DisconnectedCause): void;
  /** Resolves when nothing of it is left. */
  readonly finished: Promise<void>;
}
