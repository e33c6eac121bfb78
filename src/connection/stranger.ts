// What is said of a client that speaks another protocol at a port for MQTT, and to it.

import { protocolOf, PROTOCOLS } from "../transport/protocols.ts";
import {
  type ForeignProtocol,
  foreignProtocol,
} from "../transport/foreign_protocol.ts";

/** What a client that speaks another protocol is to be told, and the operator. */
export interface Stranger {
  /** For the log: what it is and what to do. */
  readonly note: string;
  /** What it is answered in its own protocol; `undefined` where nothing is. */
  readonly answer: Uint8Array | undefined;
}

/** Who has sent these first bytes to a port for MQTT, where that can be told; `urls` are those of all listeners. */
export function strangerOf(
  bytes: Uint8Array,
  urls: readonly string[],
): Stranger | undefined {
  const protocol = foreignProtocol(bytes);
  if (protocol === undefined || protocol.kind === "mqtt") return undefined;
  const note = `${protocol.who} at a port for MQTT without ${
    protocol.kind === "tls" ? "TLS" : "that"
  }${remedy(protocol, urls)}`;
  const isHttp = protocol.kind === "http" || protocol.kind === "webSocket";
  return { note, answer: isHttp ? badRequest() : undefined };
}

function remedy(
  { kind }: ForeignProtocol,
  urls: readonly string[],
): string {
  switch (kind) {
    case "tls":
      return `: ${elsewhere("TLS", urls, ({ tls }) => tls, "mqtts://")}`;
    case "webSocket":
    case "http": {
      const isWebSocket = (of: { webSocket: boolean }) => of.webSocket;
      return `: ${elsewhere("WebSocket", urls, isWebSocket, "ws://")}`;
    }
    case "proxy":
      return ": name its address in proxies_from, or have it send no header";
    default:
      return "";
  }
}

function elsewhere(
  what: string,
  urls: readonly string[],
  speaks: (traits: { tls: boolean; webSocket: boolean }) => boolean,
  scheme: string,
): string {
  const others = urls.filter((url) => {
    const protocol = protocolOf(url.split("://")[0]!);
    return protocol !== undefined && speaks(PROTOCOLS[protocol]);
  });
  return others.length === 0
    ? `add a listener ${scheme} for it`
    : `${what} is spoken at ${others.join(" and ")}`;
}

/** An answer of HTTP to whoever speaks that. */
function badRequest(): Uint8Array {
  const body = "This is a port for MQTT, not for HTTP\n";
  return new TextEncoder().encode(
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" +
      `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
