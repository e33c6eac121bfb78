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
  { options }: MosquittoListener,
  { global }: MosquittoModel,
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
  return pluginReason(all) ?? identifierReason(all);
}

/** Whether a plugin is one that users and rules replace in full. */
export function isOwnPlugin({ value }: Directive): boolean {
  return OWN_PLUGINS.test(value);
}

function pluginReason(all: readonly Directive[]): string | undefined {
  const plugin = all.find((option) =>
    PLUGINS.includes(option.name) && !isOwnPlugin(option)
  );
  const hasRules = all.some(({ name }) =>
    name === "acl_file" || name === "plugin_opt_acl_file"
  );
  return plugin === undefined || hasRules
    ? undefined
    : `${plugin.name}: a plugin may have said what clients may do, and without rules they may do everything; write rules, and add the listener then`;
}

function identifierReason(all: readonly Directive[]): string | undefined {
  const isBound = all.some(({ name, value }) =>
    name === "use_username_as_clientid" && value === "true"
  );
  const hasRules = all.some(({ name }) =>
    name === "acl_file" || name === "plugin_opt_acl_file"
  );
  return isBound && hasRules
    ? "use_username_as_clientid: clients may choose any identifier here, so that rules with %c would let them be another; write %u in its place, and add the listener then"
    : undefined;
}

/** Whether an option that cannot be read may restrict who comes in, or what clients do. */
function isRestriction({ name }: Directive): boolean {
  return name in RESTRICTIONS ||
    /^(?:allow_anonymous|listener_allow_anonymous|per_listener_settings|require_certificate|use_\w+|enable_proxy_protocol|port)$/
      .test(name);
}

function placeOf({ file, line }: Directive): string {
  return `${file}:${line}`;
}
