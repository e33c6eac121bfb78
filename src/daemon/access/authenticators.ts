import { Authentication } from "../../auth/authentication.ts";
import {
  LoginThrottle,
  type LoginThrottleCounts,
} from "../../auth/throttle/login_throttle.ts";
import { LateAnswers } from "../../auth/methods/late_answers.ts";
import { PasswordVerifier } from "../../auth/passwords/verifier.ts";
import type { Users } from "../../auth/passwords/users.ts";
import type { DoorOptions } from "../../connection/doors.ts";
import { SteadyClock } from "../../core/clock.ts";
import { toError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { TimerWheel } from "../../core/timer_wheel.ts";
import type { ListenerSettings } from "../../transport/listener_settings.ts";
import type { AccessFiles } from "../../config/access_files.ts";
import { isOpen } from "./open_listener.ts";
import type { ListenerPlan, Settings } from "../../config/settings/settings.ts";

/** Makes doors of what the settings and the files that they name say, and remembers failures across reloads. */
export class Doorkeepers {
  readonly #log: Log;
  readonly #timers: TimerWheel;
  readonly #loginThrottle: LoginThrottle;
  readonly #verifier: PasswordVerifier;
  readonly #lateAnswers: LateAnswers;
  #users: ReadonlyMap<string, Users> = new Map();

  /** Tells what goes wrong there. */
  constructor(log: Log) {
    const clock = new SteadyClock();
    const timers = new TimerWheel(clock, {
      onError: (error) =>
        log.error("Fault in a timer", { error: toError(error) }),
    });
    this.#log = log;
    this.#timers = timers;
    this.#loginThrottle = new LoginThrottle({ log, clock, timers });
    this.#verifier = new PasswordVerifier({ clock, timers });
    this.#lateAnswers = new LateAnswers(timers);
  }

  /** What guessing at passwords has come to. */
  get damping(): Readonly<LoginThrottleCounts> {
    return this.#loginThrottle.counts;
  }

  /** The doors by these settings and files. */
  doors(settings: Settings, files: AccessFiles): DoorOptions[] {
    return settings.listeners.map((plan) => {
      const { limits } = plan;
      const listener = transportOf(plan);
      if (isOpen(plan)) return { listener, limits };
      return { listener, limits, authenticator: this.#keeper(plan, files) };
    });
  }

  /** Notes that these files are in force: failures of users whose passwords are new are forgotten. */
  inForce({ users }: AccessFiles): void {
    for (const [path, former] of this.#users) {
      const now = users.get(path);
      if (now !== undefined) this.#loginThrottle.forget(former.changed(now));
    }
    this.#users = users;
  }

  /** Lets answers go that wait, and ends what works on passwords. */
  close(): void {
    this.#lateAnswers.close();
    this.#verifier.close();
    this.#timers.close();
  }

  #keeper(plan: ListenerPlan, { users }: AccessFiles): Authentication {
    const { identity, withPassword, allowAnonymous } = plan;
    return new Authentication({
      users: plan.users === undefined ? undefined : users.get(plan.users),
      certificates: identity === "none"
        ? undefined
        : { identity, withPassword },
      anonymous: allowAnonymous,
    }, {
      verifier: this.#verifier,
      loginThrottle: this.#loginThrottle,
      lateAnswers: this.#lateAnswers,
      log: this.#log,
    });
  }
}

/**
 * How a listener listens. Pages of strangers' sites run in the browsers of those who reach it: they are kept out where
 * that is all it takes to come in.
 */
function transportOf(
  { transport, allowAnonymous }: ListenerPlan,
): ListenerSettings {
  const { webSocket } = transport;
  if (webSocket?.origins !== "own" || allowAnonymous) return transport;
  return { ...transport, webSocket: { ...webSocket, origins: "all" } };
}
