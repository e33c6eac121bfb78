// The one table of what can be listened on and connected to. A new kind of listener begins here.

/** What tells one kind of address from the others. */
interface ProtocolTraits {
  /** The port at which clients look for it; `undefined` where there are no ports. */
  readonly port: number | undefined;
  /** Whether it is within TLS. */
  readonly tls: boolean;
  /** Whether MQTT is within WebSocket. */
  readonly webSocket: boolean;
  /** How ALPN names what is within TLS (IANA's registry of ALPN protocol ids); empty without TLS. */
  readonly alpn: string;
  /** What a URL may begin with; the first is how we write it, the others are how other programs do. */
  readonly schemes: readonly string[];
}

/** What is spoken at an address: MQTT as it is or within WebSocket, each plain or over TLS, or over a Unix socket. */
export const PROTOCOLS = {
  mqtt: {
    port: 1883,
    tls: false,
    webSocket: false,
    alpn: "",
    schemes: ["mqtt", "tcp"],
  },
  mqtts: {
    port: 8883,
    tls: true,
    webSocket: false,
    alpn: "mqtt",
    schemes: ["mqtts", "ssl", "tls"],
  },
  ws: { port: 8083, tls: false, webSocket: true, alpn: "", schemes: ["ws"] },
  wss: {
    port: 8084,
    tls: true,
    webSocket: true,
    alpn: "http/1.1",
    schemes: ["wss"],
  },
  unix: {
    port: undefined,
    tls: false,
    webSocket: false,
    alpn: "",
    schemes: ["unix"],
  },
} as const satisfies Readonly<Record<string, ProtocolTraits>>;

/** One of {@linkcode PROTOCOLS}. */
export type Protocol = keyof typeof PROTOCOLS;

/** Those that are spoken on TCP ports. */
export type PortProtocol = Exclude<Protocol, "unix">;

/** The names of all of them. */
export const PROTOCOL_LIST = Object.keys(PROTOCOLS) as readonly Protocol[];

/** How URLs begin, for sentences that say so. */
export const SCHEMES_TEXT: string = PROTOCOL_LIST.map((one) => `${one}://`)
  .join(", ").replace(/, (?=[^,]*$)/, " or ");

/** The path at which WebSocket clients look for a broker. */
export const DEFAULT_WEB_SOCKET_PATH = "/mqtt";

/** The protocol that a URL with this scheme means, in either case; `undefined` where none does. */
export function protocolOf(scheme: string): Protocol | undefined {
  const name = scheme.toLowerCase();
  return PROTOCOL_LIST.find((one) =>
    PROTOCOLS[one].schemes.some((scheme) => scheme === name)
  );
}

/** Whether an address is that of a Unix socket. */
export function isSocket<Address extends { readonly protocol: Protocol }>(
  address: Address,
): address is Extract<Address, { readonly protocol: "unix" }> {
  return address.protocol === "unix";
}

/** Whether an address is within TLS. */
export function speaksTls(
  { protocol }: { readonly protocol: Protocol },
): boolean {
  return PROTOCOLS[protocol].tls;
}

/** Whether an address is one of WebSocket. */
export function speaksWebSocket<
  Address extends { readonly protocol: Protocol },
>(
  address: Address,
): address is Extract<Address, { readonly protocol: "ws" | "wss" }> {
  return PROTOCOLS[address.protocol].webSocket;
}

/** The protocol on a TCP port with these traits. */
export function portProtocol(
  { tls, webSocket }: { readonly tls: boolean; readonly webSocket: boolean },
): PortProtocol {
  if (webSocket) return tls ? "wss" : "ws";
  return tls ? "mqtts" : "mqtt";
}
