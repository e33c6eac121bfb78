// The composition root: builds the actors in the order in which a message meets them, and takes them down again.

import { type Clock, SteadyClock } from "./core/clock.ts";
import { Counters } from "./core/counters.ts";
import { EXIT, toError } from "./core/errors.ts";
import type { Limits } from "./core/limits.ts";
import { type Log, SILENT_LOG } from "./core/log.ts";
import { PacedLog } from "./core/paced_log.ts";
import { TimerWheel } from "./core/timer_wheel.ts";
import { NoneStore } from "./store/none_store.ts";
import { RelaxedStore } from "./store/relaxed_store.ts";
import { RoomNews } from "./store/room_news.ts";
import type { Store } from "./store/store.ts";
import { Listener, type ListenerHandle } from "./transport/listener.ts";
import type {
  ListenerSettings,
  PortAddress,
  SocketAddress,
} from "./transport/listener_settings.ts";
import type { Transport } from "./transport/transport.ts";
import { DurabilityRules } from "./router/durability_rules.ts";
import type { RouterHandle } from "./router/messages.ts";
import type { QueuePolicies } from "./session/queue_policy.ts";
import { Router } from "./router/router.ts";
import { Connection } from "./connection/connection.ts";
import type {
  ConnectionContext,
  ConnectionHandle,
} from "./connection/context.ts";

/** What a broker is made with. */
export interface BrokerOptions {
  /** Where to listen, and how: at least one. */
  readonly listeners: readonly ListenerSettings[];
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
}

/** A running broker. */
export class Broker {
  /** What it counted since it was made. */
  readonly counters: Counters;
  /** Resolves to an exit status when the broker ends of its own accord. */
  readonly finished: Promise<number>;
  /** Raises and clears alarms, which clients see as retained messages on `$SYS/broker/alarm/<name>`. */
  readonly alarms: Pick<RouterHandle, "raise" | "clear">;
  readonly #listeners: readonly ListenerHandle[];
  readonly #connections: Set<ConnectionHandle>;
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
      resumed: (now) => clock.set?.(now),
      startOver: () => {
        router.close();
        counters.forgetHeld();
        router = Router.start(parts);
        return router.restore;
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
        router.disk.set(report.room);
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
    const context: ConnectionContext = {
      router,
      store,
      limits,
      counters,
      log,
      timers,
      clock,
    };
    const connections = new Set<ConnectionHandle>();
    const refused = new PacedLog("Connections refused: too many", {
      ...context,
      subject: "address",
    });
    const onAccept = (transport: Transport) =>
      accept(context, connections, refused, transport);
    const listeners: ListenerHandle[] = [];
    try {
      for (const settings of options.listeners) {
        listeners.push(
          await Listener.start({ ...context, settings, onAccept }),
        );
      }
    } catch (error) {
      for (const listener of listeners) listener.close();
      await router.close();
      timers.close();
      await store.close();
      throw error;
    }
    return new Broker({
      counters,
      finished,
      listeners,
      connections,
      router,
      store,
      timers,
    });
  }

  private constructor(parts: {
    counters: Counters;
    finished: Promise<number>;
    listeners: readonly ListenerHandle[];
    connections: Set<ConnectionHandle>;
    router: RouterHandle;
    store: Store;
    timers: TimerWheel;
  }) {
    this.counters = parts.counters;
    this.finished = parts.finished;
    this.#listeners = parts.listeners;
    this.#connections = parts.connections;
    this.#router = parts.router;
    this.alarms = parts.router;
    this.#store = parts.store;
    this.#timers = parts.timers;
  }

  /** Where it listens, with the ports that the system chose. An address that is not there yet is waited for. */
  get addresses(): readonly (PortAddress | SocketAddress)[] {
    return this.#listeners.flatMap(({ address }) => address ?? []);
  }

  /** Ends the broker: no new connections, DISCONNECT 0x8B to MQTT 5 clients, what waits is written. */
  async shutdown(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    const connections = [...this.#connections];
    for (const connection of connections) connection.end("shutdown");
    await Promise.all(connections.map((connection) => connection.finished));
    await this.#router.close();
    this.#timers.close();
    await this.#store.close();
  }
}

function accept(
  context: ConnectionContext,
  connections: Set<ConnectionHandle>,
  refused: PacedLog,
  transport: Transport,
): void {
  const { counters, limits } = context;
  if (counters.connectionsNow >= limits.maximumConnections) {
    counters.refused.tooManyConnections++;
    refused.note(transport.host, 1, {});
    transport.close();
    return;
  }
  const connection = Connection.start(context, transport);
  connections.add(connection);
  connection.finished.finally(() => connections.delete(connection));
}
