import { deadline } from "@std/async/deadline";
import type { ControlServer } from "../admin/control_server.ts";
import type { Broker } from "../broker.ts";
import { Counters } from "../core/counters.ts";
import { EXIT, StartError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { Uptime } from "../core/uptime.ts";
import { AccessPlanner } from "./access/planner.ts";
import { announce } from "./announce.ts";
import type { ControlSocketOptions } from "./control_socket.ts";
import {
  controlSocket,
  processEnvironment,
} from "../config/settings/data_folder.ts";
import { defaultLimits } from "../config/default_limits.ts";
import { LogOutput } from "./logging/output.ts";
import { MetricsDoor } from "./telemetry/metrics_door.ts";
import { Reloader } from "./reload.ts";
import { passedSockets } from "./passed_sockets.ts";
import { endSignals, onReloadSignal, signalStatus } from "./signals.ts";
import type { Settings } from "../config/settings/settings.ts";
import { statusOf, supervise, whileStarting } from "./supervision.ts";
import { Systemd } from "./systemd.ts";
import { parseStart } from "../config/options.ts";
import { Telemetry } from "./telemetry/telemetry.ts";
import { VERSION } from "../terminal/version.ts";

/** Milliseconds that the broker has to say goodbye to its clients. */
const SHUTDOWN_TIME = 4_500;

/**
 * The start command: runs the broker until a signal or a fault ends it, and returns the exit status.
 * Throws a `StartError` for wrong arguments, or if it cannot listen or keep what it must.
 */
export async function start(args: readonly string[]): Promise<number> {
  const { settings: options, source } = await parseStart(
    args,
    defaultLimits(),
  );
  const counters = new Counters();
  const output = await LogOutput.open(options, counters);
  const { log } = output;

  const fault = faults(log);
  const planner = new AccessPlanner(log);
  const { plan, files, inForce } = await planner.plan(options);
  // Only now: wrong arguments are told at once, without loading the broker first.
  const { startBroker } = await import("./start_broker.ts");
  const systemd = Systemd.find(processEnvironment, log);
  const inherited = await passedSockets(log);
  const { broker, keeping, isOpen, tellStore } = await whileStarting(
    systemd,
    () =>
      startBroker(options, {
        listeners: plan.listeners,
        ...(inherited && { inherited }),
        userLimits: plan.userLimits,
        ...(plan.rights && { rights: plan.rights }),
        limits: options.limits,
        log,
        counters,
        durability: options.store.durability,
        ...(options.sysInterval > 0 && {
          sys: { interval: options.sysInterval, version: VERSION },
        }),
        queuePolicies: options.queuePolicies,
      }),
  );
  // Before anybody knows that it runs: what ends it from now on, ends it well.
  const signals = endSignals();
  inForce();
  const uptime = new Uptime();
  const metrics = new MetricsDoor({ broker, uptime, planner, log });
  // A reload that comes now waits for it.
  const served = metrics.change(options);
  const telemetry = new Telemetry({ broker, uptime, planner, log });
  const sent = telemetry.change(options);
  const reloader = new Reloader({
    source,
    settings: options,
    rules: files.rules,
    planner,
    broker,
    metrics,
    telemetry,
    log,
  });
  onReloadSignal(async () => {
    systemd?.reloading();
    output.reopen();
    await reloadAndTell(reloader, log);
    systemd?.ready(statusOf(broker));
  });
  await Promise.all([served, sent]);
  const folder = keeping.type === "folder" ? keeping.folder : undefined;
  const control = await openControl(
    { broker, folder, reloader, telemetry, log, uptime },
    isOpen ? controlSocket(folder) : controlSocket(undefined),
    options,
  );
  announce(log, broker.doors, options, keeping);
  for (const address of inherited?.leaveRest() ?? []) {
    log.warn("No listener has the address of a socket that was passed", {
      address,
    });
  }
  tellStore();
  const endSupervision = systemd && supervise(systemd, broker);

  const status = await Promise.race([
    broker.finished,
    fault,
    signals.first.then(async (signal) => {
      log.info("Ending: no new connections, and the clients are told", {
        signal,
      });
      endSupervision?.();
      systemd?.stopping();
      return await Promise.race([
        goodbye(broker, log),
        fault,
        signals.second.then(signalStatus),
      ]);
    }),
  ]);
  control?.close();
  await metrics.close();
  await telemetry.close();
  planner.close();
  log.info("Ended", { status });
  await output.finish();
  return status;
}

/** Opens the control socket, at `otherwise` where the settings do not say where; unless the settings say that there is to be none or nothing says where. */
async function openControl(
  options: Omit<ControlSocketOptions, "path">,
  otherwise: string | undefined,
  { control }: Settings,
): Promise<ControlServer | undefined> {
  if (control === "none") return undefined;
  const path = control ?? otherwise;
  if (path === undefined) return undefined;
  const { openControlSocket } = await import("./control_socket.ts");
  return await openControlSocket({ ...options, path });
}

/** Loads the settings anew, and tells what came of it. */
async function reloadAndTell(reloader: Reloader, log: Log): Promise<void> {
  try {
    for (const sentence of (await reloader.reload()).split("\n")) {
      log.info(sentence);
    }
  } catch (error) {
    if (!(error instanceof StartError)) {
      log.error("Fault while loading the settings anew", {
        error: asError(error),
      });
      return;
    }
    log.error("The new configuration is refused, and the old one stays");
    for (const line of error.message.split("\n")) log.error(line);
  }
}

async function goodbye(broker: Broker, log: Log): Promise<number> {
  try {
    await deadline(broker.shutdown(), SHUTDOWN_TIME);
  } catch (error) {
    if (!(error instanceof DOMException)) {
      log.error("Fault while ending", { error: asError(error) });
      return EXIT.internal;
    }
    log.warn("Not every client took its last bytes in time", {
      milliseconds: SHUTDOWN_TIME,
    });
  }
  return EXIT.ok;
}

/** Resolves to an exit status once an error comes up that nobody caught. */
function faults(log: Log): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const end = (event: Event, error: unknown): void => {
    event.preventDefault();
    log.error("Ending after a fault in the broker", { error: asError(error) });
    resolve(EXIT.internal);
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener(
    "unhandledrejection",
    (event) => end(event, event.reason),
  );
  return promise;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
