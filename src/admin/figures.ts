// The one table of what the broker tells about itself in numbers. Prometheus and OpenTelemetry show all of it.

import { cpuUsage } from "node:process";
import type { LoginThrottleCounts } from "../auth/throttle/login_throttle.ts";
import { type DoorState, urlOf } from "../connection/doors.ts";
import type { ByDisk, Counters } from "../core/counters.ts";
import type { Histogram } from "../core/histogram.ts";
import type { Uptime } from "../core/uptime.ts";
import type { Figure, HistogramFigure, NumberFigure } from "./figure.ts";
import {
  byLabel,
  byQos,
  counter,
  durations,
  gauge,
  named,
  sample,
} from "./make_figure.ts";

/** What figures are read from. */
export interface FiguresSource {
  /** What the broker counts. */
  readonly counters: Counters;
  /** Its listeners, each as it is now. */
  readonly doors: () => readonly DoorState[];
  /** What is the matter now: each alarm's name with a sentence. */
  readonly alarms: () => readonly (readonly [string, string])[];
  /** What guessing at passwords has come to; `undefined` where nobody logs in. */
  readonly damping: () => Readonly<LoginThrottleCounts> | undefined;
  /** Bytes that messages cost now, about, and those at which publishers are made to wait. */
  readonly memory: () => { readonly bytes: number; readonly ceiling: number };
  /** By how much timers came late; left out, nobody looks. */
  readonly loopDelay?: Histogram;
  /** The program's version. */
  readonly version: string;
  /** How long it has run. */
  readonly uptime: Uptime;
}

/** All figures of a broker. */
export function figuresOf(source: FiguresSource): readonly Figure[] {
  return [
    ...clientFigures(source),
    ...trafficFigures(source),
    ...refusalFigures(source),
    ...stateFigures(source),
    ...diskFigures(source),
    ...durationFigures(source),
    ...processFigures(source),
  ];
}

function clientFigures({ counters, doors }: FiguresSource): NumberFigure[] {
  return [
    gauge(
      "connections",
      "Connections open now, those that have sent no CONNECT yet included.",
      () => counters.connectionsNow,
    ),
    counter(
      "connections_accepted_total",
      "Connections that listeners have accepted.",
      () => counters.connectionsTotal,
    ),
    {
      ...named("listener_connections", "Connections open now, by listener."),
      type: "gauge",
      read: () =>
        doors().map((door) =>
          sample({ listener: urlOf(door) }, door.connections)
        ),
    },
    {
      ...named(
        "listener_up",
        "1 for a listener that listens, 0 for one that waits for its address.",
      ),
      type: "gauge",
      read: () =>
        doors().map((door) =>
          sample({ listener: urlOf(door) }, door.address === undefined ? 0 : 1)
        ),
    },
    {
      ...named(
        "certificate_expiry_days",
        "Days until a listener's certificate expires, below 0 afterwards.",
      ),
      type: "gauge",
      read: () =>
        doors().flatMap((door) =>
          door.certificateDays === undefined
            ? []
            : [sample({ listener: urlOf(door) }, door.certificateDays)]
        ),
    },
    gauge("clients", "Clients connected now.", () => counters.clientsNow),
    counter(
      "clients_accepted_total",
      "Clients whose CONNECT was accepted.",
      () => counters.clientsTotal,
    ),
    gauge(
      "sessions",
      "Sessions held now, with or without a connection.",
      () => counters.sessionsNow,
    ),
    gauge(
      "subscriptions",
      "Subscriptions held now.",
      () => counters.subscriptionsNow,
    ),
  ];
}

function trafficFigures({ counters }: FiguresSource): NumberFigure[] {
  return [
    counter(
      "bytes_received_total",
      "Bytes read from clients.",
      () => counters.bytesReceived,
    ),
    counter(
      "bytes_sent_total",
      "Bytes written to clients.",
      () => counters.bytesSent,
    ),
    counter(
      "packets_received_total",
      "Packets of every type from clients.",
      () => counters.packetsReceived,
    ),
    counter(
      "packets_sent_total",
      "Packets of every type to clients.",
      () => counters.packetsSent,
    ),
    byQos(
      "messages_received_total",
      "PUBLISH packets from clients, by QoS.",
      counters.messagesReceived,
    ),
    byQos(
      "messages_sent_total",
      "PUBLISH packets to clients, by QoS.",
      counters.messagesSent,
    ),
  ];
}

