// The composition root: builds the actors in the order in which a message meets them, and takes them down again.

import { SysPublisher } from "./admin/sys_publisher.ts";
import { UserQuotas } from "./auth/limits/user_quotas.ts";
import { type Clock, SteadyClock } from "./core/clock.ts";
import { Counters } from "./core/counters.ts";
import { EXIT, toError } from "./core/errors.ts";
import type { Limits } from "./core/limits.ts";
import type { ScopedLimits } from "./core/scoped_limits.ts";
import { type Log, SILENT_LOG } from "./core/log.ts";
import { LimitedLog } from "./core/limited_log.ts";
import { TimerWheel } from "./core/timer_wheel.ts";
import { Uptime } from "./core/uptime.ts";
import { NoneStore } from "./store/none_store.ts";
import { RelaxedStore } from "./store/relaxed_store.ts";
import type { Room } from "./store/disk_room.ts";
import { RoomNews } from "./store/room_news.ts";
import type { Store } from "./store/store.ts";
import type { InheritedSockets } from "./transport/socket/inherited_sockets.ts";
import type {
  PortAddress,
  SocketAddress,
} from "./transport/listener_settings.ts";
import { DurabilityRules } from "./router/topics/durability_rules.ts";
import type { RouterHandle, RouterView } from "./router/handle.ts";
import type { QueuePolicies } from "./session/queue_policy.ts";
import { Router } from "./router/router.ts";
import { SessionAdmin } from "./router/session_admin.ts";
import type { Tracer } from "./router/delivery/tracer.ts";
import type { RightsSource } from "./session/rights.ts";
import { type DoorOptions, Doors, type DoorState } from "./connection/doors.ts";
import type { DoorContext } from "./connection/door.ts";

/** What a broker is made with. */
export interface BrokerOptions {
  /** Where to listen, how, and who may come in: at least one. */
  readonly listeners: readonly DoorOptions[];
  /** Sockets that were passed, of which listeners take their own; left out, there are none. */
  readonly inherited?: InheritedSockets;
  /** What users may use, by their names, beside what holds for all; left out, nothing else. */
  readonly userLimits?: ReadonlyMap<string, ScopedLimits>;
  /** What clients may use; see {@linkcode Limits}. */
  readonly limits: Limits;
  /** Left out: nothing is logged. */
  readonly log?: Log;
  /** Left out: counts into counters of its own. */
  readonly counters?: Counters;
  /** Left out: a {@linkcode SteadyClock}. */
  readonly clock?: Clock;
  /** Left out: everything lives in memory. */
  readonly store?: Store;
  /** How durable messages are, by topic; left out: what is acknowledged is committed. */
  readonly durability?: DurabilityRules;
  /** Left out: those of a broker without flags. */
  readonly queuePolicies?: QueuePolicies;
  /** Who may do what; left out: nothing is forbidden. */
  readonly rights?: RightsSource;
  /** What is told below `$SYS`; left out: alarms alone. */
  readonly sys?: {
    /** Milliseconds between two times. */
    readonly interval: number;
    /** The program's version. */
    readonly version: string;
  };
}

/** Who may come in where, do what, and use how much: what {@linkcode Broker.changeAccess} changes. */
export interface AccessOptions {
  /** Where to listen, how, and who may come in. */
  readonly listeners: readonly DoorOptions[];
  /** Who may do what; `undefined` where everything is allowed. */
  readonly rights: RightsSource | undefined;
  /** What users may use, by their names. */
  readonly userLimits: ReadonlyMap<string, ScopedLimits>;
}

/** A running broker. */
export class Broker {
  /** What it counted since it was made. */
  readonly counters: Counters;
  /** Resolves to an exit status when the broker ends of its own accord. */
  readonly finished: Promise<number>;
  /** The sessions, for an operator. */
  readonly sessions: SessionAdmin;
  /** Raises and clears alarms, which clients see as retained messages on `$SYS/broker/alarm/<name>`. */
  readonly alarms:
    & Pick<RouterHandle, "raise" | "clear">
    & Pick<RouterView, "alarms">;
  readonly #doors: Doors;
  readonly #users: UserQuotas;
  readonly #clock: Clock;
  readonly #router: RouterHandle;
  readonly #store: Store;
  readonly #timers: TimerWheel;

