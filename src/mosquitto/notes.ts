/** The options of mosquitto 2.0 and 2.1 that have no counterpart of their own, and what to do instead. */

import type { Verdict } from "./draft.ts";

/** What is said of an option. */
export interface OptionNote {
  /** What becomes of it. */
  readonly verdict: Verdict;
  /** Why, or what instead. */
  readonly text: string;
}

const unsupported = (text: string): OptionNote => ({
  verdict: "not supported",
  text,
});
const needless = (text: string): OptionNote => ({
  verdict: "not needed",
  text,
});

const CIPHERS = unsupported(
  "the ciphers are those that the TLS library thinks safe",
);
const ENGINE = unsupported("the key must be in a file: key");
const KEEPING = needless(
  "what is acknowledged is on the disk already; store.durability says how soon the rest is",
);
const LOG_LINES = needless(
  'each line of the log has a time; log.format = "json" is for machines',
);
const PLUGIN = unsupported(
  "there are no plugins: users (mailboxqtt passwd), client certificates and rules say who may do what",
);

/** Options that hold for all of mosquitto. */
export const GLOBAL_NOTES: ReadonlyMap<string, OptionNote> = new Map([
  [
    "allow_duplicate_messages",
    unsupported("overlapping subscriptions are served as the broker does it"),
  ],
  [
    "allow_zero_length_clientid",
    unsupported(
      "clients without an identifier get one; rules and users say who may come in",
    ),
  ],
  ["auth_plugin", PLUGIN],
  ["auth_plugin_deny_special_chars", PLUGIN],
  ["auto_id_prefix", unsupported("identifiers are given by the broker alone")],
  ["autosave_interval", KEEPING],
  ["autosave_on_changes", KEEPING],
  [
    "check_retain_source",
    unsupported(
      "who is sent a retained message is asked for, and not who once published it",
    ),
  ],
  [
    "clientid_prefixes",
    unsupported("let rules with %c say what client identifiers may do"),
  ],
  [
    "connection_messages",
    unsupported("the log tells of connections; log.level says how much"),
  ],
  [
    "enable_control_api",
    unsupported(
      "the commands mailboxqtt status, clients and session ask the running broker",
    ),
  ],
  [
    "global_max_clients",
    unsupported(
      "limits.max_connections and limits.max_session_expiry bound what there can be",
    ),
  ],
  ["global_plugin", PLUGIN],
  ["log_facility", needless("the log goes to standard error")],
  ["log_timestamp", LOG_LINES],
  ["log_timestamp_format", LOG_LINES],
  ["persistence_file", needless("the store's files have names of their own")],
  [
    "pid_file",
    unsupported(
      "the service manager knows the process; it runs in the foreground",
    ),
  ],
  ["plugin", PLUGIN],
  ["plugin_load", PLUGIN],
  ["plugin_use", PLUGIN],
  [
    "psk_file",
    unsupported(
      "pre-shared keys are not spoken; client certificates are: mailboxqtt tls device NAME",
    ),
  ],
  [
    "retain_expiry_interval",
    needless("retained messages go when they expire"),
  ],
  ["retry_interval", needless("mosquitto itself takes no notice of it")],
  ["set_tcp_nodelay", needless("it is always on")],
  [
    "upgrade_outgoing_qos",
    unsupported("messages keep the QoS of their publisher, as MQTT asks for"),
  ],
  [
    "user",
    unsupported("let the service manager choose the user: User= in systemd"),
  ],
  ["websockets_log_level", needless("WebSocket is logged like all else")],
]);

/** Options of one listener. */
export const LISTENER_NOTES: ReadonlyMap<string, OptionNote> = new Map([
  [
    "accept_protocol_versions",
    unsupported("MQTT 3.1, 3.1.1 and 5.0 are spoken at each listener"),
  ],
  [
    "bind_interface",
    unsupported("name the interface's address in the listener's url"),
  ],
  [
    "capath",
    unsupported(
      "put the certificates of the folder into one file: client_authority",
    ),
  ],
  ["ciphers", CIPHERS],
  ["ciphers_tls1.3", CIPHERS],
  ["dhparamfile", needless("mosquitto itself takes no notice of it")],
  [
    "disable_client_cert_date_checks",
    unsupported("certificates that have expired are refused"),
  ],
  ["http_dir", unsupported("files are not served")],
  [
    "listener_auto_id_prefix",
    unsupported("identifiers are given by the broker alone"),
  ],
  ["max_qos", unsupported("all of QoS 0, 1 and 2 are spoken")],
  ["maximum_qos", unsupported("all of QoS 0, 1 and 2 are spoken")],
  ["packet_buffer_size", needless("the buffers grow and shrink by themselves")],
  [
    "proxy_protocol_v2_require_tls",
    unsupported("let the proxy itself refuse who comes without TLS"),
  ],
  ["tls_engine", ENGINE],
  ["tls_engine_kpass_sha1", ENGINE],
  ["tls_keyform", ENGINE],
  [
    "use_username_as_clientid",
    unsupported(
      "sessions belong to the user who made them: no other can take one over",
    ),
  ],
  [
    "websockets_headers_size",
    needless("the buffers grow and shrink by themselves"),
  ],
]);

/** Options of a listener that are translated, and not only noted. */
export const LISTENER_OPTIONS: readonly string[] = [
  "cafile",
  "certfile",
  "crlfile",
  "enable_proxy_protocol",
  "keyfile",
  "listener_allow_anonymous",
  "max_connections",
  "max_topic_alias",
  "max_topic_alias_broker",
  "mount_point",
  "protocol",
  "psk_hint",
  "require_certificate",
  "socket_domain",
  "tls_version",
  "use_identity_as_username",
  "use_subject_as_username",
  "websockets_origin",
];

/** Options that are of one listener where `per_listener_settings` is true. */
export const SECURITY_OPTIONS: readonly string[] = [
  "acl_file",
  "allow_anonymous",
  "password_file",
];

/** Options of a bridge. */
export const BRIDGE_OPTIONS: readonly string[] = [
  "address",
  "addresses",
  "bridge_alpn",
  "bridge_attempt_unsubscribe",
  "bridge_bind_address",
  "bridge_cafile",
  "bridge_capath",
  "bridge_certfile",
  "bridge_ciphers",
  "bridge_ciphers_tls1.3",
  "bridge_identity",
  "bridge_insecure",
  "bridge_keyfile",
  "bridge_max_packet_size",
  "bridge_max_topic_alias",
  "bridge_outgoing_retain",
  "bridge_protocol_version",
  "bridge_psk",
  "bridge_receive_maximum",
  "bridge_reload_type",
  "bridge_require_ocsp",
  "bridge_session_expiry_interval",
  "bridge_tcp_keepalive",
  "bridge_tcp_user_timeout",
  "bridge_tls_use_os_certs",
  "bridge_tls_version",
  "cleansession",
  "clientid",
  "idle_timeout",
  "keepalive_interval",
  "local_cleansession",
  "local_clientid",
  "local_password",
  "local_username",
  "notification_topic",
  "notifications",
  "notifications_local_only",
  "password",
  "remote_clientid",
  "remote_password",
  "remote_username",
  "restart_timeout",
  "round_robin",
  "start_type",
  "threshold",
  "topic",
  "try_private",
  "username",
];
