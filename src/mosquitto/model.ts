import { nearest } from "../core/nearest.ts";
import type { ImportDraft } from "./draft.ts";
import type { Directive } from "./lines.ts";
import { readNumber } from "./values.ts";
import {
  BRIDGE_OPTIONS,
  GLOBAL_NOTES,
  LISTENER_NOTES,
  LISTENER_OPTIONS,
  SECURITY_OPTIONS,
} from "./notes.ts";

/** A listener of mosquitto. */
export interface MosquittoListener {
  /** The line that makes it: `listener`, or for the one without such a line the first that is about it. */
  readonly origin: Directive;
  /** The port; 0 for a Unix socket. */
  readonly port: number;
  /** The address, or the path of a Unix socket; `undefined` for all addresses. */
  readonly host: string | undefined;
  /** Its options. */
  readonly options: readonly Directive[];
}

/** What a mosquitto.conf says, with each option where it belongs. */
export interface MosquittoModel {
  /** Options that hold for all of it. */
  readonly global: readonly Directive[];
  /** The listeners; the one that mosquitto has without any is not among them. */
  readonly listeners: readonly MosquittoListener[];
  /** Whether who may come in is said for each listener. */
  readonly isPerListener: boolean;
}

/** Options that are read here. */
const STRUCTURE = ["include_dir", "listener", "per_listener_settings"];

/** Options of all of mosquitto that are translated, and not only noted. */
const GLOBAL_OPTIONS: readonly string[] = [
  ...SECURITY_OPTIONS,
  "global_max_connections",
  "log_dest",
  "log_type",
  "max_inflight_bytes",
  "max_inflight_messages",
  "max_keepalive",
  "max_packet_size",
  "max_queued_bytes",
  "max_queued_messages",
  "memory_limit",
  "message_size_limit",
  "persistence",
  "persistence_location",
  "persistent_client_expiration",
  "queue_qos0_messages",
  "retain_available",
  "retained_persistence",
  "sys_interval",
];

const OF_LISTENERS = new Set([...LISTENER_OPTIONS, ...LISTENER_NOTES.keys()]);
const OF_BRIDGES = new Set(BRIDGE_OPTIONS);
const ALL_OPTIONS: readonly string[] = [
  ...STRUCTURE,
  ...GLOBAL_OPTIONS,
  ...GLOBAL_NOTES.keys(),
  ...OF_LISTENERS,
  ...OF_BRIDGES,
  "bind_address",
  "connection",
  "port",
];

/** Whether an option is one of mosquitto 2.0 or 2.1. */
export function isOption(name: string): boolean {
  return ALL_OPTIONS.includes(name) || isPluginOption(name);
}

/** Whether an option is one of a plugin. */
export function isPluginOption(name: string): boolean {
  return name.startsWith("plugin_opt_") || name.startsWith("auth_opt_");
}

