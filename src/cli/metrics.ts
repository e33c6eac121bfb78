import { figuresOf } from "../admin/figures.ts";
import { healthOf } from "../admin/health.ts";
import { LoopDelay } from "../admin/loop_delay.ts";
import { MetricsServer } from "../admin/metrics_server.ts";
import type { Broker } from "../broker.ts";
import { describeError, StartError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { MetricsAddress } from "./metrics_settings.ts";
import { VERSION } from "./version.ts";

/** What {@linkcode openMetrics} needs. */
export interface MetricsOptions {
  /** Where to listen. */
  readonly listen: MetricsAddress;
  /** The file with the token, if one is to be shown. */
  readonly token: string | undefined;
  /** The broker. */
  readonly broker: Broker;
  /** When it started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Where it says where figures are. */
  readonly log: Log;
}

/** What serves figures, until it is closed. */
export interface OpenMetrics {
  /** Serves them no more. */
  close(): Promise<void>;
}

/**
 * Serves the broker's figures and its health.
 *
 * @throws {StartError} If the address cannot be listened on, or the token cannot be read.
 */
export async function openMetrics(
  { listen, token, broker, startedAt, log }: MetricsOptions,
): Promise<OpenMetrics> {
  const loopDelay = new LoopDelay();
  try {
    const server = new MetricsServer({
      ...listen,
      token: token === undefined ? undefined : await readToken(token),
      figures: figuresOf({
        counters: broker.counters,
        doors: () => broker.doors,
        alarms: () => broker.alarms.alarms(),
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

async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await Deno.readTextFile(file)).trim();
  } catch (error) {
    throw new StartError(
      `Cannot read the metrics token: ${describeError(error)}`,
    );
  }
  if (token === "" || /\s/.test(token)) {
    throw new StartError(
      `Cannot use the metrics token in ${file}: one line without spaces is wanted`,
    );
  }
  return token;
}
