import type { Transport } from "./transport.ts";

/** A TCP connection. */
export class TcpTransport implements Transport {
  readonly peer: string;
  readonly host: string;
  readonly #connection: Deno.TcpConn;
  #closed = false;

  /** Takes an accepted connection over, and turns Nagle's algorithm off: we write whole batches. */
  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    const { hostname, port } = connection.remoteAddr;
    this.host = hostname;
    this.peer = hostname.includes(":")
      ? `[${hostname}]:${port}`
      : `${hostname}:${port}`;
    connection.setNoDelay(true);
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
