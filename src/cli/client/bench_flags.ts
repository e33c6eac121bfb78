import { CLIENT_FLAGS } from "./flags.ts";
import type { WordFlag } from "../../terminal/word_flags.ts";

/** Below which topic it publishes, unless it is said. */
export const DEFAULT_TOPIC = "mailboxqtt-bench";

/** The flags of `bench`. */
export const BENCH_FLAGS: readonly WordFlag[] = [
  {
    name: "topic",
    short: "t",
    value: "TOPIC",
    help: "the topic below which it publishes and subscribes",
    defaultText: DEFAULT_TOPIC,
  },
  {
    name: "seconds",
    value: "SECONDS",
    help: "how long it takes in all, about",
    defaultText: "10",
  },
  {
    name: "pairs",
    value: "COUNT",
    help: "publishers with a subscriber each, for throughput",
    defaultText: "10",
  },
  {
    name: "size",
    value: "BYTES",
    help: "bytes of each payload, 12 at least",
    defaultText: "64",
  },
  { name: "json", help: "write one JSON object, for machines" },
  ...CLIENT_FLAGS,
];
