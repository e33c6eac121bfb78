import {
  controlCommands,
  type ControlledBroker,
  type TraceSwitch,
} from "../admin/control_commands.ts";
import { ControlServer } from "../admin/control_server.ts";
import { healthOf } from "../admin/health.ts";
import type { ConnectionInfo, SessionInfo } from "../admin/session_info.ts";
import type { Broker } from "../broker.ts";
import { describeError } from "../core/errors.ts";
import type { AdjustableLog } from "../core/log.ts";
import type { Uptime } from "../core/uptime.ts";
import { PROTOCOL_NAMES } from "../codec/packet.ts";
import { urlOf } from "../connection/doors.ts";
import type { SessionRecord } from "../router/session_admin.ts";
import type { Link } from "../session/session.ts";
import { explainAnswer } from "./explain_answer.ts";
import type { Reloader } from "./reload.ts";
import { VERSION } from "../terminal/version.ts";

/** What the control socket is about. */
export interface ControlSocketOptions {
  /** The socket's file. */
  readonly path: string;
  /** The broker. */
  readonly broker: Broker;
  /** Where it keeps things; `undefined` for memory only. */
  readonly folder: string | undefined;
  /** Loads its settings anew. */
  readonly reloader: Reloader;
  /** What it traces. */
  readonly telemetry: TraceSwitch;
  /** How long it has run. */
  readonly uptime: Uptime;
  /** Its log. */
  readonly log: AdjustableLog;
}

/** Opens the control socket. Where that cannot be, the broker goes on without, and the log says so. */
export async function openControlSocket(
  options: ControlSocketOptions,
): Promise<ControlServer | undefined> {
  const { path, log } = options;
  try {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (folder !== "") {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    }
    const handlers = controlCommands(controlled(options));
    return await ControlServer.start({ path, handlers, log });
  } catch (error) {
    log.warn("Running without a control socket", {
      error: describeError(error),
    });
    return undefined;
  }
}

function controlled(
  { broker, folder, reloader, telemetry, log, uptime }: ControlSocketOptions,
): ControlledBroker {
  return {
    log,
    status: () => ({
      version: VERSION,
      pid: Deno.pid,
      startedAt: uptime.startedAt,
      configuration: reloader.settings.file ?? null,
      folder: folder ?? null,
      listeners: broker.doors.map((door) => ({
        url: urlOf(door),
        listening: door.address !== undefined,
        connections: door.connections,
        certificateDays: door.certificateDays ?? null,
      })),
      counters: broker.counters.snapshot(),
      alarms: broker.alarms.alarms().map(([alarm, sentence]) => ({
        alarm,
        sentence,
      })),
      memory: Deno.memoryUsage(),
    }),
    health: () => healthOf(broker),
    sessions: async () =>
      (await broker.sessions.list()).map((record) =>
        sessionInfo(record, (time) => broker.machineTime(time))
      ),
    disconnect: (clientId) => broker.sessions.disconnect(clientId),
    adopt: (clientId, user) => broker.sessions.adopt(clientId, user),
    deleteSession: (clientId) => broker.sessions.delete(clientId),
    reload: () => reloader.reload(),
    tracing: telemetry,
    explain: (question) => explainAnswer(reloader.rules, question),
  };
}

function sessionInfo(
  record: SessionRecord,
  machineTime: (time: number) => number,
): SessionInfo {
  const { clientId, owner, link, offlineSince, expiryInterval } = record;
  return {
    clientId,
    owner: owner ?? null,
    connection: link === undefined ? null : connectionInfo(link, machineTime),
    offlineSince: offlineSince === undefined ? null : machineTime(offlineSince),
    expiryInterval: expiryInterval === Infinity ? null : expiryInterval,
    subscriptions: record.subscriptions,
    queued: { messages: record.queuedMessages, bytes: record.queuedBytes },
    inflight: record.inflight,
  };
}

function connectionInfo(
  link: Link,
  machineTime: (time: number) => number,
): ConnectionInfo {
  return {
    ...link.origin,
    since: machineTime(link.acceptedAt),
    protocol: PROTOCOL_NAMES[link.terms.version],
    keepAlive: link.keepAlive,
  };
}
