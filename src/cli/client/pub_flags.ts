import { CLIENT_FLAGS } from "./flags.ts";
import type { Command } from "../../terminal/command.ts";
import type { WordFlag } from "../../terminal/word_flags.ts";

/** The heading of `--help`. */
const MESSAGE = "Message";

/** The flags of `pub`. */
export const PUB_FLAGS: readonly WordFlag[] = [
  {
    name: "topic",
    short: "t",
    value: "TOPIC",
    help: "where to publish",
    group: MESSAGE,
  },
  {
    name: "message",
    short: "m",
    value: "TEXT",
    allowsEmpty: true,
    help: "what to publish",
    group: MESSAGE,
  },
  {
    name: "file",
    short: "f",
    value: "FILE",
    help: "publish what is in a file",
    group: MESSAGE,
  },
  {
    name: "stdin-line",
    short: "l",
    help: "publish each line of standard input as it comes",
    group: MESSAGE,
  },
  {
    name: "stdin-file",
    short: "s",
    help: "publish all of standard input as one message",
    group: MESSAGE,
  },
  {
    name: "null-message",
    short: "n",
    help: "publish an empty message; with -r it removes the retained one",
    group: MESSAGE,
  },
  {
    name: "qos",
    short: "q",
    value: "QOS",
    help: "0: at most once, 1: at least once, 2: exactly once",
    defaultText: "0",
    group: MESSAGE,
  },
  {
    name: "retain",
    short: "r",
    help: "have the broker retain it for those who subscribe later",
    group: MESSAGE,
  },
  {
    name: "repeat",
    value: "COUNT",
    help: "publish it so many times",
    defaultText: "1",
    group: MESSAGE,
  },
  {
    name: "repeat-delay",
    value: "SECONDS",
    help: "with a pause in between, for example 0.5",
    defaultText: "0",
    group: MESSAGE,
  },
  ...CLIENT_FLAGS,
];

/** The command `pub`. */
export const PUB_COMMAND: Command = {
  summary: "publish a message to any broker",
  usage: "pub [URL] -t TOPIC {-m TEXT | -f FILE | -l | -s | -n} [FLAGS]",
  about:
    "Publishes messages, with the flags of mosquitto_pub: mailboxqtt pub -h 192.0.2.7 -t test -m hello, or " +
    "mailboxqtt pub mqtt://192.0.2.7/test -m hello. Ends with status 0 once the broker has all of them: what " +
    "that means, the QoS says.",
  flags: PUB_FLAGS,
  run: async (args) => (await import("./pub.ts")).pub(args),
};
