// What a peer speaks that does not speak what is spoken here, by its first bytes.

/** A protocol that was met in the place of another. */
export interface ForeignProtocol {
  /** Which it is. */
  readonly kind:
    | "tls"
    | "http"
    | "webSocket"
    | "proxy"
    | "mqtt"
    | "other";
  /** Who speaks it: `a TLS client`. */
  readonly who: string;
}

const HTTP =
  /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT) \S|^PRI \* HTTP\/2/;
const UPGRADE = /^upgrade:\s*websocket\s*$/im;
/** The signature of the PROXY protocol's second version. */
const PROXY_2 = "\r\n\r\n\0\r\nQUIT\n";
/** A CONNECT packet with the protocol's name, of 3.1 or of later versions. */
// deno-lint-ignore no-control-regex
const MQTT = /^\x10[^]{1,4}\0(?:\x04MQTT|\x06MQIsdp)/;

/** What else knocks at ports: by the first bytes. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^SSH-/, "an SSH client"],
  [/^AMQP/, "an AMQP client"],
  // deno-lint-ignore no-control-regex
  [/^\x03\0\0[^]\x02\xf0|^\x03\0\0[^][^]\xe0/, "a Remote Desktop client"],
  [/^(?:EHLO|HELO) /i, "a mail server"],
  [/^\*\d+\r\n\$/, "a Redis client"],
  [/^(?:CONNECT|STOMP)\r?\n/, "a STOMP client"],
  [/^\0[^]{3}\xffSMB|^\0[^]{3}\xfeSMB/, "a client for Windows file shares"],
];

/** Which protocol begins with these bytes; `undefined` where that cannot be told. */
export function foreignProtocol(
  bytes: Uint8Array,
): ForeignProtocol | undefined {
  let text = "";
  for (const byte of bytes.subarray(0, 1024)) {
    text += String.fromCharCode(byte);
  }
  if (text.startsWith("\x16\x03")) return { kind: "tls", who: "a TLS client" };
  if (HTTP.test(text)) {
    return UPGRADE.test(text)
      ? { kind: "webSocket", who: "a WebSocket client" }
      : { kind: "http", who: "an HTTP client" };
  }
  if (text.startsWith("PROXY ") || text.startsWith(PROXY_2)) {
    return { kind: "proxy", who: "a proxy with a PROXY header" };
  }
  if (MQTT.test(text)) return { kind: "mqtt", who: "an MQTT client" };
  const other = OTHERS.find(([pattern]) => pattern.test(text));
  return other && { kind: "other", who: other[1] };
}
