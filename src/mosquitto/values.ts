// How mosquitto reads the value behind an option's name: which kind each has, and what it comes to.

/** How a value is read: `true`, `1`, `false` or `0`; a number as C writes them; one word; else a text to the line's end. */
type ValueKind = "switch" | "number" | "word";

const SWITCHES = [
  "allow_anonymous",
  "allow_duplicate_messages",
  "allow_zero_length_clientid",
  "auth_plugin_deny_special_chars",
  "autosave_on_changes",
  "bridge_attempt_unsubscribe",
  "bridge_insecure",
  "bridge_outgoing_retain",
  "bridge_require_ocsp",
  "bridge_tls_use_os_certs",
  "check_retain_source",
  "cleansession",
  "connection_messages",
  "disable_client_cert_date_checks",
  "enable_control_api",
  "listener_allow_anonymous",
  "local_cleansession",
  "log_timestamp",
  "notifications",
  "notifications_local_only",
  "per_listener_settings",
  "persistence",
  "proxy_protocol_v2_require_tls",
  "queue_qos0_messages",
  "require_certificate",
  "retain_available",
  "retained_persistence",
  "round_robin",
  "set_tcp_nodelay",
  "try_private",
  "upgrade_outgoing_qos",
  "use_identity_as_username",
  "use_subject_as_username",
  "use_username_as_clientid",
];

const NUMBERS = [
  "autosave_interval",
  "enable_proxy_protocol",
  "global_max_clients",
  "global_max_connections",
  "max_connections",
  "max_inflight_bytes",
  "max_inflight_messages",
  "max_keepalive",
  "max_packet_size",
  "max_qos",
  "max_queued_bytes",
  "max_queued_messages",
  "max_topic_alias",
  "max_topic_alias_broker",
  "maximum_qos",
  "memory_limit",
  "message_size_limit",
  "packet_buffer_size",
  "port",
  "retain_expiry_interval",
  "retry_interval",
  "sys_interval",
  "websockets_headers_size",
  "websockets_log_level",
];

const WORDS = ["log_type", "protocol", "socket_domain"];

const KINDS: ReadonlyMap<string, ValueKind> = new Map<string, ValueKind>([
  ...SWITCHES.map((name) => [name, "switch"] as const),
  ...NUMBERS.map((name) => [name, "number"] as const),
  ...WORDS.map((name) => [name, "word"] as const),
]);

/** What a value comes to, or what is wrong with it. */
export type ReadValue =
  | { readonly value: string; readonly fault?: undefined }
  | { readonly value: string; readonly fault: string };

/**
 * The value of an option as mosquitto reads it: `true` or `false`, a decimal number, the first word, or the text. Of one
 * that mosquitto would not start with, it says why.
 */
export function readValue(name: string, text: string): ReadValue {
  const kind = KINDS.get(name);
  if (kind === undefined || text === "") return { value: text };
  const [word = ""] = text.split(" ");
  switch (kind) {
    case "word":
      return { value: word };
    case "switch":
      if (word === "true" || word === "1") return { value: "true" };
      if (word === "false" || word === "0") return { value: "false" };
      return {
        value: text,
        fault: `${JSON.stringify(word)} is neither true nor false`,
      };
    case "number": {
      const number = readNumber(word);
      return number === undefined
        ? { value: text, fault: `${JSON.stringify(word)} is no number` }
        : { value: String(number) };
    }
  }
}

/** A whole number as C writes it: decimal, hexadecimal behind `0x`, octal behind `0`. */
export function readNumber(word: string): number | undefined {
  const [, sign, hex, octal, decimal] =
    /^([+-]?)(?:0x([\da-f]+)|(0[0-7]*)|([1-9]\d*))$/i.exec(word) ?? [];
  const value = hex !== undefined
    ? parseInt(hex, 16)
    : octal !== undefined
    ? parseInt(octal, 8)
    : decimal !== undefined
    ? Number(decimal)
    : undefined;
  return value === undefined ? undefined : sign === "-" ? -value : value;
}
