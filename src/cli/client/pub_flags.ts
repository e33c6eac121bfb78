import { CLIENT_FLAGS } from "./flags.ts";
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
