import type { ScopedLimits } from "../../core/scoped_limits.ts";
import type { ListenerSettings } from "../../transport/listener_settings.ts";
import { type Fault, type Origin, valueFault } from "../given/fault.ts";
import type { GivenListener } from "../given/given.ts";
import { LISTENER_LIMITS } from "../settings/limits.ts";
import {
  ACCESS_FIELDS,
  LISTENER_FIELDS,
  type ListenerField,
} from "./fields.ts";
import { LISTENER_SETTINGS, ListenerError } from "./table.ts";
import { formatAddress } from "../../transport/listener_settings.ts";
import { type GivenSettings, readListener } from "./url.ts";
import { readQuery } from "../given/query.ts";
import { type Field, list, SettingError } from "../settings/setting.ts";

/** The name of the URL among a listener's settings. */
const URL_NAME = "url";

/** Texts, and where they were given. */
export interface GivenTexts {
  /** The texts. */
  readonly texts: readonly string[];
  /** Where they were given. */
  readonly place: Origin;
}

/** A listener as it stands in its source. */
export interface ListenerSource {
  /** Its URL, with or without settings in its query. */
  readonly url: string;
  /** Where the URL is given. */
  readonly place: Origin;
  /** Its settings beside the URL, by their names; all of them allowed where they are for this kind of listener. */
  readonly beside?: ReadonlyMap<string, GivenTexts>;
  /** Whether there are others, which are not allowed: what is missing is not told then. */
  readonly isPartial?: boolean;
  /** Turns the name of a file into one that can be opened. */
  readonly resolve?: (path: string) => string;
}

/** Says what is wrong with a setting, by its name; `url` for the URL itself. */
type Refuse = (name: string, message: string) => void;

/** Reads a listener, unless something is wrong with it, which is added to `faults`. */
export function readGivenListener(
  source: ListenerSource,
  faults: Fault[],
): GivenListener | undefined {
  const { url, place, beside, resolve = (path) => path } = source;
  const before = faults.length;
  const refuse: Refuse = (name, message) => {
    const given = beside?.get(name);
    const [at, key, value] = given === undefined
      ? [place, URL_NAME, url]
      : [given.place, name, given.texts.join(",")];
    faults.push(valueFault(at, `listener.${key}`, value, message));
  };

  const query = readQuery(url, LISTENER_FIELDS, "a listener");
  for (const { name, message } of query.faults) refuse(name, message);
  const given = new Map(beside);
  for (const [name, texts] of query.texts) {
    if (given.has(name)) refuse(name, `${name} is given twice`);
    else given.set(name, { texts, place });
  }
  const { values, texts } = readFields(query.base, given, resolve, refuse);
  const isPartial = source.isPartial || faults.length > before;
  const transport = readTransport(query.base, texts, isPartial, refuse);
  if (transport === undefined || isPartial) return undefined;

  const value = <Value>({ name }: Field<Value>) =>
    values.get(name) as Value | undefined;
  const limits: Partial<Record<keyof ScopedLimits, number>> = {};
  for (const field of LISTENER_LIMITS) {
    const limit = value(field);
    if (limit !== undefined) limits[field.key] = limit;
  }
  return {
    url: formatAddress(transport.address),
    place,
    transport,
    allowAnonymous: value(ACCESS_FIELDS.allowAnonymous),
    users: value(ACCESS_FIELDS.users),
    identity: value(ACCESS_FIELDS.identity),
    withPassword: value(ACCESS_FIELDS.withPassword),
    limits,
    origins: new Map([...given].map(([name, { place }]) => [name, place])),
  };
}

/** The values of all settings that are allowed, and the texts of those for {@linkcode readListener}. */
function readFields(
  url: string,
  given: ReadonlyMap<string, GivenTexts>,
  resolve: (path: string) => string,
  refuse: Refuse,
): {
  readonly values: ReadonlyMap<string, unknown>;
  readonly texts: GivenSettings;
} {
  const protocol = /^[^:]*/.exec(url)![0].toLowerCase();
  const values = new Map<string, unknown>();
  const texts = new Map<string, string | readonly string[]>();
  for (const [name, { texts: raw }] of given) {
    const field = LISTENER_FIELDS.find((one) => one.name === name)!;
    const message = wrongProtocol(field, protocol);
    if (message !== undefined) {
      refuse(name, message);
      continue;
    }
    const resolved = field.isPath ? raw.map(resolve) : raw;
    try {
      values.set(name, field.parse(resolved));
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      const { message } = error;
      refuse(name, message.startsWith(name) ? message : `${name}: ${message}`);
      continue;
    }
    const setting = LISTENER_SETTINGS.find((one) => one.name === name);
    if (setting !== undefined) {
      texts.set(name, setting.isList ? resolved : resolved[0]!);
    }
  }
  return { values, texts };
}

/** The transport, unless something is wrong; of what is not all there, only the URL is looked at. */
function readTransport(
  base: string,
  texts: GivenSettings,
  isPartial: boolean,
  refuse: Refuse,
): ListenerSettings | undefined {
  try {
    return readListener(base, texts);
  } catch (error) {
    if (!(error instanceof ListenerError)) throw error;
    if (!isPartial || error.key === URL_NAME) refuse(error.key, error.message);
    return undefined;
  }
}

function wrongProtocol(
  { name, protocols }: ListenerField,
  protocol: string,
): string | undefined {
  const isKnown = LISTENER_SETTINGS.some(({ protocols }) =>
    (protocols as readonly string[]).includes(protocol)
  );
  if (protocols === undefined || !isKnown) return undefined;
  if ((protocols as readonly string[]).includes(protocol)) return undefined;
  const names = list(protocols.map((one) => `${one}://`));
  return `${name} is for ${names} alone`;
}
