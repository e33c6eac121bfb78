import type { Clock } from "../core/clock.ts";
import type { Counters, DisconnectedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Timers } from "../core/timer_wheel.ts";
import type { RouterHandle } from "../router/messages.ts";
import type { Store } from "../store/store.ts";

/** What every Connection is made with. */
export interface ConnectionContext {
  /** Where packets go. */
  readonly router: RouterHandle;
  /** Where the Router keeps what must last. */
  readonly store: Store;
  /** What a client may use. */
  readonly limits: Limits;
  /** Where traffic and refusals are counted. */
  readonly counters: Counters;
  /** Where it is told who came and who went. */
  readonly log: Log;
  /** Wakes the connection for its deadlines. */
  readonly timers: Timers;
  /** The time for keep alive and deadlines. */
  readonly clock: Clock;
}

/** How the rest of the broker talks to a Connection. */
export interface ConnectionHandle {
  /** Ends it, after telling an MQTT 5 client why. */
  end(cause: DisconnectedCause): void;
  /** Resolves when nothing of it is left. */
  readonly finished: Promise<void>;
}
