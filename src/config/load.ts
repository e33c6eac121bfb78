import type { Limits } from "../core/limits.ts";
import { readConfig } from "./file/file.ts";
import {
  CONFIG_VARIABLE,
  givenByVariables,
  type Variables,
} from "./environment.ts";
import { Given } from "./given/given.ts";
import { type Outcome, resolveSettings } from "./resolve.ts";
import { SYSTEM_FILE } from "./settings/service_paths.ts";
import { NEAR_FILE } from "./flags.ts";

/** Where settings come from: the flags beat the variables, and those the file. */
export interface SettingsSource {
  /** What the flags say. */
  readonly flags: Given;
  /** The configuration file that a flag names, or `none`. */
  readonly config: string | undefined;
  /** The environment. */
  readonly variables: Variables;
  /** Limits that hold where none are given. */
  readonly limits: Limits;
  /** Configuration files of which the first that is there is read where none is named. */
  readonly usualFiles?: readonly string[];
}

/**
 * Reads all settings, or says everything that is wrong with them. Can be called again at any time, to see what the
 * configuration file says now; never rejects for what it says.
 */
export async function loadSettings(source: SettingsSource): Promise<Outcome> {
  const { flags, config, variables, limits, usualFiles } = source;
  const { file, given: ofFile } = await readConfig(
    config ?? (variables[CONFIG_VARIABLE] || undefined),
    usualFiles ?? [SYSTEM_FILE, NEAR_FILE],
  );
  const given = new Given();
  given.add(ofFile);
  given.add(givenByVariables(variables));
  given.add(flags);
  return resolveSettings(given, limits, file);
}
