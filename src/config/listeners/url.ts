import {
  formatAddress,
  type ListenerSettings,
  type Origins,
  type PortAddress,
  type SocketAddress,
} from "../../transport/listener_settings.ts";
import {
  isSocket,
  type Protocol,
  protocolOf,
  PROTOCOLS,
  SCHEMES_TEXT,
} from "../../transport/protocols.ts";
import {
  ALL_ORIGINS,
  LISTENER_SETTINGS,
  ListenerError,
  type ListenerSetting,
  type ListenerValues,
} from "./table.ts";
import { nearest } from "../../core/nearest.ts";

const URL_FORM =
  /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^:/?#@[\]]*)(?::([^/?#@]*))?(\/[^?#]*)?(?:\?([^#]*))?$/i;

/** The settings that stand beside a URL: by their names in the table, each with one value or several. */
export type GivenSettings = ReadonlyMap<string, string | readonly string[]>;

/**
 * Reads a listener: its URL, with or without settings in its query, and settings given beside it.
 *
 * @throws {ListenerError} If something is wrong: the first thing found.
 */
export function readListener(
  text: string,
  beside: GivenSettings = new Map(),
): ListenerSettings {
  const [, scheme, host, port, path, query] = URL_FORM.exec(inFull(text)) ?? [];
  if (scheme === undefined || host === undefined) throw badForm();
  const protocol = protocolOf(scheme);
  if (protocol === undefined) {
    throw new ListenerError("url", `it must begin with ${SCHEMES_TEXT}`);
  }
  const values = readSettings(protocol, query, beside);
  if (protocol === "unix") {
    if (host !== "" || port !== undefined) throw badPath();
    const { mode } = values;
    const address: SocketAddress = {
      protocol,
      path: socketPath(path),
      ...(mode === undefined ? {} : { mode }),
    };
    return { address };
  }
  const hostname = parseHost(host);
  if (hostname === undefined) {
    throw new ListenerError(
      "url",
      "the host must be a name, an IPv4 address, or an IPv6 address in brackets",
    );
  }
  const isWebSocket = PROTOCOLS[protocol].webSocket;
  if (!isWebSocket && path !== undefined && path !== "/") throw badForm();
  const address: PortAddress = {
    protocol,
    hostname,
    port: port === undefined ? PROTOCOLS[protocol].port : parsePort(port),
    ...(isWebSocket && path !== undefined && { path: webPath(path) }),
  };
  const tls = tlsOf(protocol, values);
  const { proxiesFrom } = values;
  return {
    address,
    ...(tls && { tls }),
    ...(isWebSocket &&
      { webSocket: { origins: originsOf(values) } }),
    ...(proxiesFrom && { proxiesFrom }),
  };
}

/** The URL for a port alone, on this machine, or for a host and a port, as other brokers take them. */
function inFull(text: string): string {
  if (/^\d+$/.test(text)) return `mqtt://127.0.0.1:${text}`;
  return /^(?:[\w.-]+|\[[\da-f:.]+\]):\d+$/i.test(text)
    ? `mqtt://${text}`
    : text;
}

