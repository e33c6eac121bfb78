import { StartError } from "../core/errors.ts";
import { type AdjustableLog, LOG_LEVELS } from "../core/log.ts";
import type { ControlHandler, ControlRequest } from "./control_server.ts";
import type { Health } from "./health.ts";
import type { SessionInfo } from "./session_info.ts";
import type { StatusInfo } from "./status_info.ts";
import type { TracePlan } from "./trace_plan.ts";

/** The broker, as the control socket needs it. */
export interface ControlledBroker {
  /** How it is. */
  status(): StatusInfo;
  /** Whether it is well. */
  health(): Promise<Health>;
  /** All sessions, online or not. */
  sessions(): Promise<readonly SessionInfo[]>;
  /** Ends a client's connection; says whether it had one. */
  disconnect(clientId: string): Promise<boolean>;
  /** Gives a session to a user; says whether there is one. */
  adopt(clientId: string, user: string): Promise<boolean>;
  /** Ends a session; says whether there was one. */
  deleteSession(clientId: string): Promise<boolean>;
  /** Reads the configuration again, and says in a sentence what has changed. Throws a StartError where it is faulty. */
  reload(): Promise<string>;
  /** Says whether somebody may do something, and why. */
  explain(request: ExplainRequest): unknown;
  /** What it traces. */
  readonly tracing: TraceSwitch;
  /** Its log. */
  readonly log: AdjustableLog;
}

/** Switches what a broker traces; each answer is a sentence or two. */
export interface TraceSwitch {
  /** Traces for so many milliseconds. Rejects with a StartError where there is nowhere to send traces to. */
  traceOn(plan: TracePlan, milliseconds: number): Promise<string>;
  /** Traces nothing any more. */
  traceOff(): Promise<string>;
  /** What is traced. */
  traceStatus(): string;
}

/** What somebody wants to know the answer to. */
export interface ExplainRequest {
  /** The user; `undefined` for an anonymous client. */
  readonly user: string | undefined;
  /** The client identifier. */
  readonly clientId: string;
  /** What is to be done. */
  readonly action: "publish" | "subscribe" | "receive";
  /** To which topic or topic filter. */
  readonly topic: string;
}

/** For how long something is traced, in milliseconds: at least, at most, and where nothing is said. */
export const TRACE_TIME = { least: 1000, most: 86_400_000, given: 600_000 };

const ACTIONS = ["publish", "subscribe", "receive"] as const;

/** What can be asked for on the control socket. */
export function controlCommands(
  broker: ControlledBroker,
): ReadonlyMap<string, ControlHandler> {
  return new Map<string, ControlHandler>([
    ["status", () => broker.status()],
    ["health", () => broker.health()],
    ["sessions", () => broker.sessions()],
    ["disconnect", async (request) => {
      const clientId = text(request, "clientId");
      if (await broker.disconnect(clientId)) {
        return `Client ${JSON.stringify(clientId)} is disconnected`;
      }
      throw new StartError(
        `Cannot disconnect ${JSON.stringify(clientId)}: it is not connected`,
      );
    }],
    ["adopt", async (request) => {
      const clientId = text(request, "clientId");
      const user = text(request, "user");
      if (await broker.adopt(clientId, user)) {
        return `Session ${JSON.stringify(clientId)} belongs to ${
          JSON.stringify(user)
        } now`;
      }
      throw noSession(clientId);
    }],
    ["delete", async (request) => {
      const clientId = text(request, "clientId");
      if (await broker.deleteSession(clientId)) {
        return `Session ${JSON.stringify(clientId)} is ended`;
      }
      throw noSession(clientId);
    }],
    ["reload", () => broker.reload()],
    ["log-level", (request) => {
      const level = choice(request, "level", LOG_LEVELS);
      broker.log.level = level;
      return `The broker logs ${level} and above`;
    }],
    ["trace-on", (request) =>
      broker.tracing.traceOn(
        {
          clientId: optionalText(request, "clientId"),
          topic: optionalText(request, "topic"),
          share: optionalNumber(request, "share", { least: 0, most: 1 }),
        },
        optionalNumber(request, "milliseconds", TRACE_TIME) ?? TRACE_TIME.given,
      )],
    ["trace-off", () => broker.tracing.traceOff()],
    ["trace-status", () => broker.tracing.traceStatus()],
    ["explain", (request) =>
      broker.explain({
        user: optionalText(request, "user"),
        clientId: text(request, "clientId"),
        action: choice(request, "action", ACTIONS),
        topic: text(request, "topic"),
      })],
  ]);
}

function noSession(clientId: string): StartError {
  return new StartError(
    `Cannot find a session of client ${JSON.stringify(clientId)}`,
  );
}

function text(request: ControlRequest, name: string): string {
  const value = request[name];
  if (typeof value === "string") return value;
  throw new StartError(`Cannot read the request: ${name} must be a text`);
}

function optionalText(
  request: ControlRequest,
  name: string,
): string | undefined {
  return request[name] === undefined ? undefined : text(request, name);
}

function optionalNumber(
  request: ControlRequest,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const value = request[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= least && value <= most) {
    return value;
  }
  throw new StartError(
    `Cannot read the request: ${name} must be a number from ${least} to ${most}`,
  );
}

function choice<Value extends string>(
  request: ControlRequest,
  name: string,
  allowed: readonly Value[],
): Value {
  const value = text(request, name);
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new StartError(
    `Cannot take ${name} ${JSON.stringify(value)}: allowed are ${
      allowed.join(", ")
    }`,
  );
}
