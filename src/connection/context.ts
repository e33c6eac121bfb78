import type { Authenticator } from "../auth/methods/method.ts";
import type { UserQuotas } from "../auth/limits/user_quotas.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters, DisconnectedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { ScopedLimits } from "../core/scoped_limits.ts";
import type { Log } from "../core/log.ts";
import type { LimitedLog } from "../core/limited_log.ts";
import type { Timers } from "../core/timer_wheel.ts";
import type { RefusalLog } from "./refusal_log.ts";
import type { RouterHandle } from "../router/handle.ts";
import type { Store } from "../store/store.ts";

/** What holds at present for the connections of one listener. */
export interface DoorTerms {
  /** The listener's URL. */
  readonly name: string;
  /** Finds out who a client is; left out, everybody may come in. */
  readonly authenticator?: Authenticator;
  /** What those who come through it may use. */
  readonly limits: ScopedLimits;
  /** Whether there are more connections than may stay: those above are for clients that take over their own. */
  isOverfull(): boolean;
}

/** What every Connection is made with. */
export interface ConnectionContext {
  /** The door through which the client comes. */
  readonly door: DoorTerms;
  /** What users do that are limited. */
  readonly users: UserQuotas;
  /** Told, by client identifier, who is not read for a while since it sends too much. */
  readonly slowed: LimitedLog;
  /** Where packets go. */
  readonly router: RouterHandle;
  /** Where the Router keeps what must last. */
  readonly store: Store;
  /** What a client may use. */
  readonly limits: Limits;
  /** Where traffic and refusals are counted. */
  readonly counters: Counters;
  /** Where it is told who was refused. */
  readonly refusals: RefusalLog;
  /** The URLs of all listeners. */
  readonly urls: () => readonly string[];
  /** Where it is told who came and who went. */
  readonly log: Log;
  /** Wakes the connection for its deadlines. */
  readonly timers: Timers;
  /** The time for keep alive and deadlines. */
  readonly clock: Clock;
  /** Called when the connection has ended, though its last bytes are still to be written. */
  readonly left: () => void;
}

/** How the rest of the broker talks to a Connection. */
export interface ConnectionHandle {
  /** Ends it, after telling an MQTT 5 client why. */
  end(cause: DisconnectedCause): void;
  /** Goes by what holds now, and ends it if what its client was let in with does no more. */
  recheck(): void;
  /** Resolves when nothing of it is left. */
  readonly finished: Promise<void>;
}
