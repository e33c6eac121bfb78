import type { SessionInfo } from "../../admin/session_info.ts";
import { EXIT } from "../../core/errors.ts";
import { columns, printable } from "../../terminal/columns.ts";
import { ask, ASK_FLAGS } from "./flags.ts";
import { type FlagInfo, parseFlags } from "../../terminal/flags.ts";
import { formatBytes, formatTime } from "../../terminal/human.ts";
import { print } from "../../terminal/output.ts";

/** The flags of `clients` and `session list`. */
export const LIST_FLAGS: readonly FlagInfo[] = [
  ...ASK_FLAGS,
  { name: "json", help: "write one JSON array, for machines" },
];

/** The command `clients`: who is connected. */
export async function clients(args: readonly string[]): Promise<number> {
  const given = parseFlags(args, LIST_FLAGS);
  const sessions = (await ask(given, "sessions") as SessionInfo[])
    .filter(({ connection }) => connection !== null);
  if (given.switches.has("json")) print(`${JSON.stringify(sessions)}\n`);
  else {
    print(columns([
      [
        "CLIENT",
        "USER",
        "ADDRESS",
        "LISTENER",
        "SINCE",
        "MQTT",
        "SUBSCRIPTIONS",
        "IN FLIGHT",
        "QUEUED",
        "BYTES",
      ],
      ...sessions.map(({ connection, ...session }) => [
        printable(session.clientId),
        printable(session.owner ?? "-"),
        connection!.address,
        connection!.listener,
        formatTime(connection!.since),
        connection!.protocol,
        `${session.subscriptions}`,
        `${session.inflight}`,
        `${session.queued.messages}`,
        formatBytes(session.queued.bytes),
      ]),
    ], [6, 7, 8, 9]));
  }
  return EXIT.ok;
}

/** The command `session list`: all that the broker remembers of clients, online or not. */
export async function sessionList(args: readonly string[]): Promise<number> {
  const given = parseFlags(args, LIST_FLAGS);
  const sessions = await ask(given, "sessions") as SessionInfo[];
  if (given.switches.has("json")) print(`${JSON.stringify(sessions)}\n`);
  else {
    print(columns([
      [
        "CLIENT",
        "OWNER",
        "OFFLINE SINCE",
        "EXPIRES AFTER",
        "SUBSCRIPTIONS",
        "IN FLIGHT",
        "QUEUED",
        "BYTES",
      ],
      ...sessions.map((session) => [
        printable(session.clientId),
        printable(session.owner ?? "-"),
        session.offlineSince === null
          ? "online"
          : formatTime(session.offlineSince),
        session.expiryInterval === null
          ? "never"
          : `${session.expiryInterval} s`,
        `${session.subscriptions}`,
        `${session.inflight}`,
        `${session.queued.messages}`,
        formatBytes(session.queued.bytes),
      ]),
    ], [4, 5, 6, 7]));
  }
  return EXIT.ok;
}
