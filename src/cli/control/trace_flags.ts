import { ASK_FLAGS } from "./flags.ts";
import type { FlagInfo } from "../../terminal/flags.ts";

/** The flags of `trace on`. */
export const TRACE_ON_FLAGS: readonly FlagInfo[] = [
  {
    name: "client",
    value: "ID",
    example: "pump-1",
    help: "only what this client publishes",
    defaultText: "all clients",
  },
  {
    name: "topic",
    value: "FILTER",
    example: "plant/+/valve",
    help: "only what is published to topics that this topic filter matches",
    defaultText: "all topics",
  },
  {
    name: "sample",
    value: "SHARE",
    example: "1%",
    help: "only this share; publishes with a traceparent go by that",
    defaultText: "all of them",
  },
  {
    name: "for",
    value: "TIME",
    example: "30s",
    help: "how long",
    defaultText: "10m",
  },
  ...ASK_FLAGS,
];
