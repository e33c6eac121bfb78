import { CLIENT_FLAGS } from "./flags.ts";
import type { Command } from "../../terminal/command.ts";
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

/** The command `bench`. */
export const BENCH_COMMAND: Command = {
  summary: "measure what a broker and the way to it can do",
  usage: "bench [URL] [FLAGS]",
  about:
    "Measures any broker from here: how long single messages take at each QoS, how many a second come through at QoS " +
    "0 and 1 with several clients at full speed, and how many are lost. It takes ten seconds, a topic of its own, and " +
    "all that the broker can give meanwhile.",
  flags: BENCH_FLAGS,
  run: async (args) => (await import("./bench.ts")).bench(args),
};
