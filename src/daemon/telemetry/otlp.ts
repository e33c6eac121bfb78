import { LoopDelay } from "../../admin/loop_delay.ts";
import { OtlpMetrics } from "../../admin/telemetry/otlp_metrics.ts";
import type { Log } from "../../core/log.ts";
import { brokerFigures, type BrokerFiguresOptions } from "./broker_figures.ts";
import { VERSION } from "../../terminal/version.ts";

/** What {@linkcode startOtlp} needs. */
export interface OtlpOptions extends BrokerFiguresOptions {
  /** The collector's address. */
  readonly endpoint: string;
  /** Milliseconds between two times. */
  readonly interval: number;
  /** Where it says that it cannot send. */
  readonly log: Log;
}

/** Sends the broker's figures to a collector of OpenTelemetry. Returns what ends that. */
export function startOtlp(options: OtlpOptions): () => Promise<void> {
  const { endpoint, interval, uptime, log } = options;
  const loopDelay = new LoopDelay();
  const metrics = new OtlpMetrics({
    endpoint,
    interval,
    figures: brokerFigures(options, loopDelay.delays),
    version: VERSION,
    uptime,
    log,
  });
  return async () => {
    loopDelay[Symbol.dispose]();
    await metrics.close();
  };
}
