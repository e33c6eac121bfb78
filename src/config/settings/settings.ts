/** What the broker was told, by configuration file, environment and flags: all that its start and a reload go by. */

import type { CertificateIdentity } from "../../auth/methods/certificate.ts";
import type { Limits } from "../../core/limits.ts";
import type { LogFormat, LogLevel } from "../../core/log.ts";
import type { ScopedLimits } from "../../core/scoped_limits.ts";
import type { QueuePolicies } from "../../session/queue_policy.ts";
import type { ListenerSettings } from "../../transport/listener_settings.ts";
import type { MetricsAddress } from "./metrics.ts";
import type { StoreSettings } from "./store.ts";

/** Which part of a client's certificate is the user's name; `none` where it makes nobody a user. */
export const LISTENER_IDENTITIES = [
  "cn",
  "san-dns",
  "san-uri",
  "san-email",
  "none",
] as const satisfies readonly (CertificateIdentity | "none")[];

/** One of {@linkcode LISTENER_IDENTITIES}. */
export type ListenerIdentity = typeof LISTENER_IDENTITIES[number];

/** All there is to say about one listener. */
export interface ListenerPlan {
  /** Its address without settings, by which a reload knows it again: `mqtts://0.0.0.0:8883`. */
  readonly url: string;
  /** Where and how it listens. */
  readonly transport: ListenerSettings;
  /** Whether clients come in that do not show who they are: what was said, or else what follows from the rest. */
  readonly allowAnonymous: boolean;
  /** The password file of its users. */
  readonly users: string | undefined;
  /** Which part of a client's certificate is the user's name. */
  readonly identity: ListenerIdentity;
  /** Whether a password is asked for beside a certificate. */
  readonly withPassword: boolean;
  /** What all its clients may use, and what each may. */
  readonly limits: ScopedLimits;
}

/** All settings of the broker. Each file name in them stands as it can be opened from the working folder. */
export interface Settings {
  /** The configuration file that was read, if one was. */
  readonly file: string | undefined;
  /** Where to listen: at least one. */
  readonly listeners: readonly ListenerPlan[];
  /** The file with the access rules. */
  readonly rules: string | undefined;
  /** The folder in which sessions and messages are kept, or `none`; `undefined` where that is not said. */
  readonly data: string | undefined;
  /** Whether to start only if things can be kept. */
  readonly requireStore: boolean;
  /** The control socket's file, or `none`; `undefined` where that is not said. */
  readonly control: string | undefined;
  /** Where figures are served; `undefined` for nowhere. */
  readonly metrics: MetricsAddress | undefined;
  /** The file with the token that is to be shown for them. */
  readonly metricsToken: string | undefined;
  /** Milliseconds between two times at which is told below `$SYS` what the broker does; 0 for never. */
  readonly sysInterval: number;
  /** Where figures are sent by OTLP; `undefined` for nowhere. */
  readonly otlpEndpoint: string | undefined;
  /** Milliseconds between two times at which they are. */
  readonly otlpInterval: number;
  /** The share of publishes that are traced there, from 0 to 1. */
  readonly otlpTraces: number;
  /** How they are kept there. */
  readonly store: StoreSettings;
  /** What becomes of messages where there are too many. */
  readonly queuePolicies: QueuePolicies;
  /** The limits of the whole broker. */
  readonly limits: Limits;
  /** The limits of users, by their names. */
  readonly userLimits: ReadonlyMap<string, ScopedLimits>;
  /** The lowest level that is logged. */
  readonly logLevel: LogLevel;
  /** How log lines look. */
  readonly logFormat: LogFormat;
  /** The file that they go to; `undefined` for standard error. */
  readonly logFile: string | undefined;
  /** Bytes after which another one is begun. */
  readonly logFileSize: number;
  /** How many are kept beside it. */
  readonly logFiles: number;
}
