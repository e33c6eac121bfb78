/** Stand-in for `@std/log/get-logger`, for machines that cannot reach JSR. */

import { loggers } from "./_state.ts";
import { Logger } from "./logger.ts";

export type { Logger };

/** The logger of a name, made silent if it was not set up; without a name, the default one. */
export function getLogger(name?: string): Logger {
  const key = name || "default";
  const known = loggers.get(key);
  if (known !== undefined) return known;
  if (!name) {
    throw new Error(
      `"default" logger must be set for getting logger without name`,
    );
  }
  const silent = new Logger(name, "NOTSET", { handlers: [] });
  loggers.set(name, silent);
  return silent;
}
