import { checkAccess } from "./access.ts";
import { checkFiles } from "./files.ts";
import { checkFolders } from "./folders.ts";

import { checkTls } from "./tls.ts";
import { byOrigin, type Fault } from "../given/fault.ts";
import type { Origins } from "../given/origins.ts";
import type { Settings } from "../settings/settings.ts";

/**
 * Looks at something that settings name, as the broker would, and says what is wrong with it. Leaves everything as it
 * is, and never rejects for what it finds.
 */
export type Checker = (
  settings: Settings,
  origins: Origins,
) => Promise<readonly Fault[]>;

/**
 * All of them, in the order in which their faults are told. Those after the first look into files, and have nothing to
 * say of one that cannot be read.
 */
export const CHECKERS: readonly Checker[] = [
  checkFiles,
  checkFolders,
  checkAccess,
  checkTls,
];

/** Everything that is wrong with what settings name. */
export async function checkSettings(
  settings: Settings,
  origins: Origins,
  checkers: readonly Checker[] = CHECKERS,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const check of checkers) faults.push(...await check(settings, origins));
  return faults.sort(byOrigin);
}