function refusalFigures(
  { counters, damping }: FiguresSource,
): NumberFigure[] {
  return [
    byLabel(
      "messages_dropped_total",
      "Messages that a subscriber has missed or that were not retained, by cause.",
      "cause",
      counters.dropped,
    ),
    byLabel(
      "connections_refused_total",
      "Connections refused before they became clients, by cause.",
      "cause",
      counters.refused,
    ),
    byLabel(
      "clients_disconnected_total",
      "Ended connections of clients, by cause; slow_consumer for those that read nothing.",
      "cause",
      counters.disconnected,
    ),
    byLabel(
      "denied_total",
      "What the access rules denied, by action.",
      "action",
      counters.denied,
    ),
    {
      ...named(
        "logins_failed_total",
        "Logins that failed, since user name or password was wrong or since there had been too many failures before.",
      ),
      type: "counter",
      read: () => [
        sample({ cause: "wrong" }, damping()?.failures ?? 0),
        sample({ cause: "banned" }, damping()?.refused ?? 0),
      ],
    },
    counter(
      "bans_total",
      "Times at which an address or a user began to be refused for a while, after too many failures.",
      () => damping()?.bans ?? 0,
    ),
    counter(
      "subscriptions_refused_total",
      "Filters refused since the client had as many subscriptions as it may.",
      () => counters.subscriptionsRefused,
    ),
    {
      ...named(
        "slowed_total",
        "Connections that had to wait before they were served, and times at which a client was not read for a while, " +
          "since there were more than there may be in a second.",
      ),
      type: "counter",
      read: () => [
        sample({ action: "connect" }, counters.connectsSlowed),
        sample({ action: "publish" }, counters.publishersSlowed),
      ],
    },
    {
      ...named(
        "pauses_total",
        "Times at which publishers had to wait, by what had no room.",
      ),
      type: "counter",
      read: () => [
        sample({ cause: "memory" }, counters.memoryPauses),
        sample({ cause: "disk" }, counters.diskPauses),
        sample({ cause: "queues" }, counters.queuePauses),
      ],
    },
    {
      ...named(
        "publishes_refused_total",
        "PUBLISH packets refused, by what had no room for them.",
      ),
      type: "counter",
      read: () => [
        sample({ cause: "disk" }, counters.diskRefusals),
        sample({ cause: "queue" }, counters.queueRefusals),
      ],
    },
    counter(
      "tls_failures_total",
      "TLS handshakes that came to nothing, and clients whose certificate was not good.",
      () => counters.tlsFailures,
    ),
    counter(
      "log_lines_lost_total",
      "Lines that the log could not write.",
      () => counters.logLinesLost,
    ),
  ];
}

function stateFigures(
  { counters, alarms, memory }: FiguresSource,
): NumberFigure[] {
  return [
    gauge(
      "retained_messages",
      "Retained messages held now.",
      () => counters.retainedNow,
    ),
    gauge(
      "retained_bytes",
      "Memory that retained messages take now.",
      () => counters.retainedBytesNow,
    ),
    gauge(
      "queued_messages",
      "Messages waiting in sessions now.",
      () => counters.queuedNow,
    ),
    {
      ...named(
        "queued_bytes",
        "Bytes of the messages waiting in sessions now, by where they are.",
      ),
      type: "gauge",
      read: () => [
        sample({ place: "memory" }, counters.queuedBytesNow),
        sample({ place: "store" }, counters.storedBytesNow),
      ],
    },
    gauge(
      "full_queues",
      "Queues of clients and shared groups that are full now, so that messages are dropped: slow consumers.",
      () => counters.fullQueuesNow,
    ),
    gauge(
      "inflight_bytes",
      "Bytes of messages that clients were sent and have not acknowledged.",
      () => counters.inflightBytesNow,
    ),
    gauge(
      "message_memory_bytes",
      "Memory that messages take now, about: being read, waiting, sent, retained, and not yet written.",
      () => memory().bytes,
    ),
    gauge(
      "message_memory_ceiling_bytes",
      "The memory ceiling: publishers wait while messages take more.",
      () => memory().ceiling,
    ),
    {
      ...named(
        "alarms",
        "What the operator should do something about, by alarm; the sentences are in $SYS/broker/alarm and in status.",
      ),
      type: "gauge",
      read: () =>
        [...Map.groupBy(alarms(), ([alarm]) => alarm)].map((
          [alarm, matters],
        ) => sample({ alarm }, matters.length)),
    },
  ];
}

function diskFigures({ counters }: FiguresSource): NumberFigure[] {
  const total = (name: string, help: string, key: keyof ByDisk) =>
    counter(name, help, () => counters.diskTotal[key]);
  return [
    total(
      "store_written_bytes_total",
      "Bytes that the store has written to the disk since it was made.",
      "bytes",
    ),
    total(
      "store_fsyncs_total",
      "Times at which the store has told the disk to keep what it was given, since it was made.",
      "fsyncs",
    ),
    gauge(
      "store_written_bytes_this_day",
      "Bytes that the store has written to the disk this day so far.",
      () => counters.diskThisDay.bytes,
    ),
  ];
}

function durationFigures(
  { counters, loopDelay }: FiguresSource,
): HistogramFigure[] {
  const figures = [
    durations(
      "publish_duration_seconds",
      "From the reading of packets until all of them were routed; a sample of one in sixteen reads.",
      counters.routing,
    ),
    durations(
      "commit_duration_seconds",
      "How long a commit of the store took.",
      counters.committing,
    ),
  ];
  if (loopDelay !== undefined) {
    figures.push(durations(
      "event_loop_delay_seconds",
      "By how much timers came late: for so long nobody was served.",
      loopDelay,
    ));
  }
  return figures;
}

function processFigures({ version, uptime }: FiguresSource): NumberFigure[] {
  return [
    {
      ...named("build_info", "1, with what the program is."),
      type: "gauge",
      read: () => [sample({ version, deno: Deno.version.deno }, 1)],
    },
    gauge(
      "start_time_seconds",
      "When the broker started, in seconds since the epoch.",
      () => uptime.startedAt / 1000,
    ),
    counter(
      "cpu_seconds_total",
      "CPU time that the process has used.",
      () => {
        const { user, system } = cpuUsage();
        return (user + system) / 1_000_000;
      },
    ),
    gauge(
      "resident_memory_bytes",
      "Memory that the process has.",
      () => Deno.memoryUsage().rss,
    ),
    gauge(
      "heap_bytes",
      "Memory that JavaScript objects take in the broker's main thread.",
      () => Deno.memoryUsage().heapUsed,
    ),
  ];
}
