import { healthOf } from "../../admin/health.ts";
import { LoopDelay } from "../../admin/loop_delay.ts";
import { MetricsServer } from "../../admin/metrics_server.ts";
import type { Log } from "../../core/log.ts";
import { brokerFigures, type BrokerFiguresOptions } from "./broker_figures.ts";
import type { MetricsAddress } from "../../config/settings/metrics.ts";

/** What {@linkcode openMetrics} needs. */
export interface MetricsOptions extends BrokerFiguresOptions {
  /** Where to listen. */
  readonly listen: MetricsAddress;
  /** The token, if one is to be shown. */
  readonly token: string | undefined;
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
export async function openMetrics(
  options: MetricsOptions,
): Promise<OpenMetrics> {
  const { listen, token, broker, log } = options;
  const loopDelay = new LoopDelay();
  try {
    const server = await MetricsServer.start({
      ...listen,
      token,
      log,
      figures: brokerFigures(options, loopDelay.delays),
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
