import { ASK_FLAGS } from "./flags.ts";
import { type Command, commandGroup } from "../../terminal/command.ts";
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

/** The command `trace`. */
export const TRACE_COMMAND: Command = commandGroup(
  "trace",
  "follow publishes on their way through the broker that runs",
  new Map<string, Command>([
    ["on", {
      summary: "send traces to the collector for a while",
      usage: "trace on [FLAGS]",
      about:
        "Has the broker that runs send traces to the collector of OpenTelemetry that otlp.endpoint names: how long " +
        "each publish waited, was routed, was stored and was on its way to each receiver. Name a client or a topic, " +
        "or a share where there is much; a trace of each publish costs a busy broker a lot.",
      flags: TRACE_ON_FLAGS,
      run: async (args) => (await import("./trace.ts")).traceOn(args),
    }],
    ["off", {
      summary: "send no more traces",
      usage: "trace off [FLAGS]",
      about:
        "Has the broker that runs trace nothing any more, also not the share that otlp.traces names, until its next " +
        "start, or until the configuration is loaded anew with another share.",
      flags: ASK_FLAGS,
      run: async (args) => (await import("./trace.ts")).traceOff(args),
    }],
    ["status", {
      summary: "say what is traced, and what was",
      usage: "trace status [FLAGS]",
      about: "Says what the broker that runs traces, and what it has sent.",
      flags: ASK_FLAGS,
      run: async (args) => (await import("./trace.ts")).traceStatus(args),
    }],
  ]),
);