  /**
   * Starts a broker; resolves when it listens.
   *
   * @throws {StartError} If an address cannot be listened on.
   */
  static async start(options: BrokerOptions): Promise<Broker> {
    const {
      limits,
      log = SILENT_LOG,
      counters = new Counters(),
      clock = new SteadyClock(),
    } = options;
    const durability = options.durability ?? new DurabilityRules();
    const given = options.store ?? new NoneStore();
    const store = durability.overall === "commit"
      ? given
      : new RelaxedStore(given);
    const { promise: finished, resolve: finish } = Promise.withResolvers<
      number
    >();
    const parts = {
      limits,
      counters,
      log,
      clock,
      store,
      durability,
      ...(options.queuePolicies && { queuePolicies: options.queuePolicies }),
      ...(options.rights && { rights: options.rights }),
    };
    let router = Router.start(parts);
    const news = new RoomNews({
      log,
      counters,
      alarm: (sentence) => {
        if (sentence === undefined) router.clear("store", "disk");
        else router.raise("store", "disk", sentence);
      },
    });
    const opening = store.open({
      resumed: (now) => {
        clock.set?.(now);
        router.restore.begin();
      },
      startOver: () => {
        router.close();
        counters.forgetHeld();
        router = Router.start(parts);
        return router.restore;
      },
      openedLate: (now, tell) => {
        clock.set?.(now);
        router.takeOver(tell);
      },
      timePassed: (milliseconds) => {
        log.info(
          "The machine's clock is right: the time that the broker was down counts for sessions that were left before",
          { milliseconds },
        );
        router.timePassed(milliseconds);
      },
      mended: () => router.keepAgain(),
      committed: () => router.committed(),
      damaged: (rows) =>
        log.error("Rows of the store are damaged, and were set aside", {
          rows,
        }),
      metered: (meter) => {
        counters.diskTotal = meter.total;
        counters.diskThisHour = meter.thisHour;
        counters.diskLastHour = meter.lastHour;
        counters.diskThisDay = meter.thisDay;
        counters.diskLastDay = meter.lastDay;
      },
      room: (report) => {
        router.view.disk.set(report.room, report.unopened);
        news.take(report);
      },
      failed: (error) => {
        log.error(
          "Ending: the store has failed, and nothing can be acknowledged any more",
          { error },
        );
        finish(EXIT.internal);
      },
    }, router.restore);
    await opening.catch(async (error) => {
      await router.close();
      counters.forgetHeld();
      throw error;
    });
    router.restored();
    const timers = new TimerWheel(clock, {
      onError: (error) =>
        log.error("Fault in a timer", { error: toError(error) }),
    });
    const users = new UserQuotas();
    users.change(options.userLimits ?? new Map(), clock.monotonic());
    const context: DoorContext = {
      router,
      store,
      limits,
      counters,
      log,
      timers,
      clock,
      users,
      slowed: new LimitedLog("Client slowed down: it sends more than it may", {
        log,
        clock,
        timers,
      }),
    };
    const doors = new Doors(context, options.inherited);
    try {
      await doors.change(options.listeners);
    } catch (error) {
      await router.close();
      timers.close();
      await store.close();
      throw error;
    }
    if (options.sys !== undefined) {
      new SysPublisher({
        ...options.sys,
        counters,
        doors: () => doors.states,
        uptime: new Uptime(),
        router,
        timers,
      });
    }
    return new Broker({
      counters,
      finished,
      doors,
      users,
      clock,
      router,
      store,
      timers,
    });
  }

  private constructor(parts: {
    counters: Counters;
    finished: Promise<number>;
    doors: Doors;
    users: UserQuotas;
    clock: Clock;
    router: RouterHandle;
    store: Store;
    timers: TimerWheel;
  }) {
    this.counters = parts.counters;
    this.finished = parts.finished;
    this.#doors = parts.doors;
    this.#users = parts.users;
    this.#clock = parts.clock;
    this.#router = parts.router;
    const { router } = parts;
    this.alarms = {
      raise: (name, matter, sentence) => router.raise(name, matter, sentence),
      clear: (name, matter) => router.clear(name, matter),
      alarms: () => router.view.alarms(),
    };
    this.sessions = new SessionAdmin(parts.router);
    this.#store = parts.store;
    this.#timers = parts.timers;
  }

  /** Whether there is room on the disk, where things are kept on one. */
  get diskRoom(): Room {
    return this.#router.view.disk.room;
  }

  /** Bytes that messages cost now, about, and those at which publishers are made to wait. */
  get messageMemory(): { readonly bytes: number; readonly ceiling: number } {
    const { governor } = this.#router.view;
    return { bytes: governor.bytes, ceiling: governor.ceiling };
  }

  /** A moment of the broker's own clock, which nobody sets, by the machine's, to be shown to people. */
  machineTime(time: number): number {
    return Math.round(time + Date.now() - this.#clock.now());
  }

  /** Resolves once the Router has answered, which it does between two pieces of work. */
  answer(): Promise<void> {
    return this.#router.ask(() => {});
  }

  /** Its listeners, each as it is now. */
  get doors(): readonly DoorState[] {
    return this.#doors.states;
  }

  /** Where it listens now, with the ports that the system chose. An address that is not there yet is waited for. */
  get addresses(): readonly (PortAddress | SocketAddress)[] {
    return this.#doors.listeners.flatMap(({ address }) => address ?? []);
  }

  /**
   * Listens there from now on, by these settings. Connections that may stay do.
   *
   * @throws {StartError} If one cannot be listened on; nothing has changed then.
   */
  changeListeners(listeners: readonly DoorOptions[]): Promise<void> {
    return this.#doors.change(listeners);
  }

  /**
   * Listens there, by these rules and limits of users: all of it from the same moment. Holds when it resolves.
   *
   * @throws {StartError} If one cannot be listened on; nothing has changed then.
   */
  async changeAccess(
    { listeners, rights, userLimits }: AccessOptions,
  ): Promise<void> {
    await this.#doors.change(listeners, () => {
      this.changeRights(rights);
      this.#users.change(userLimits, this.#clock.monotonic());
    });
    await this.answer();
  }

  /** Has other rules hold, for all that comes after and for clients that are connected too; without any, all is allowed. */
  changeRights(source: RightsSource | undefined): void {
    this.#router.changeRights(source);
  }

  /** Has publishes followed for this one from now on; without any, none are, and those under way are given up. */
  trace(tracer: Tracer | undefined): void {
    this.#router.trace(tracer);
  }

  /** Ends the broker: no new connections, DISCONNECT 0x8B to MQTT 5 clients, what waits is written. */
  async shutdown(): Promise<void> {
    this.#doors.close();
    await this.#doors.end();
    await this.#router.close();
    this.#timers.close();
    await this.#store.close();
  }
}
