import { ASK_FLAGS } from "./flags.ts";
import type { FlagInfo } from "../../terminal/flags.ts";

/** The flags of `health`. */
export const HEALTH_FLAGS: readonly FlagInfo[] = [
  ...ASK_FLAGS,
  {
    name: "ready",
    help: "ask whether clients can come and everything is taken from them",
  },
];
