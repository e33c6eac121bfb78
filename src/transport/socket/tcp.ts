import { formatPeer } from "../format_peer.ts";
import { normalIpAddress } from "../ip_address.ts";
import type { Transport } from "../transport.ts";

/** A connection that the system carries: TCP, or a Unix socket. */
export class SystemTransport implements Transport {
  readonly peer: string;
  readonly host: string;
  readonly #connection: Deno.Conn;
  #closed = false;

  /** Takes an accepted connection over, of a client that is to be called so. */
  constructor(connection: Deno.Conn, peer: string, host: string) {
    this.#connection = connection;
    this.peer = peer;
    this.host = host;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#connection.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#connection.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }
}

/** Takes an accepted TCP connection over, and turns Nagle's algorithm off: we write whole batches. */
export function tcpTransport(connection: Deno.TcpConn): Transport {
  const { hostname, port } = connection.remoteAddr;
  const host = normalIpAddress(hostname);
  connection.setNoDelay(true);
  return new SystemTransport(connection, formatPeer(host, port), host);
}
