import { isSocket } from "../transport/protocols.ts";
import { LIMIT_INFO, LIMIT_KEYS, type Limits } from "../core/limits.ts";
import { processEnvironment } from "./settings/data_folder.ts";
import {
  byOrigin,
  type Fault,
  type Origin,
  subjectOf,
  valueFault,
} from "./given/fault.ts";
import type { Given, GivenListener } from "./given/given.ts";
import { Origins } from "./given/origins.ts";
import { LIMIT_SETTINGS } from "./settings/limits.ts";
import { DEFAULT_LISTEN, isExposed, isLoopback } from "./listeners/default.ts";
import { formatPeer } from "../transport/format_peer.ts";
import { formatAddress } from "../transport/listener_settings.ts";
import { formatQuantity } from "./settings/quantity.ts";
import type { Setting } from "./settings/setting.ts";
import type { ListenerPlan, Settings } from "./settings/settings.ts";
import { DEFAULT_BALLAST_SHARE } from "./settings/store.ts";
import { SETTINGS, type SettingValues, variableOf } from "./settings/table.ts";

/** Where the broker listens if it is not told. */
const DEFAULT_LISTENER: GivenListener = {
  url: formatAddress(DEFAULT_LISTEN.address),
  place: { type: "default" },
  transport: DEFAULT_LISTEN,
  allowAnonymous: undefined,
  users: undefined,
  identity: undefined,
  withPassword: undefined,
  limits: {},
  origins: new Map(),
};

/** Settings with where each was given, or what is wrong. */
export type Outcome =
  | {
    readonly settings: Settings;
    readonly origins: Origins;
    readonly faults?: undefined;
  }
  | { readonly faults: readonly Fault[]; readonly settings?: undefined };

/**
 * What was given, and for the rest what holds by default, limits from `base`: all in itself right, and together. Else
 * everything that is wrong, also what was wrong already.
 */
export function resolveSettings(
  given: Given,
  base: Limits,
  file: string | undefined,
): Outcome {
  const faults = [...given.faults];
  const limits = resolveLimits(given, base, faults);
  checkStore(given, faults);
  checkMetrics(given, faults);
  const listeners = resolveListeners(given, faults);
  if (faults.length > 0) return { faults: faults.sort(byOrigin) };
  const {
    allowAnonymous: _ofListeners,
    users: _alsoOfListeners,
    durability,
    longestWait,
    ballast,
    queueFull: one,
    allQueuesFull: all,
    ...values
  } = valuesOf(given);
  const settings: Settings = {
    ...values,
    file,
    listeners: [...listeners.keys()],
    store: {
      ballast,
      ballastShare: given.get(SETTINGS.ballast) === undefined
        ? DEFAULT_BALLAST_SHARE
        : 1,
      durability,
      longestWait,
    },
    queuePolicies: { one, all },
    limits,
    userLimits: given.userLimits,
    logFormat: values.logFormat ?? (
      values.logFile === undefined && processEnvironment("JOURNAL_STREAM")
        ? "journal"
        : "text"
    ),
  };
  return { settings, origins: new Origins(given, listeners) };
}

/** The value of each setting that stands for itself: what was given, or else its default. */
function valuesOf(given: Given): SettingValues {
  const entries = Object.entries<Setting>(SETTINGS).map(([key, setting]) => {
    const otherwise = "default" in setting ? setting.default : undefined;
    return [key, given.get(setting)?.value ?? otherwise];
  });
  return Object.fromEntries(entries);
}

/** Takes limits from `base` that were not given, and refuses retained messages that would fill the memory ceiling. */
function resolveLimits(given: Given, base: Limits, faults: Fault[]): Limits {
  const limits: Record<keyof Limits, number> = { ...base };
  for (const key of LIMIT_KEYS) {
    limits[key] = given.get(LIMIT_SETTINGS[key])?.value ?? base[key];
  }
  const { memoryCeiling } = limits;
  const retained = given.get(LIMIT_SETTINGS.retainedBytes);
  if (retained === undefined) {
    // Half of the ceiling is left to messages on their way.
    limits.retainedBytes = Math.min(
      base.retainedBytes,
      Math.floor(memoryCeiling / 2),
    );
  } else if (
    retained.value > memoryCeiling &&
    !given.isFaulty(LIMIT_SETTINGS.memoryCeiling)
  ) {
    // Nothing but their publishers could make room, who would have to wait for it.
    const { unit } = LIMIT_INFO.retainedBytes;
    faults.push(valueFault(
      retained.place,
      LIMIT_SETTINGS.retainedBytes.name,
      formatQuantity(retained.value, unit),
      "the memory ceiling, which retained messages count towards, is " +
        formatQuantity(memoryCeiling, unit),
    ));
  }
  return limits;
}

function checkStore(given: Given, faults: Fault[]): void {
  const data = given.get(SETTINGS.data);
  const required = given.get(SETTINGS.requireStore);
  const policy = given.get(SETTINGS.whenStoreUnusable);
  const contradict = (place: Origin, name: string, other: string) =>
    faults.push({
      place,
      what: `${subjectOf(place, name)} contradicts ${other}`,
      allowed: "leave one of them out",
    });
  if (data?.value === "none") {
    const none = asGiven(data.place, SETTINGS.data, "none");
    if (required?.value === true) {
      contradict(required.place, SETTINGS.requireStore.name, none);
    }
    if (policy?.value === "stop") {
      contradict(policy.place, SETTINGS.whenStoreUnusable.name, none);
    }
  } else if (
    required?.value === true && policy !== undefined && policy.value !== "stop"
  ) {
    contradict(
      required.place,
      SETTINGS.requireStore.name,
      asGiven(policy.place, SETTINGS.whenStoreUnusable, policy.value),
    );
  }
}

