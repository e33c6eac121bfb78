/** Stand-in for `@std/log`, for machines that cannot reach JSR: what this project uses of it. */
export * from "./base_handler.ts";
export * from "./console_handler.ts";
export * from "./get_logger.ts";
export * from "./levels.ts";
export * from "./logger.ts";
export * from "./setup.ts";
