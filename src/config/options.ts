import type { Limits } from "../core/limits.ts";
import { processVariables, type Variables } from "./environment.ts";
import { faultsError } from "./given/fault.ts";
import { parseFlags } from "../terminal/flags.ts";
import { loadSettings, type SettingsSource } from "./load.ts";
import type { Origins } from "./given/origins.ts";
import type { Settings } from "./settings/settings.ts";
import { inOurFlags, readStartFlags, START_FLAGS } from "./flags.ts";

/** What the start command was told: its settings, and where they come from, for when they are loaded anew. */
export interface StartOptions {
  /** The settings. */
  readonly settings: Settings;
  /** Where each was given. */
  readonly origins: Origins;
  /** Where they come from. */
  readonly source: SettingsSource;
}

/**
 * Reads the arguments of the start command, the environment and the configuration file; limits that are not given come
 * from `base`. Throws a `StartError`: for flags with exit status 2 and one sentence that says what is wrong and what is
 * allowed, else with everything that is wrong, one fault a line.
 */
export async function parseStart(
  args: readonly string[],
  base: Limits,
  variables: Variables = processVariables(),
): Promise<StartOptions> {
  const parsed = parseFlags(inOurFlags(args), START_FLAGS);
  const { given: flags, config } = readStartFlags(parsed);
  const source = { flags, config, variables, limits: base };
  const outcome = await loadSettings(source);
  if (outcome.settings === undefined) throw faultsError(outcome.faults);
  const { settings, origins } = outcome;
  return { settings, origins, source };
}
