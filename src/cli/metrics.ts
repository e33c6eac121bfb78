import { figuresOf } from "../admin/figures.ts";
import { healthOf } from "../admin/health.ts";
import { LoopDelay } from "../admin/loop_delay.ts";
import { MetricsServer } from "../admin/metrics_server.ts";
import type { Broker } from "../broker.ts";
import type { Log } from "../core/log.ts";
import type { AccessPlanner } from "./access.ts";
import type { MetricsAddress } from "./metrics_settings.ts";
import { VERSION } from "./version.ts";

/** What {@linkcode openMetrics} needs. */
export interface MetricsOptions {
  /** Where to listen. */
  readonly listen: MetricsAddress;
  /** The token, if one is to be shown. */
  readonly token: string | undefined;
  /** The broker. */
  readonly broker: Broker;
  /** When it started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Who may come in, and who guesses at passwords. */
  readonly planner: Pick<AccessPlanner, "damping">;
  /** Where it says where figures are. */
  readonly log: Log;
}

/** What serves figures, until it is closed. */
export interface OpenMetrics {
  /** Has another token be shown from now on, or none. */
  useToken(token: string | undefined): void;
  /** Serves them no more. */
  close(): Promise<void>;
}

/**
 * Serves the broker's figures and its health.
 *
 * @throws {StartError} If the address cannot be listened on.
 */
export function openMetrics(
  { listen, token, broker, startedAt, planner, log }: MetricsOptions,
): OpenMetrics {
  const loopDelay = new LoopDelay();
  try {
    const server = new MetricsServer({
      ...listen,
      token,
      figures: figuresOf({
        counters: broker.counters,
        doors: () => broker.doors,
        alarms: () => broker.alarms.alarms(),
        damping: () => planner.damping,
        memory: () => broker.messageMemory,
        loopDelay: loopDelay.delays,
        version: VERSION,
        startedAt,
      }),
      health: () => healthOf(broker),
    });
    log.info("Figures for Prometheus are served", {
      url: `${server.url}/metrics`,
    });
    return {
      useToken: (token) => {
        server.token = token;
      },
      close: async () => {
        loopDelay[Symbol.dispose]();
        await server.close();
      },
    };
  } catch (error) {
    loopDelay[Symbol.dispose]();
    throw error;
  }
}
