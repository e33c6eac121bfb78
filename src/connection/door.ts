import { lowerLimits } from "../auth/limits/lower_limits.ts";
import type { Authenticator } from "../auth/methods/method.ts";
import { Quota, type QuotaObstacle } from "../auth/limits/quota.ts";
import type { DisconnectedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { ScopedLimits } from "../core/scoped_limits.ts";
import { LimitedLog } from "../core/limited_log.ts";
import type { Timer } from "../core/timer_wheel.ts";
import type { Transport } from "../transport/transport.ts";
import { RefusalLog } from "./refusal_log.ts";
import { Connection } from "./connection.ts";
import type { ConnectionContext, ConnectionHandle } from "./context.ts";

/** What holds for those who come through one listener. */
export interface DoorSettings {
  /** Finds out who a client is; left out, everybody may come in. */
  readonly authenticator?: Authenticator;
  /** What its clients may use; left out, what all may. */
  readonly limits?: ScopedLimits;
}

/** What a Door works with: that of its Connections, but for their door. */
export type DoorContext = Omit<
  ConnectionContext,
  "door" | "left" | "refusals" | "urls"
>;

/** What the log says of the connections that were refused, or had to wait. */
export type DoorLogs =
  & Readonly<Record<QuotaObstacle | "tooFast", LimitedLog>>
  & Pick<ConnectionContext, "refusals" | "urls">;

/** Connections above the limits, so that clients can take over their own: the old one ends while the new one begins. */
const RESERVE = 16;

/** Where the connections of one listener come in, and where they are counted. */
export class Door {
  readonly #context: DoorContext;
  readonly #door: {
    readonly name: string;
    authenticator?: Authenticator;
    limits: ScopedLimits;
    readonly isOverfull: () => boolean;
  };
  readonly #quota: Quota;
  readonly #logs: DoorLogs;
  readonly #connections = new Set<ConnectionHandle>();
  /** Connections that wait, since too many came just before, and what ends their wait. */
  readonly #waiting = new Map<Transport, Timer>();
  #limits: Limits;

  /** Lets connections in by these settings; the name is told wherever one is. */
  constructor(
    context: DoorContext,
    logs: DoorLogs,
    name: string,
    settings: DoorSettings,
  ) {
    this.#context = context;
    this.#logs = logs;
    const { limits = {} } = settings;
    this.#quota = new Quota(limits, context.clock.monotonic());
    const { authenticator } = settings;
    this.#door = {
      name,
      ...(authenticator && { authenticator }),
      limits,
      isOverfull: () => this.#isOverfull,
    };
    this.#limits = lowerLimits(context.limits, limits);
  }

  /** The listener's URL. */
  get name(): string {
    return this.#door.name;
  }

  /** How many connections there are. */
  get size(): number {
    return this.#connections.size;
  }

  /** Takes a connection that the listener accepted. */
  accept(transport: Transport): void {
    const { counters, limits, clock, timers } = this.#context;
    const obstacle =
      counters.connectionsNow >= limits.maximumConnections + RESERVE
        ? "tooManyConnections"
        : this.#quota.obstacle(transport.host, RESERVE);
    if (obstacle !== undefined) {
      counters.refused[obstacle]++;
      this.#logs[obstacle].note(transport.host, 1, {});
      transport.close();
      return;
    }
    counters.connectionOpened();
    const wait = this.#quota.add(transport.host, clock.monotonic());
    if (wait === 0) this.#start(transport);
    else {
      counters.connectsSlowed++;
      this.#logs.tooFast.note(transport.host, 1, {});
      const timer = timers.schedule(wait, () => {
        this.#waiting.delete(transport);
        this.#start(transport);
      });
      this.#waiting.set(transport, timer);
    }
  }

  /** Lets connections in by these settings from now on, and ends those whose clients may be there no more. */
  change(settings: DoorSettings): void {
    const { limits = {} } = settings;
    this.#quota.change(limits, this.#context.clock.monotonic());
    this.#limits = lowerLimits(this.#context.limits, limits);
    this.#door.limits = limits;
    if (settings.authenticator === undefined) delete this.#door.authenticator;
    else this.#door.authenticator = settings.authenticator;
    for (const connection of this.#connections) connection.recheck();
  }

  /** Ends all connections, and resolves when nothing is left of them. */
  async end(cause: DisconnectedCause): Promise<void> {
    for (const [transport, timer] of this.#waiting) {
      timer.cancel();
      transport.close();
      this.#gone(transport);
    }
    this.#waiting.clear();
    const connections = [...this.#connections];
    for (const connection of connections) connection.end(cause);
    await Promise.all(connections.map(({ finished }) => finished));
  }

  /** Whether more connections are there than may stay. */
  get #isOverfull(): boolean {
    const { counters, limits } = this.#context;
    return counters.connectionsNow > limits.maximumConnections ||
      this.#quota.isOver;
  }

  #start(transport: Transport): void {
    const context = {
      ...this.#context,
      door: this.#door,
      limits: this.#limits,
      left: () => this.#gone(transport),
      refusals: this.#logs.refusals,
      urls: this.#logs.urls,
    };
    const connection = Connection.start(context, transport);
    this.#connections.add(connection);
    connection.finished.finally(() => this.#connections.delete(connection));
  }

  #gone(transport: Transport): void {
    this.#context.counters.connectionClosed();
    this.#quota.remove(transport.host);
  }
}

/** What the log says of the connections that come to any door. */
export function doorLogs(
  context: DoorContext,
  urls: () => readonly string[],
): DoorLogs {
  const subject = "address";
  return {
    refusals: new RefusalLog(context),
    urls,
    tooManyConnections: new LimitedLog("Connections refused: too many", {
      ...context,
      subject,
    }),
    tooManyFromAddress: new LimitedLog(
      "Connections refused: too many from their address",
      { ...context, subject },
    ),
    tooFast: new LimitedLog("Connections have to wait: too many a second", {
      ...context,
      subject,
    }),
  };
}