/** Puts each line where it belongs, and says of bridges and of lines that are none what becomes of them. */
export function buildModel(
  directives: readonly Directive[],
  draft: ImportDraft,
): MosquittoModel {
  const global: Directive[] = [];
  const listeners: { origin: Directive; options: Directive[] }[] = [];
  /** Those that stand before any line `listener` are about one of its own. */
  const first: Directive[] = [];
  const current = new Map<string, Directive[]>();
  const bridges = new Map<string, { origin: Directive; count: number }>();
  const isPerListener =
    directives.findLast(({ name }) => name === "per_listener_settings")
      ?.value === "true";

  /** Where a line that mosquitto does not take would belong: what it was to restrict is still to be asked for. */
  const belonging = ({ name, file }: Directive): Directive[] => {
    const isOfListener = OF_LISTENERS.has(name) ||
      isPerListener && SECURITY_OPTIONS.includes(name);
    return isOfListener ? current.get(file) ?? first : global;
  };

  for (const directive of directives) {
    const { file, name, value } = directive;
    if (value === "" && isOption(name) && !isPluginOption(name)) {
      const fault = "it has no value";
      draft.note(directive, "put right", fault);
      belonging(directive).push({ ...directive, fault });
    } else if (directive.fault !== undefined && !OF_BRIDGES.has(name)) {
      draft.note(
        directive,
        "put right",
        `mosquitto does not take it: ${directive.fault}`,
      );
      belonging(directive).push(directive);
    } else if (name === "listener") {
      const options: Directive[] = [];
      listeners.push({ origin: directive, options });
      current.set(file, options);
    } else if (name === "per_listener_settings") {
      draft.note(
        directive,
        isPerListener ? "taken over" : "not needed",
        isPerListener
          ? "each listener says who may come in"
          : "what stands above the listeners holds for all of them",
      );
    } else if (name === "include_dir") {
      draft.note(directive, "taken over", "its files are read here");
    } else if (name === "connection") {
      bridges.set(file, { origin: directive, count: 0 });
      draft.note(
        directive,
        "not supported",
        "there are no bridges; the options of this one are left out",
      );
    } else if (OF_BRIDGES.has(name)) {
      if (!bridges.has(file)) {
        draft.note(directive, "put right", "it stands below no connection");
      }
    } else if (name === "port" || name === "bind_address") {
      first.push(directive);
    } else if (
      OF_LISTENERS.has(name) ||
      isPerListener && (SECURITY_OPTIONS.includes(name))
    ) {
      (current.get(file) ?? first).push(directive);
    } else if (isOption(name)) {
      global.push(directive);
    } else {
      if (name.includes("\t")) {
        draft.note(
          { ...directive, value: "" },
          "put right",
          "a tab stands in it, and mosquitto takes spaces alone between an option and its value",
        );
        const meant = { ...directive, name: name.split("\t")[0]! };
        belonging(meant).push({ ...meant, fault: "a tab stands behind it" });
        continue;
      }
      const guess = nearest(name, ALL_OPTIONS);
      if (guess !== undefined) {
        const meant = { ...directive, name: guess };
        belonging(meant).push({ ...meant, fault: `it is written ${name}` });
      }
      draft.note(
        { ...directive, value: "" },
        "put right",
        guess === undefined
          ? "mosquitto has no such option"
          : `mosquitto has no such option; did you mean ${guess}?`,
      );
    }
  }
  const others = listeners.map(({ origin, options }) =>
    listenerOf(origin, options)
  );
  const opensUnnamed = others.length === 0
    ? first.length > 0
    : first.some(({ name }) => !SECURITY_OPTIONS.includes(name));
  if (!opensUnnamed) {
    for (const option of first) {
      draft.note(
        option,
        "not needed",
        "with per_listener_settings it is for the listener that stands above it, and there is none",
      );
    }
  }
  const unnamed = opensUnnamed ? [defaultListener(first, others)] : [];
  return { global, listeners: [...unnamed, ...others], isPerListener };
}

function listenerOf(
  origin: Directive,
  options: readonly Directive[],
): MosquittoListener {
  const [port = "", host] = origin.value.split(/ +/);
  return {
    origin,
    port: readNumber(port) ?? NaN,
    host: host === undefined || host.startsWith("#") ? undefined : host,
    options,
  };
}

/**
 * The listener that has no line `listener`. As long as no other is there and no port or address is named, mosquitto
 * lets it be reached from the same machine alone.
 */
function defaultListener(
  options: readonly Directive[],
  others: readonly MosquittoListener[],
): MosquittoListener {
  const last = (wanted: string) =>
    options.findLast(({ name }) => name === wanted);
  const port = last("port");
  const address = last("bind_address");
  const isLocal = port === undefined && address === undefined &&
    others.length === 0;
  return {
    origin: port ?? address ?? options[0]!,
    port: Number(port?.value ?? 1883),
    host: address?.value ?? (isLocal ? "127.0.0.1" : undefined),
    options: options.filter((one) =>
      one !== (port ?? address) && (one.name !== "port")
    ),
  };
}
