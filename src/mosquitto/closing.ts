// What restricts clients in mosquitto and has no counterpart here: listeners that it holds for are left out, since they
// would be more open than they were.

import type { Directive } from "./lines.ts";
import type { MosquittoListener, MosquittoModel } from "./model.ts";

/** The plugins that mosquitto comes with, which users and rules replace. */
const OWN_PLUGINS = /mosquitto_(?:password|acl)_file/;

const PLUGINS = ["auth_plugin", "global_plugin", "plugin", "plugin_load"];

/** Options that restrict, by what they say; `undefined` where they do not. */
const RESTRICTIONS: Readonly<
  Record<string, (value: string) => string | undefined>
> = {
  accept_protocol_versions: () =>
    "MQTT 3.1, 3.1.1 and 5.0 are spoken at each listener",
  allow_zero_length_clientid: (value) =>
    value === "false"
      ? "clients without an identifier are given one"
      : undefined,
  bind_interface: () =>
    "it would be reached through all interfaces: name the interface's address in its url",
  clientid_prefixes: () =>
    "clients may choose any identifier: let rules with %c say what they may do",
  mount_point: () =>
    "its clients would see all topics, and not those below the mount point alone; let rules say which they may use",
  proxy_protocol_v2_require_tls: (value) =>
    value === "true"
      ? "who comes without TLS would be let in by the proxy: let that refuse them"
      : undefined,
};

/** Why a listener would be more open than in mosquitto, if it would. */
export function closingReason(
  { host, options }: Pick<MosquittoListener, "host" | "options">,
  { global, isPerListener }: MosquittoModel,
): string | undefined {
  const all = [...global, ...options];
  for (const option of all) {
    const { name, value, fault } = option;
    if (fault !== undefined && isRestriction(option)) {
      return `${name} cannot be read (${placeOf(option)}): ${fault}`;
    }
    const reason = RESTRICTIONS[name]?.(value);
    if (reason !== undefined) return `${name}: ${reason}`;
  }
  return pluginReason(all, isPerListener) ?? identifierReason(all) ??
    certificateReason(all) ?? domainReason(all, host);
}

/** Whether a plugin is one that users and rules replace in full. */
export function isOwnPlugin({ value }: Directive): boolean {
  return OWN_PLUGINS.test(value);
}

function pluginReason(
  all: readonly Directive[],
  isPerListener: boolean,
): string | undefined {
  const plugins = all.filter(({ name }) => PLUGINS.includes(name));
  const foreign = plugins.find((plugin) => !isOwnPlugin(plugin));
  if (foreign !== undefined && !has(all, "acl_file")) {
    return `${foreign.name}: a plugin may have said what clients may do, and without rules they may do everything; write rules, and add the listener then`;
  }
  const own = plugins.find(({ value }) => value.includes("mosquitto_acl_file"));
  if (own === undefined || has(all, "acl_file")) return undefined;
  if (!has(all, "plugin_opt_acl_file")) {
    return `${own.name}: no file says what clients may do: add plugin_opt_acl_file`;
  }
  return isPerListener
    ? "plugin_opt_acl_file: with per_listener_settings it is for one listener: name it as rules, and add the listener then"
    : undefined;
}

function identifierReason(all: readonly Directive[]): string | undefined {
  if (!isSet(all, "use_username_as_clientid")) return undefined;
  if (isSet(all, "allow_anonymous")) {
    return "use_username_as_clientid: mosquitto refuses who gives no user's name, in spite of allow_anonymous; set that to false";
  }
  return has(all, "acl_file") || has(all, "plugin_opt_acl_file")
    ? "use_username_as_clientid: clients may choose any identifier here, so that rules with %c would let them be another; write %u in its place, and add the listener then"
    : undefined;
}

function certificateReason(all: readonly Directive[]): string | undefined {
  const named = ["use_identity_as_username", "use_subject_as_username"]
    .find((name) => isSet(all, name));
  return named === undefined || isSet(all, "require_certificate")
    ? undefined
    : `${named}: mosquitto refuses who shows no certificate; set require_certificate to true`;
}

function domainReason(
  all: readonly Directive[],
  host: string | undefined,
): string | undefined {
  const domain = all.findLast(({ name }) => name === "socket_domain")?.value;
  if (domain === undefined) return undefined;
  if (domain !== "ipv4" && domain !== "ipv6") {
    return `socket_domain: ${domain} is neither ipv4 nor ipv6`;
  }
  const isAddress = host !== undefined && /^[\d.]+$|:/.test(host);
  if (isAddress || (host === undefined && domain === "ipv4")) return undefined;
  return host === undefined
    ? "socket_domain: it would be reached by IPv4 too; name an address in its url"
    : "socket_domain: all addresses of a name are listened on; name an address in its url";
}

function has(all: readonly Directive[], wanted: string): boolean {
  return all.some(({ name, fault }) => name === wanted && fault === undefined);
}

/** Whether the last line with a name, which is the one that counts, says yes. */
function isSet(all: readonly Directive[], wanted: string): boolean {
  return all.findLast(({ name }) => name === wanted)?.value === "true";
}

/** Whether an option that cannot be read may restrict who comes in, or what clients do. */
function isRestriction({ name }: Directive): boolean {
  return name in RESTRICTIONS ||
    /^(?:acl_file|allow_anonymous|auth_plugin|bind_address|cafile|capath|crlfile|global_plugin|listener|listener_allow_anonymous|password_file|per_listener_settings|plugin|plugin_load|plugin_use|psk_file|psk_hint|require_certificate|socket_domain|use_\w+|enable_proxy_protocol|port)$/
      .test(name);
}

function placeOf({ file, line }: Directive): string {
  return `${file}:${line}`;
}
