/** Stand-in for `@std/log/setup`, for machines that cannot reach JSR. */

import { configure } from "./_state.ts";
import type { LogConfig } from "./logger.ts";

/** Sets up handlers and loggers anew; loggers that were got before keep what they had. */
export function setup(config: LogConfig): void {
  configure(config);
}

setup({});
