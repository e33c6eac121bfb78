// The commands that speak to any broker: pub, sub and bench.

import type { Command } from "../../terminal/command.ts";
import { BENCH_FLAGS } from "./bench_flags.ts";
import { PUB_FLAGS } from "./pub_flags.ts";
import { SUB_FLAGS } from "./sub_flags.ts";

/** The client commands by name. */
export const CLIENT_COMMANDS: readonly (readonly [string, Command])[] = [
  ["pub", {
    summary: "publish a message to any broker",
    usage: "pub [URL] -t TOPIC {-m TEXT | -f FILE | -l | -s | -n} [FLAGS]",
    about:
      "Publishes messages, with the flags of mosquitto_pub: mailboxqtt pub -h 192.0.2.7 -t test -m hello, or " +
      "mailboxqtt pub mqtt://192.0.2.7/test -m hello. Ends with status 0 once the broker has all of them: what " +
      "that means, the QoS says.",
    flags: PUB_FLAGS,
    run: async (args) => (await import("./pub.ts")).pub(args),
  }],
  ["sub", {
    summary: "subscribe at any broker and show what comes",
    usage: "sub [URL] -t FILTER [FLAGS]",
    about:
      "Subscribes and shows messages, with the flags of mosquitto_sub: mailboxqtt sub -h 192.0.2.7 -t 'test/#' -v, or " +
      "mailboxqtt sub 'mqtt://192.0.2.7/test/#'. On a terminal JSON is indented and what is no text shown in " +
      "hexadecimal; elsewhere payloads go out as they came. It connects again by itself, and ends with Ctrl-C.",
    flags: SUB_FLAGS,
    run: async (args) => (await import("./sub.ts")).sub(args),
  }],
  ["bench", {
    summary: "measure what a broker and the way to it can do",
    usage: "bench [URL] [FLAGS]",
    about:
      "Measures any broker from here: how long single messages take at each QoS, how many a second come through at QoS " +
      "0 and 1 with several clients at full speed, and how many are lost. It takes ten seconds, a topic of its own, and " +
      "all that the broker can give meanwhile.",
    flags: BENCH_FLAGS,
    run: async (args) => (await import("./bench.ts")).bench(args),
  }],
];
