import { ConsoleHandler } from "./console_handler.ts";
import type { BaseHandler } from "./base_handler.ts";
import { type LogConfig, Logger } from "./logger.ts";

/** What is in force until `setup` is called, and what its configuration is laid over. */
const DEFAULTS = {
  handlers: { default: new ConsoleHandler("INFO") },
  loggers: { default: { level: "INFO", handlers: ["default"] } },
} satisfies LogConfig;

const handlers = new Map<string, BaseHandler>();

/** The loggers in force, by name. */
export const loggers: Map<string, Logger> = new Map();

/** Ends the configuration in force and begins another. */
export function configure(config: LogConfig): void {
  for (const handler of handlers.values()) handler.destroy();
  handlers.clear();
  for (
    const [name, handler] of Object.entries({
      ...DEFAULTS.handlers,
      ...config.handlers,
    })
  ) {
    handler.setup();
    handlers.set(name, handler);
  }

  loggers.clear();
  const wanted: NonNullable<LogConfig["loggers"]> = {
    ...DEFAULTS.loggers,
    ...config.loggers,
  };
  for (const [name, { level, handlers: names }] of Object.entries(wanted)) {
    const found = (names ?? []).map((name) => handlers.get(name)).filter((it) =>
      it !== undefined
    );
    loggers.set(name, new Logger(name, level ?? "INFO", { handlers: found }));
  }
}
