import type { RuleSet } from "../auth/rules/set.ts";
import type { Broker } from "../broker.ts";
import type { AdjustableLog } from "../core/log.ts";
import type { AccessPlanner } from "./access/planner.ts";
import { compareSettings, type SettingsChanges } from "../config/compare.ts";
import { faultsError } from "../config/given/fault.ts";
import { loadSettings, type SettingsSource } from "../config/load.ts";
import type { MetricsDoor } from "./telemetry/metrics_door.ts";
import type { Settings } from "../config/settings/settings.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** What a {@linkcode Reloader} works with. */
export interface ReloaderOptions {
  /** Where settings come from. */
  readonly source: SettingsSource;
  /** Those in force. */
  readonly settings: Settings;
  /** The rules in force. */
  readonly rules: RuleSet | undefined;
  /** Reads the files that they name. */
  readonly planner: AccessPlanner;
  /** The broker that goes by them. */
  readonly broker: Pick<Broker, "changeAccess">;
  /** Serves figures where they say. */
  readonly metrics: Pick<MetricsDoor, "change">;
  /** Sends figures and traces where they say. */
  readonly telemetry: Pick<Telemetry, "change">;
  /** Its log, whose level changes too. */
  readonly log: AdjustableLog;
}

/** Loads settings, users, rules and listeners anew while the broker runs: all of it, or where anything is wrong, nothing. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #settings: Settings;
  #rules: RuleSet | undefined;
  /** The reload under way, and those that wait for it. */
  #last: Promise<unknown> = Promise.resolve();

  /** Begins with what the broker was started with. */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#rules = options.rules;
  }

  /** The settings in force. */
  get settings(): Settings {
    return this.#settings;
  }

  /** The rules in force. */
  get rules(): RuleSet | undefined {
    return this.#rules;
  }

  /**
   * Loads everything anew and says in a sentence or more what has changed. One reload waits for the one before it.
   *
   * @throws {StartError} If anything is wrong; nothing has changed then.
   */
  reload(): Promise<string> {
    const reload = this.#last.catch(() => {}).then(() => this.#reload());
    this.#last = reload;
    return reload;
  }

  async #reload(): Promise<string> {
    const { source, planner, broker, metrics, telemetry, log } = this.#options;
    const outcome = await loadSettings(source);
    if (outcome.settings === undefined) throw faultsError(outcome.faults);
    const { settings } = outcome;
    const { plan, files, inForce } = await planner.plan(settings);
    const takeBack = await metrics.change(settings);
    try {
      await broker.changeAccess(plan);
    } catch (error) {
      await takeBack();
      throw error;
    }
    inForce();
    await telemetry.change(settings);
    if (settings.logLevel !== this.#settings.logLevel) {
      log.level = settings.logLevel;
    }
    const changes = compareSettings(this.#settings, settings);
    this.#settings = settings;
    this.#rules = files.rules;
    return sentences(changes);
  }
}

/** What has changed, one sentence a line. */
function sentences(changes: SettingsChanges): string {
  const { opened, closed, changed, now, atRestart } = changes;
  return [
    "Configuration, users and rules are loaded anew",
    ...opened.map(({ url }) => `${url} is opened`),
    ...closed.map(({ url }) => `${url} is closed, and its clients are ended`),
    ...changed.map(({ after: { url } }) => `${url} has other settings`),
    ...now,
    ...atRestart,
  ].join("\n");
}