/** The URL of a listener with all its settings, as {@linkcode readListener} reads it. */
export function formatListener(settings: ListenerSettings): string {
  const { address, tls, webSocket, proxiesFrom } = settings;
  const values: ListenerValues = {
    ...tls,
    ...(webSocket && webSocket.origins !== "own" && {
      origins: webSocket.origins === "all" ? [ALL_ORIGINS] : webSocket.origins,
    }),
    ...(proxiesFrom && { proxiesFrom }),
    ...(isSocket(address) && address.mode !== undefined && {
      mode: address.mode,
    }),
  };
  const query = LISTENER_SETTINGS.flatMap((setting) => {
    const value = values[setting.field];
    if (value === undefined) return [];
    const all = setting.isList ? value as readonly string[] : [value];
    const texts = all.map((one) =>
      encode(setting.format(one), setting.isList ? /[%&#+,\s]/g : /[%&#+\s]/g)
    );
    return [`${setting.name}=${texts.join(",")}`];
  });
  const url = formatAddress(address);
  return query.length === 0 ? url : `${url}?${query.join("&")}`;
}

/** Reads all settings of a listener, and says of those that are not for it which listeners they are for. */
function readSettings(
  protocol: Protocol,
  query: string | undefined,
  beside: GivenSettings,
): ListenerValues {
  const given = new Map(beside);
  for (const part of query?.split("&") ?? []) {
    if (part === "") continue;
    const [, name = "", text = ""] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    const setting = settingFor(name);
    if (given.has(name)) {
      throw new ListenerError(name, `${name} is given twice`);
    }
    given.set(
      name,
      setting.isList
        ? text.split(",").map((one) => decode(name, one))
        : decode(name, text),
    );
  }
  const values: Record<string, unknown> = {};
  for (const [name, value] of given) {
    const { protocols, field, isList, parse } = settingFor(name);
    if (!protocols.includes(protocol)) {
      throw new ListenerError(
        name,
        `${name} is for ${
          protocols.map((one) => `${one}://`).join(" and ")
        } alone`,
      );
    }
    if (isList === (typeof value === "string")) {
      throw new ListenerError(
        name,
        isList ? `${name} takes a list` : `${name} takes one value`,
      );
    }
    if (typeof value === "string") values[field] = parse(value);
    else if (value.length > 0) values[field] = value.map(parse);
    else throw new ListenerError(name, `${name} needs a value`);
  }
  return values;
}

function settingFor(name: string): ListenerSetting {
  const setting = LISTENER_SETTINGS.find((one) => one.name === name);
  if (setting !== undefined) return setting;
  const names = LISTENER_SETTINGS.map((one) => one.name);
  const guess = nearest(name, names);
  throw new ListenerError(
    name,
    `there is no setting ${JSON.stringify(name)}: ${
      guess === undefined
        ? `a listener has ${names.join(", ")}`
        : `did you mean ${guess}?`
    }`,
  );
}

/** Whose pages may connect: without a word about it those of the broker's own host. */
function originsOf({ origins }: ListenerValues): Origins {
  if (origins === undefined) return "own";
  return origins.includes(ALL_ORIGINS) ? "all" : origins;
}

/** What is said about TLS, if it is said as a whole. */
function tlsOf(
  protocol: PortAddress["protocol"],
  values: ListenerValues,
): ListenerSettings["tls"] {
  if (!PROTOCOLS[protocol].tls) return undefined;
  const { certificate, key } = values;
  if (certificate === undefined || key === undefined) {
    throw new ListenerError(
      certificate === undefined ? "certificate" : "key",
      `${protocol}:// needs a certificate and its key: add ${
        certificate === undefined && key === undefined
          ? "certificate=FILE&key=FILE"
          : certificate === undefined
          ? "certificate=FILE"
          : "key=FILE"
      }`,
    );
  }
  const { minimumVersion, clientAuthority, revocationList } = values;
  const { clientCertificates } = values;
  const isAsked = clientCertificates === "require" ||
    clientCertificates === "request";
  if (isAsked && clientAuthority === undefined) {
    throw new ListenerError(
      "client_certificates",
      `client_certificates=${clientCertificates} needs client_authority=FILE: the CAs whose certificates are good`,
    );
  }
  for (const name of ["client_authority", "revocation_list"]) {
    if (!isAsked && values[settingFor(name).field] !== undefined) {
      throw new ListenerError(
        name,
        `${name} has no effect unless clients are asked for certificates: add client_certificates=require or =request`,
      );
    }
  }
  return {
    certificate,
    key,
    ...(minimumVersion && { minimumVersion }),
    ...(clientCertificates && { clientCertificates }),
    ...(clientAuthority && { clientAuthority }),
    ...(revocationList && { revocationList }),
  };
}

/** A host in its normal form: lower case, IPv6 shortened and without brackets. */
function parseHost(host: string): string | undefined {
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(host)) return undefined;
  try {
    return new URL(`http://${host}/`).hostname.replace(/^\[(.*)\]$/, "$1");
  } catch {
    return undefined;
  }
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new ListenerError(
    "url",
    "the port must be a whole number from 0 to 65535",
  );
}

function webPath(path: string): string {
  if (/^[!-~]+$/.test(path)) return path;
  throw new ListenerError(
    "url",
    "the path must be as browsers send it: other than ASCII letters with %",
  );
}

function socketPath(path = ""): string {
  const decoded = decode("url", path);
  if (decoded === "" || decoded.endsWith("/") || decoded.includes("\0")) {
    throw badPath();
  }
  return decoded;
}

function badForm(): ListenerError {
  return new ListenerError(
    "url",
    "write it as mqtt://HOST:PORT, for example mqtt://127.0.0.1:1883, ws://HOST:PORT/PATH or unix:///FILE",
  );
}

function badPath(): ListenerError {
  return new ListenerError(
    "url",
    "write it as unix:// and the path of a file from the root on, for example unix:///run/mailboxqtt.sock",
  );
}

function decode(key: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ListenerError(
      key,
      `${
        JSON.stringify(text)
      } has a % that no two hexadecimal digits follow; write %25 for the sign itself`,
    );
  }
}

function encode(text: string, special: RegExp): string {
  return text.replaceAll(special, encodeURIComponent);
}
