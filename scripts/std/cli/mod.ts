/** Stand-in for `@std/cli`, for machines that cannot reach JSR: the few functions in use. */
export * from "./parse_args.ts";