/** Refuses to tell strangers what the broker does. */
function checkMetrics(given: Given, faults: Fault[]): void {
  const listen = given.get(SETTINGS.metrics);
  if (listen === undefined) return;
  const { place, value: { hostname, port } } = listen;
  if (isLoopback(hostname)) return;
  if (given.get(SETTINGS.metricsToken) !== undefined) return;
  if (given.isFaulty(SETTINGS.metricsToken)) return;
  const { name } = SETTINGS.metrics;
  faults.push({
    place,
    what: `${subjectOf(place, name)} is ${
      formatPeer(hostname, port)
    }: every machine that reaches it could read how the broker is used`,
    allowed:
      'add --metrics-token FILE or metrics.token = "FILE", a file with a line that nobody guesses, or take 127.0.0.1',
  });
}

/** A setting with its value, as it was given. */
function asGiven(place: Origin, setting: Setting, text: string): string {
  switch (place.type) {
    case "flag":
      return `--${setting.flag} ${text}`;
    case "variable":
      return `${variableOf(setting.name)}=${text}`;
    case "file":
    case "default":
      return `${setting.name} = ${setting.form.literal(text)}`;
  }
}

function resolveListeners(
  given: Given,
  faults: Fault[],
): Map<ListenerPlan, GivenListener> {
  const seen = new Set<string>();
  const plans = new Map<ListenerPlan, GivenListener>();
  for (const listener of given.listeners ?? [DEFAULT_LISTENER]) {
    const { place, transport: { address }, url } = listener;
    const isFree = !isSocket(address) && address.port === 0;
    const key = isSocket(address) ? url : url.split("://")[1]!;
    if (seen.has(key) && !isFree) {
      faults.push({
        place,
        what: `${subjectOf(place, "listener.url")} names ${key} twice`,
        allowed: "name it once",
      });
      continue;
    }
    seen.add(key);
    const plan = settleListener(listener, given, faults);
    if (plan !== undefined) plans.set(plan, listener);
  }
  return plans;
}

/** Says who may come in at a listener, and refuses one at which strangers could that nobody has asked in. */
function settleListener(
  listener: GivenListener,
  given: Given,
  faults: Fault[],
): ListenerPlan | undefined {
  const { url, place, transport, limits, withPassword = false } = listener;
  const users = listener.users ?? given.get(SETTINGS.users)?.value;
  const certificates = transport.tls?.clientCertificates ?? "no";
  const identity = certificates === "no" ? "none" : listener.identity ?? "cn";
  const plan = {
    url,
    transport,
    users,
    identity,
    withPassword,
    limits,
  };
  for (const name of ["identity", "with_password"]) {
    const at = listener.origins.get(name);
    if (certificates !== "no" || at === undefined) continue;
    faults.push({
      place: at,
      what: `${subjectOf(at, `listener.${name}`)} has no effect at ${url}`,
      allowed:
        `${name} is for listeners with client_certificates = "require" or "request"`,
    });
    return undefined;
  }
  if (withPassword && users === undefined) {
    const at = listener.origins.get("with_password") ?? place;
    faults.push({
      place: at,
      what: `${subjectOf(at, "listener.with_password")} needs passwords`,
      allowed: "add users = FILE, which mailboxqtt passwd makes",
    });
    return undefined;
  }

  const hasUsers = users !== undefined || given.isFaulty(SETTINGS.users);
  const said = listener.allowAnonymous ??
    given.get(SETTINGS.allowAnonymous)?.value;
  if (said !== undefined) {
    if (said || hasUsers || identity !== "none") {
      return { ...plan, allowAnonymous: said };
    }
    faults.push(nobodyComesIn(listener));
    return undefined;
  }
  const isTold = hasUsers || given.isFaulty(SETTINGS.allowAnonymous);
  if (!isTold && isExposed(transport)) {
    faults.push(openToAll(listener));
    return undefined;
  }
  // Whoever reaches the address, or shows a certificate where that makes nobody a user, is as known as need be.
  const isOpen = users === undefined &&
    (certificates !== "require" || identity === "none");
  return { ...plan, allowAnonymous: isOpen };
}

function nobodyComesIn({ url, place }: GivenListener): Fault {
  return {
    place,
    what: `Nobody could come in at ${url}: allow_anonymous is false`,
    allowed: "add users = FILE, which mailboxqtt passwd makes, or leave " +
      "allow_anonymous out on loopback",
  };
}

/** The refusal to open a door to everybody, which says what to type. */
function openToAll({ url, place, transport }: GivenListener): Fault {
  const reached = transport.proxiesFrom === undefined ? "it" : "its proxy";
  return {
    place,
    what:
      `Cannot listen on ${url}: every machine that reaches ${reached} could read and send all messages. Type one of
  mailboxqtt passwd FILE NAME, and give that file with --users FILE or users = "FILE"
  mailboxqtt tls init, and listen on mqtts:// with client_certificates=require
  --allow-anonymous or allow_anonymous = true, if that is meant`,
  };
}
