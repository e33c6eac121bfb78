/** The one table of settings, from which checks, defaults, `--help`, variables and `config reference` come. */

import {
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
} from "../../core/log.ts";
import { DEFAULT_CONTROL, DEFAULT_DATA } from "./data_folder.ts";
import { LIMIT_SETTINGS } from "./limits.ts";
import { LOG_FILE_SETTINGS } from "./log.ts";
import { METRICS_SETTINGS } from "./metrics.ts";
import { OTLP_SETTINGS } from "./otlp.ts";
import { QUEUE_SETTINGS } from "./queues.ts";
import {
  choice,
  type DefaultedSetting,
  list,
  path,
  type Setting,
  type SettingValue,
  SWITCH,
} from "./setting.ts";
import { STORE_SETTINGS } from "./store.ts";

/** The settings that stand for themselves, beside those of listeners and users. */
export const SETTINGS = {
  allowAnonymous: {
    name: "allow_anonymous",
    flag: "allow-anonymous",
    help:
      "let in who does not show who it is, also at an address that is not a loopback one",
    example: "true",
    defaultText: "true on loopback without users, else false",
    takesEffect: "now",
    ...SWITCH,
  } as Setting<boolean>,
  users: {
    name: "users",
    flag: "users",
    placeholder: "FILE",
    help: "the password file; mailboxqtt passwd makes it",
    example: "/etc/mailboxqtt/users",
    defaultText: "none",
    isPath: true,
    takesEffect: "now",
    ...path("file"),
  } as Setting<string>,
  rules: {
    name: "rules",
    flag: "rules",
    placeholder: "FILE",
    help:
      "the file that says who may publish and subscribe to what; without it all may do everything",
    example: "/etc/mailboxqtt/rules",
    defaultText: "none",
    isPath: true,
    takesEffect: "now",
    ...path("file"),
  } as Setting<string>,
  data: {
    name: "data",
    flag: "data",
    placeholder: "FOLDER",
    example: "/var/lib/mailboxqtt",
    help: "where sessions and messages are kept; none for memory only",
    defaultText: DEFAULT_DATA,
    isPath: true,
    takesEffect: "at restart",
    ...path("folder"),
  } as Setting<string>,
  requireStore: {
    name: "require_store",
    flag: "require-store",
    help: "the same as --when-store-unusable stop",
    example: "true",
    defaultText: "false",
    default: false,
    takesEffect: "at restart",
    ...SWITCH,
  } as DefaultedSetting<boolean>,
  whenStoreUnusable: STORE_SETTINGS.whenUnusable,
  control: {
    name: "control",
    flag: "control",
    placeholder: "FILE",
    example: "/run/mailboxqtt/control.sock",
    help: "the socket for status, clients, reload and the like; none for none",
    defaultText: DEFAULT_CONTROL,
    isPath: true,
    takesEffect: "at restart",
    ...path("file"),
  } as Setting<string>,
  metrics: METRICS_SETTINGS.listen,
  metricsToken: METRICS_SETTINGS.token,
  sysInterval: METRICS_SETTINGS.sysInterval,
  otlpEndpoint: OTLP_SETTINGS.endpoint,
  otlpInterval: OTLP_SETTINGS.interval,
  otlpTraces: OTLP_SETTINGS.traces,
  durability: STORE_SETTINGS.durability,
  longestWait: STORE_SETTINGS.longestWait,
  ballast: STORE_SETTINGS.ballast,
  queueFull: QUEUE_SETTINGS.one,
  allQueuesFull: QUEUE_SETTINGS.all,
  logLevel: {
    name: "log.level",
    flag: "log-level",
    placeholder: "LEVEL",
    example: "debug",
    help: `what is logged: ${list(LOG_LEVELS)}`,
    defaultText: "info",
    default: "info",
    takesEffect: "now",
    ...choice(LOG_LEVELS),
  } as DefaultedSetting<LogLevel>,
  logFormat: {
    name: "log.format",
    flag: "log-format",
    placeholder: "FORMAT",
    example: "json",
    help:
      "how it is logged: text for people, json for machines, journal for systemd's",
    defaultText: "journal where systemd reads the log, else text",
    takesEffect: "at restart",
    ...choice(LOG_FORMATS),
  } as Setting<LogFormat>,
  logFile: LOG_FILE_SETTINGS.file,
  logFileSize: LOG_FILE_SETTINGS.size,
  logFiles: LOG_FILE_SETTINGS.files,
} as const;

/** The name of one of {@linkcode SETTINGS} in the code. */
export type SettingKey = keyof typeof SETTINGS;

/** The values of {@linkcode SETTINGS} after all sources were read. */
export type SettingValues = {
  readonly [Key in SettingKey]: SettingValue<typeof SETTINGS[Key]>;
};

/** All of them, in the order in which they are shown. */
export const ALL_SETTINGS: readonly Setting[] = [
  ...Object.values<Setting>(SETTINGS),
  ...Object.values<Setting>(LIMIT_SETTINGS),
];

/** The variable of the environment that says the same as a key of the file. */
export function variableOf(name: string): string {
  return `MAILBOXQTT_${name.replaceAll(/[.-]/g, "_").toUpperCase()}`;
}
