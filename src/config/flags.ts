import { formatAddress } from "../transport/listener_settings.ts";
import type { FlagInfo, ParsedFlags } from "../terminal/flags.ts";
import { faultsError, type Origin, valueFault } from "./given/fault.ts";
import { Given } from "./given/given.ts";
import { readGivenListener } from "./listeners/given.ts";
import { readGivenUser } from "./given/user.ts";
import { LIMITS_GROUP } from "./settings/limits.ts";
import { DEFAULT_LISTEN } from "./listeners/default.ts";
import { type Setting, SettingError } from "./settings/setting.ts";
import { SYSTEM_FILE } from "./settings/service_paths.ts";
import { ALL_SETTINGS } from "./settings/table.ts";

/** The configuration file in the working folder, which is read where none is named and the system has none. */
export const NEAR_FILE = "mailboxqtt.toml";

const LISTEN: FlagInfo = {
  name: "listen",
  value: "URL",
  example: formatAddress(DEFAULT_LISTEN.address),
  repeatable: true,
  help:
    "where to listen, with the listener's settings: mqtts://0.0.0.0:8883?certificate=a.pem&key=b.pem; may be given " +
    "more than once",
  defaultText: formatAddress(DEFAULT_LISTEN.address),
};

const USER: FlagInfo = {
  name: "user",
  value: "NAME?LIMIT=VALUE",
  example: "pump?max_connections=1&publishes_per_second=10",
  repeatable: true,
  help: "limits of one user; may be given more than once",
  group: LIMITS_GROUP,
};

/** The flag that names the configuration file. */
export const CONFIG: FlagInfo = {
  name: "config",
  value: "FILE",
  example: SYSTEM_FILE,
  help: "the configuration file; none for none",
  defaultText: `${SYSTEM_FILE}, else ${NEAR_FILE}, where there is one`,
};

/** The flags of the start command, in the order of its `--help`. */
export const START_FLAGS: readonly FlagInfo[] = [
  CONFIG,
  LISTEN,
  ...ALL_SETTINGS.map(flagOf),
  USER,
];

function flagOf(setting: Setting): FlagInfo {
  const { flag, placeholder, example, help, defaultText } = setting;
  const { repeatable, group } = setting;
  return {
    name: flag,
    help,
    ...(placeholder !== undefined && { value: placeholder, example }),
    ...(repeatable && { repeatable }),
    ...(group !== undefined && { group }),
    ...(placeholder !== undefined && defaultText !== undefined &&
      { defaultText }),
  };
}

/** The flags of the command `check`. */
export const CHECK_FLAGS: readonly FlagInfo[] = [
  ...START_FLAGS.slice(0, 1),
  { name: "json", help: "write one JSON object, for machines" },
  ...START_FLAGS.slice(1),
];

/** What mosquitto's flags are called here. */
const OF_MOSQUITTO: ReadonlyMap<string, readonly string[]> = new Map([
  ["-c", ["--config"]],
  ["-p", ["--listen"]],
  ["-v", ["--log-level", "debug"]],
]);

/** Arguments with mosquitto's flags `-c FILE`, `-p PORT` and `-v` written as ours. */
export function inOurFlags(args: readonly string[]): string[] {
  return args.flatMap((arg) => OF_MOSQUITTO.get(arg) ?? [arg]);
}

/**
 * What parsed arguments say, and which configuration file they name. Throws a `StartError` for the first thing that is
 * wrong with them.
 */
export function readStartFlags(
  flags: ParsedFlags,
): { readonly given: Given; readonly config: string | undefined } {
  const given = givenByFlags(flags);
  if (given.faults[0] !== undefined) throw faultsError([given.faults[0]]);
  return { given, config: flags.values.get("config")?.[0] };
}

function givenByFlags(
  { values, switches, switchedOff }: ParsedFlags,
): Given {
  const given = new Given();
  for (const setting of ALL_SETTINGS) {
    const { flag } = setting;
    const place = { type: "flag", flag } as const;
    const texts = switches.has(flag)
      ? ["true"]
      : switchedOff.has(flag)
      ? ["false"]
      : values.get(flag);
    if (texts === undefined) continue;
    try {
      given.set(setting, setting.parse(texts), place);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      given.refuse(
        setting,
        valueFault(place, setting.name, error.text, error.message),
      );
    }
  }
  readMany(
    given,
    values.get(LISTEN.name),
    values.get(USER.name) ?? [],
    (flag) => ({ type: "flag", flag }),
  );
  return given;
}

/** Reads the listeners and users that flags or variables give. */
export function readMany(
  given: Given,
  listeners: readonly string[] | undefined,
  users: readonly string[],
  placeOf: (name: "listen" | "user") => Origin,
): void {
  given.listeners = listeners?.flatMap((url) =>
    readGivenListener({ url, place: placeOf("listen") }, given.faults) ?? []
  );
  for (const text of users) {
    const user = readGivenUser(text, placeOf("user"), given.faults);
    if (user === undefined) continue;
    const [name, limits] = user;
    given.userLimits.set(name, { ...given.userLimits.get(name), ...limits });
  }
}
