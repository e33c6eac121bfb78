import { CLIENT_FLAGS } from "./flags.ts";
import type { WordFlag } from "../../terminal/word_flags.ts";

/** The headings of `--help`. */
const MESSAGES = "Messages";
const OUTPUT = "Output";

/** The flags of `sub`. */
export const SUB_FLAGS: readonly WordFlag[] = [
  {
    name: "topic",
    short: "t",
    value: "FILTER",
    repeatable: true,
    help: "what to subscribe to; + stands for one level, # for all below",
    group: MESSAGES,
  },
  {
    name: "filter-out",
    short: "T",
    value: "FILTER",
    repeatable: true,
    help: "what not to show of it",
    group: MESSAGES,
  },
  {
    name: "unsubscribe",
    short: "U",
    value: "FILTER",
    repeatable: true,
    help: "end a subscription that a kept session (-c) has",
    group: MESSAGES,
  },
  {
    name: "qos",
    short: "q",
    value: "QOS",
    help: "the highest QoS to deliver with",
    defaultText: "0",
    group: MESSAGES,
  },
  {
    name: "count",
    short: "C",
    value: "COUNT",
    help: "end after so many messages",
    group: MESSAGES,
  },
  {
    name: "timeout",
    short: "W",
    value: "SECONDS",
    help: "end after that time, with status 27",
    group: MESSAGES,
  },
  {
    name: "exit-after-subscribe",
    short: "E",
    help: "end once the broker has confirmed the subscriptions",
    group: MESSAGES,
  },
  {
    name: "no-retained",
    short: "R",
    help: "show no retained messages, which are not new",
    group: MESSAGES,
  },
  {
    name: "retained-only",
    help: "show retained messages alone, and end at the first that is new",
    group: MESSAGES,
  },
  {
    name: "remove-retained",
    help:
      "remove from the broker each retained message that comes; -T spares some",
    group: MESSAGES,
  },
  {
    name: "retain-as-published",
    help: "keep the retain flag of those who published (MQTT 5)",
    group: MESSAGES,
  },
  {
    name: "no-local",
    help: "receive nothing that this client has published (MQTT 5)",
    group: MESSAGES,
  },
  {
    name: "retain-handling",
    value: "HOW",
    help:
      "retained messages: always, new (only if the subscription is new) or never (MQTT 5)",
    defaultText: "always",
    group: MESSAGES,
  },
  {
    name: "random-filter",
    value: "PERCENT",
    help: "show that share of the messages, picked at random",
    group: MESSAGES,
  },
  {
    name: "verbose",
    short: "v",
    help: "show the topic before each message",
    group: OUTPUT,
  },
  {
    name: "format",
    short: "F",
    value: "FORMAT",
    allowsEmpty: true,
    help:
      "how to show messages, as mosquitto_sub does: %t topic, %p payload, %x %X the same in hexadecimal, %j %J all as " +
      "JSON, %q QoS, %r retain, %l length, %m packet identifier, %I time, %U Unix time, %C content type, " +
      "%D correlation data, %E expiry, %F payload format, %R response topic, %S subscription identifier, " +
      "%A topic alias, %P user properties, %% a percent sign; %-10t, %10.5t and %08l for width; @Y, @H and the like " +
      "for the time as strftime has it; \\n, \\t and the like",
    group: OUTPUT,
  },
  {
    name: "pretty",
    help: "indent JSON: of %j and %J, and of payloads",
    defaultText: "on a terminal, payloads",
    group: OUTPUT,
  },
  {
    name: "raw",
    help: "show payloads on a terminal as they are, too",
    group: OUTPUT,
  },
  {
    name: "no-newline",
    short: "N",
    help: "put no line end behind messages",
    group: OUTPUT,
  },
  {
    name: "output",
    short: "o",
    value: "FILE",
    help: "append messages to a file, in place of standard output",
    group: OUTPUT,
  },
  ...CLIENT_FLAGS,
];
