// The commands that ask the broker that runs: who is connected, what it remembers, and what it is to do.

import { LIST_FLAGS } from "./clients.ts";
import { type Command, commandGroup } from "../../terminal/command.ts";
import {
  CONTROL_ACTIONS,
  type ControlAction,
  controlAction,
} from "./actions.ts";
import { EXPLAIN_FLAGS, EXPLAIN_USAGE } from "./explain_flags.ts";
import { ASK_FLAGS } from "./flags.ts";
import { HEALTH_FLAGS } from "./health_flags.ts";
import { STATUS_FLAGS } from "./status.ts";
import { TRACE_ON_FLAGS } from "./trace_flags.ts";

/** The commands of several words that begin with `session`. */
const SESSION_COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["list", {
    summary: "list all that is remembered of clients, online or not",
    usage: "session list [FLAGS]",
    about:
      "Lists all sessions of the broker that runs: whose they are, since when they are offline, and what waits " +
      "in them.",
    flags: LIST_FLAGS,
    run: async (args) => (await import("./clients.ts")).sessionList(args),
  }],
  [
    "adopt",
    action(
      CONTROL_ACTIONS.adopt,
      "CLIENT USER",
      "give a session to another user",
      "Gives the session of a client identifier, with its subscriptions and its queue, to this user: from then on " +
        "no other one may come with that client identifier. A client that is connected with it is ended.",
    ),
  ],
  [
    "delete",
    action(
      CONTROL_ACTIONS.delete,
      "CLIENT",
      "end a session, with all that waits in it",
      "Ends the session of a client identifier: its subscriptions and its queue are gone then. A client that is " +
        "connected with it is ended.",
    ),
  ],
]);

/** The commands of several words that begin with `trace`. */
const TRACE_COMMANDS: ReadonlyMap<string, Command> = new Map([
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
]);

/** The control commands by name. */
export const CONTROL_COMMANDS: readonly (readonly [string, Command])[] = [
  ["status", {
    summary: "show how the broker is that runs",
    usage: "status [FLAGS]",
    about:
      "Shows since when the broker runs, where it listens, who is connected, and what it has done.",
    flags: STATUS_FLAGS,
    run: async (args) => (await import("./status.ts")).status(args),
  }],
  ["health", {
    summary: "say whether the broker that runs is well, for supervisors",
    usage: "health [FLAGS]",
    about:
      "Ends with status 0 if the broker that runs answers, else with 1, and says what is the matter. With --ready it " +
      "also ends with 1 where a listener waits for its address or there is no room on the disk.",
    flags: HEALTH_FLAGS,
    run: async (args) => (await import("./health.ts")).health(args),
  }],
  ["clients", {
    summary: "list who is connected",
    usage: "clients [FLAGS]",
    about:
      "Lists who is connected to the broker that runs: from where, since when, how, and what waits for it.",
    flags: LIST_FLAGS,
    run: async (args) => (await import("./clients.ts")).clients(args),
  }],
  [
    "disconnect",
    action(
      CONTROL_ACTIONS.disconnect,
      "CLIENT",
      "end the connection of a client",
      "Ends the connection of a client of the broker that runs. It may come back.",
    ),
  ],
  [
    "session",
    commandGroup(
      "session",
      "list, give away or end what is remembered of clients",
      SESSION_COMMANDS,
    ),
  ],
  [
    "reload",
    action(
      CONTROL_ACTIONS.reload,
      "",
      "have the broker read its configuration again",
      "Has the broker that runs read its configuration, users, rules and certificates again, as SIGHUP does. Where " +
        "anything in them is wrong, nothing changes, and this command says what it is.",
    ),
  ],
  [
    "log-level",
    action(
      CONTROL_ACTIONS.logLevel,
      "LEVEL",
      "change what the broker logs, until its next start or reload",
      "Changes the level of the broker that runs to debug, info, warn or error, until its next start or reload.",
    ),
  ],
  [
    "trace",
    commandGroup(
      "trace",
      "follow publishes on their way through the broker that runs",
      TRACE_COMMANDS,
    ),
  ],
  ["explain", {
    summary: "say who may publish or subscribe to a topic, and by which rule",
    usage: EXPLAIN_USAGE,
    about:
      "Says whether a client may publish to a topic, subscribe to a topic filter, or be sent messages of a topic: by which " +
      "file, line and rule, and what would be needed. Ends with status 0 if it may, else with 1.",
    flags: EXPLAIN_FLAGS,
    run: async (args) => (await import("./explain.ts")).explain(args),
  }],
];

function action(
  what: ControlAction,
  operands: string,
  summary: string,
  about: string,
): Command {
  const usage = [what.name, operands, "[FLAGS]"].filter((part) => part !== "");
  return {
    summary,
    usage: usage.join(" "),
    about,
    flags: ASK_FLAGS,
    run: (args) => controlAction(what, args),
  };
}
