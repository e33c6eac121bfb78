/** What the broker was told, by configuration file, environment and flags: all that its start and a reload go by. */

import type { CertificateIdentity } from "../../auth/methods/certificate.ts";
import type { Limits } from "../../core/limits.ts";
import type { LogFormat } from "../../core/log.ts";
import type { ScopedLimits } from "../../core/scoped_limits.ts";
import type { QueuePolicies } from "../../session/queue_policy.ts";
import type { ListenerSettings } from "../../transport/listener_settings.ts";
import type { StoreSettings, UnusableStorePolicy } from "./store.ts";
import type { SettingValues } from "./table.ts";

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

/** What stands in {@linkcode Settings} under another name, or at each listener. */
export type Elsewhere =
  | "allowAnonymous"
  | "users"
  | "durability"
  | "longestWait"
  | "ballast"
  | "queueFull"
  | "allQueuesFull"
  | "logFormat";

/** What to do where nothing can be kept, by both settings that say so. */
export function unusablePolicy(
  settings: Pick<Settings, "requireStore" | "whenStoreUnusable">,
): UnusableStorePolicy {
  return settings.requireStore ? "stop" : settings.whenStoreUnusable;
}

/** All settings of the broker. Each file name in them stands as it can be opened from the working folder. */
export interface Settings extends Omit<SettingValues, Elsewhere> {
  /** The configuration file that was read, if one was. */
  readonly file: string | undefined;
  /** Where to listen: at least one. */
  readonly listeners: readonly ListenerPlan[];
  /** How things are kept in the data folder. */
  readonly store: StoreSettings;
  /** What becomes of messages where there are too many. */
  readonly queuePolicies: QueuePolicies;
  /** The limits of the whole broker. */
  readonly limits: Limits;
  /** The limits of users, by their names. */
  readonly userLimits: ReadonlyMap<string, ScopedLimits>;
  /** How log lines look. */
  readonly logFormat: LogFormat;
}
