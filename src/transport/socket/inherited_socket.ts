// Loaded only where a supervisor has passed sockets: what it needs takes memory.

import { createServer, type Server, type Socket } from "node:net";
import { Deque } from "../../core/deque.ts";
import type { BoundAddress } from "../listener_settings.ts";
import { formatPeer } from "../format_peer.ts";
import { normalIpAddress } from "../ip_address.ts";
import { NodeSocketTransport } from "./node_socket.ts";
import { SELF_LIMITING } from "./self_limiting.ts";
import type { Transport } from "../transport.ts";
import { LOCAL } from "./unix_socket.ts";

/** Connections that wait for somebody to take them; those that come beyond are closed. */
const MOST_WAITING = 1024;

/** Who is at the other end of a Unix socket. */
const ANYBODY = { peer: LOCAL, host: LOCAL, certificate: undefined };

/** Somebody who waits for a connection. */
interface Waiter {
  readonly resolve: (transport: Transport) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A socket that another process listens on and has passed. It cannot be closed for good, since that process has it, too:
 * while no door is made of it, who comes is turned away.
 */
export class InheritedSocket {
  readonly #server: Server;
  readonly #waiting = new Deque<Transport>();
  #waiter: Waiter | undefined;
  /** Whether somebody has it, or may come for it yet. */
  #isWanted = true;
  #isTaken = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Takes a file descriptor over. Rejects with what the system says if it is no socket that is listened on. */
  static open(fd: number): Promise<InheritedSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<
      InheritedSocket
    >();
    const server = createServer({ allowHalfOpen: true });
    const socket = new InheritedSocket(server);
    server.on("connection", (connection) => socket.#arrive(connection));
    server.on("error", reject);
    server.listen({ fd }, () => resolve(socket));
    return promise;
  }

  /** Its address and port; `undefined` for a Unix socket, of which the runtime does not tell the path. */
  get address():
    | { readonly hostname: string; readonly port: number }
    | undefined {
    const address = this.#server.address();
    if (address === null || typeof address === "string") return undefined;
    return { hostname: address.address, port: address.port };
  }

  /** Whether a door is made of it. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Makes a door of it, which is said to be at an address. */
  take(address: BoundAddress["address"]): BoundAddress {
    this.#isWanted = this.#isTaken = true;
    return {
      address,
      accept: () => this.#accept(),
      close: () => this.leave(),
    };
  }

  /** Turns away who waits and who comes, until a door is made of it again. */
  leave(): void {
    this.#isWanted = this.#isTaken = false;
    this.#waiter?.reject(new Error("The listener is closed"));
    this.#waiter = undefined;
    for (const transport of this.#waiting) transport.close();
    this.#waiting.clear();
  }

  #accept(): Promise<Transport> {
    const first = this.#waiting.popFront();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  #arrive(connection: Socket): void {
    if (!this.#isWanted || this.#waiting.length >= MOST_WAITING) {
      connection.destroy();
      return;
    }
    const transport = transportOf(connection);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#waiting.pushBack(transport);
    else waiter.resolve(transport);
  }
}

/** Nagle's algorithm is off: we write whole batches. */
function transportOf(connection: Socket): Transport {
  const { remoteAddress, remotePort } = connection;
  if (remoteAddress === undefined || remotePort === undefined) {
    return new NodeSocketTransport(connection, SELF_LIMITING, ANYBODY);
  }
  connection.setNoDelay(true);
  const host = normalIpAddress(remoteAddress);
  return new NodeSocketTransport(connection, SELF_LIMITING, {
    peer: formatPeer(host, remotePort),
    host,
    certificate: undefined,
  });
}
