import type { ListenerInfo, StatusInfo } from "../../admin/status_info.ts";
import {
  type CountersSnapshot,
  DISCONNECTED_CAUSES,
  DROPPED_CAUSES,
  REFUSED_CAUSES,
  sumOf,
} from "../../core/counters.ts";
import { EXIT } from "../../core/errors.ts";
import {
  DURATION_BOUNDS,
  type HistogramSnapshot,
  quantile,
} from "../../core/histogram.ts";
import { ask, ASK_FLAGS } from "./flags.ts";
import { type FlagInfo, parseFlags } from "../../terminal/flags.ts";
import {
  formatBytes,
  formatDuration,
  formatTime,
} from "../../terminal/human.ts";
import { print } from "../../terminal/output.ts";
import { columns } from "../../terminal/columns.ts";

/** The flags of `status`. */
export const STATUS_FLAGS: readonly FlagInfo[] = [
  ...ASK_FLAGS,
  { name: "json", help: "write one JSON object, for machines" },
];

/** The command `status`: how the broker is. */
export async function status(args: readonly string[]): Promise<number> {
  const given = parseFlags(args, STATUS_FLAGS);
  const info = await ask(given, "status") as StatusInfo;
  print(
    given.switches.has("json")
      ? `${JSON.stringify(info)}\n`
      : asText(info, Date.now()),
  );
  return EXIT.ok;
}

function asText(info: StatusInfo, now: number): string {
  const { counters } = info;
  const received = counters.messagesReceived;
  const sent = counters.messagesSent;
  return columns([
    ["version", info.version],
    [
      "runs since",
      `${formatTime(info.startedAt)}, for ${
        formatDuration(now - info.startedAt)
      }, with process id ${info.pid}`,
    ],
    ["configuration", info.configuration ?? "none"],
    ["data folder", info.folder ?? "none: everything is in memory only"],
    ...info.listeners.map((listener, at) => [
      at === 0 ? "listens on" : "",
      describeListener(listener),
    ]),
    [
      "clients",
      `${format(counters.clientsNow)} now, ${
        format(counters.clientsTotal)
      } in all`,
    ],
    ...info.alarms.map(({ alarm, sentence }, at) => [
      at === 0 ? "alarms" : "",
      `${alarm}: ${sentence}`,
    ]),
    ["memory", formatBytes(info.memory.rss)],
    ["sessions", format(counters.sessionsNow)],
    ["subscriptions", format(counters.subscriptionsNow)],
    ["retained messages", format(counters.retainedNow)],
    ["messages waiting", waiting(counters)],
    [
      "messages",
      `${format(sumOf(received))} received, ${format(sumOf(sent))} sent`,
    ],
    [
      "bytes",
      `${formatBytes(counters.bytesReceived)} received, ${
        formatBytes(counters.bytesSent)
      } sent`,
    ],
    ["routing", durations(counters.routing)],
    ["commits", durations(counters.committing)],
    ...causes("dropped", counters.dropped, DROPPED_CAUSES),
    ...causes("refused", counters.refused, REFUSED_CAUSES),
    ...causes("disconnected", counters.disconnected, DISCONNECTED_CAUSES),
  ]);
}

function waiting({ queuedNow, fullQueuesNow }: CountersSnapshot): string {
  return fullQueuesNow === 0
    ? format(queuedNow)
    : `${format(queuedNow)}; queues that are full: ${format(fullQueuesNow)}`;
}

function describeListener(
  { url, listening, connections, certificateDays }: ListenerInfo,
): string {
  const parts = [
    listening
      ? `${format(connections)} connections`
      : "waits for its address to be there",
  ];
  if (certificateDays !== null) {
    parts.push(`its certificate is good for ${certificateDays} days`);
  }
  return `${url} (${parts.join("; ")})`;
}

/** How long something took for most, and for nearly all. */
function durations(histogram: HistogramSnapshot): string {
  const within = (part: number) => {
    const seconds = quantile(DURATION_BOUNDS, histogram, part);
    if (seconds === undefined) return undefined;
    return seconds === Infinity
      ? `more than ${DURATION_BOUNDS.at(-1)} s`
      : `${seconds * 1000} ms`;
  };
  const half = within(0.5);
  if (half === undefined) return "none so far";
  return `half within ${half}, 99 of 100 within ${within(0.99)}`;
}

/** A line for each cause that came up. */
function causes<Cause extends string>(
  title: string,
  counts: Readonly<Record<Cause, number>>,
  names: Readonly<Record<Cause, string>>,
): [string, string][] {
  const found = (Object.keys(names) as Cause[])
    .filter((cause) => counts[cause] > 0);
  return found.map((cause, at) => [
    at === 0 ? title : "",
    `${format(counts[cause])}: ${names[cause]}`,
  ]);
}

function format(count: number): string {
  return count.toLocaleString("en");
}
