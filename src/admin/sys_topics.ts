import type { DoorState } from "../connection/doors.ts";
import { type Counters, sumOf } from "../core/counters.ts";
import type { Uptime } from "../core/uptime.ts";
import { snakeCase } from "./make_figure.ts";

/** What the messages below `$SYS` tell of. */
export interface SysSource {
  /** What the broker counts. */
  readonly counters: Counters;
  /** Its listeners, each as it is now. */
  readonly doors: () => readonly DoorState[];
  /** The program's version. */
  readonly version: string;
  /** How long it has run. */
  readonly uptime: Uptime;
}

/**
 * The messages below `$SYS/broker/`, each its topic's rest and a value: by mosquitto's names where they mean the same
 * (https://mosquitto.org/man/mosquitto-8.html), and what only this broker tells.
 */
export function sysTopics(
  { counters, doors, version, uptime }: SysSource,
): [string, number | string][] {
  const { clientsNow, sessionsNow } = counters;
  const { queuedNow, retainedNow } = counters;
  const seconds = Math.floor(uptime.milliseconds / 1000);
  return [
    ["version", `mailboxqtt version ${version}`],
    ["uptime", `${seconds} seconds`],
    ["bytes/received", counters.bytesReceived],
    ["bytes/sent", counters.bytesSent],
    ["clients/connected", clientsNow],
    ["clients/active", clientsNow],
    ["clients/disconnected", Math.max(0, sessionsNow - clientsNow)],
    ["clients/inactive", Math.max(0, sessionsNow - clientsNow)],
    ["clients/total", sessionsNow],
    ["clients/maximum", counters.connectionsPeak],
    ["heap/current", Deno.memoryUsage().heapUsed],
    ["messages/received", counters.packetsReceived],
    ["messages/sent", counters.packetsSent],
    ["messages/stored", queuedNow + retainedNow],
    ["publish/messages/received", sumOf(counters.messagesReceived)],
    ["publish/messages/sent", sumOf(counters.messagesSent)],
    ["publish/messages/dropped", total(counters.dropped)],
    ["retained messages/count", retainedNow],
    ["store/messages/count", queuedNow + retainedNow],
    [
      "store/messages/bytes",
      counters.queuedBytesNow + counters.storedBytesNow +
      counters.retainedBytesNow,
    ],
    ["subscriptions/count", counters.subscriptionsNow],
    ["queued/messages/count", queuedNow],
    ["queued/full", counters.fullQueuesNow],
    ["clients/slow_consumers", counters.disconnected.slowConsumer],
    ["disk/written/bytes", counters.diskTotal.bytes],
    ["disk/written/today", counters.diskThisDay.bytes],
    ["disk/fsyncs", counters.diskTotal.fsyncs],
    ...certificateDays(doors()),
    ...causes("publish/dropped", counters.dropped),
    ...causes("connections/refused", counters.refused),
    ...causes("clients/ended", counters.disconnected),
    ...causes("denied", counters.denied),
  ];
}

/** What mosquitto tells of as a load: how much came a minute, on average of the last ones. */
export function sysLoads(counters: Counters): [string, number][] {
  return [
    ["messages/received", counters.packetsReceived],
    ["messages/sent", counters.packetsSent],
    ["bytes/received", counters.bytesReceived],
    ["bytes/sent", counters.bytesSent],
    ["publish/received", sumOf(counters.messagesReceived)],
    ["publish/sent", sumOf(counters.messagesSent)],
    ["publish/dropped", total(counters.dropped)],
    ["sockets", counters.connectionsTotal],
    ["connections", counters.clientsTotal],
  ];
}

/** Days until the first of the listeners' certificates expires. */
function certificateDays(
  doors: readonly DoorState[],
): [string, number][] {
  const days = doors.flatMap(({ certificateDays }) => certificateDays ?? []);
  return days.length === 0 ? [] : [["certificate/days", Math.min(...days)]];
}

/** Those that came up. */
function causes(
  topic: string,
  counts: Readonly<Record<string, number>>,
): [string, number][] {
  return Object.entries(counts).filter(([, count]) => count > 0).map((
    [cause, count],
  ) => [`${topic}/${snakeCase(cause)}`, count]);
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
