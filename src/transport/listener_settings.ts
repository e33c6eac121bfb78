import { formatPeer } from "./format_peer.ts";
import { isSocket, type PortProtocol } from "./protocols.ts";
import type { Transport } from "./transport.ts";

/** A TCP port to listen on. */
export interface PortAddress {
  /** What is spoken there. */
  readonly protocol: PortProtocol;
  /** A host name or address. */
  readonly hostname: string;
  /** 0 to 65,535; 0 for any free one. */
  readonly port: number;
  /** The path at which WebSocket is spoken, such as `/mqtt`; left out, it is spoken at any. */
  readonly path?: string;
}

/** A Unix socket to listen on, with MQTT as it is. */
export interface SocketAddress {
  /** What tells it from a port. */
  readonly protocol: "unix";
  /** The socket's file. */
  readonly path: string;
  /** Its permissions, such as `0o660`; left out, what the process's umask leaves. */
  readonly mode?: number;
}

/** Certificates and what is asked of clients. */
export interface TlsSettings {
  /** File with the server's certificate and its intermediates (PEM). */
  readonly certificate: string;
  /** File with its private key (PEM). */
  readonly key: string;
  /** The oldest TLS version that is spoken. Default `TLSv1.2`. */
  readonly minimumVersion?: "TLSv1.2" | "TLSv1.3";
  /** Whether clients must, may or need not show a certificate. Default `no`. */
  readonly clientCertificates?: "require" | "request" | "no";
  /** File with the authorities that sign clients' certificates (PEM); needed unless none are asked for. */
  readonly clientAuthority?: string;
  /** File with their revocation lists (PEM). */
  readonly revocationList?: string;
}

/**
 * Whose pages may connect: those of these origins, such as `https://example.org`; of the broker's own host, at whatever
 * port; or all. Programs, which name no origin, always may.
 */
export type Origins = "all" | "own" | readonly string[];

/** How WebSocket is spoken. */
export interface WebSocketSettings {
  /** Whose pages may connect. */
  readonly origins: Origins;
}

/** All there is to say about one listener's transport. */
export interface ListenerSettings {
  /** Where to listen. */
  readonly address: PortAddress | SocketAddress;
  /** For `mqtts` and `wss`. */
  readonly tls?: TlsSettings;
  /** For `ws` and `wss`. */
  readonly webSocket?: WebSocketSettings;
  /**
   * Addresses and networks (`192.0.2.7`, `2001:db8::/32`) of proxies, which begin each connection with a header of the
   * PROXY protocol; nobody else may connect then. Left out, no header is expected.
   */
  readonly proxiesFrom?: readonly string[];
}

/** The URL of an address, without its settings. */
export function formatAddress(address: PortAddress | SocketAddress): string {
  if (isSocket(address)) {
    return `unix://${address.path.replaceAll(/[%?#\s]/g, encodeURIComponent)}`;
  }
  const { protocol, hostname, port, path = "" } = address;
  return `${protocol}://${formatPeer(hostname, port)}${path}`;
}

/** A place that is listened on. */
export interface BoundAddress {
  /** Where it really is: with the port that the system chose. */
  readonly address: PortAddress | SocketAddress;
  /** The next connection. Rejects if one could not be accepted, and when the door closes. */
  accept(): Promise<Transport>;
  /** Listens no more. */
  close(): void;
}
