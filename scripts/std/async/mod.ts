/** Stand-in for `@std/async`, for machines that cannot reach JSR: the few functions in use. */
export * from "./channel.ts";
export * from "./deadline.ts";
export * from "./delay.ts";
