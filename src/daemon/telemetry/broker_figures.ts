import type { Figure } from "../../admin/figure.ts";
import { figuresOf } from "../../admin/figures.ts";
import type { Broker } from "../../broker.ts";
import type { Histogram } from "../../core/histogram.ts";
import type { Uptime } from "../../core/uptime.ts";
import type { AccessPlanner } from "../access/planner.ts";
import { VERSION } from "../../terminal/version.ts";

/** Where the figures of a broker come from. */
export interface BrokerFiguresOptions {
  /** The broker. */
  readonly broker: Broker;
  /** How long it has run. */
  readonly uptime: Uptime;
  /** Who may come in, and who guesses at passwords. */
  readonly planner: Pick<AccessPlanner, "damping">;
}

/** All figures of a broker that runs. */
export function brokerFigures(
  { broker, uptime, planner }: BrokerFiguresOptions,
  loopDelay: Histogram,
): readonly Figure[] {
  return figuresOf({
    counters: broker.counters,
    doors: () => broker.doors,
    alarms: () => broker.alarms.alarms(),
    damping: () => planner.damping,
    memory: () => broker.messageMemory,
    loopDelay,
    version: VERSION,
    uptime,
  });
}
