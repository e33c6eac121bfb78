// Loaded only where a supervisor has passed sockets: what it needs takes memory.

import { isSocket } from "../protocols.ts";
import { describeError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { formatPeer } from "../format_peer.ts";
import { InheritedSocket } from "./inherited_socket.ts";
import type {
  BoundAddress,
  PortAddress,
  SocketAddress,
} from "../listener_settings.ts";

/** The first file descriptor that is passed (sd_listen_fds(3)). */
const FIRST = 3;
/** Addresses that stand for all of a machine: Linux takes IPv4 connections at the second, too. */
const ALL = ["0.0.0.0", "::"];

/** The sockets that a supervisor listens on, and has passed so that listeners take them instead of ones of their own. */
export class InheritedSockets {
  readonly #sockets: readonly InheritedSocket[];

  /** Takes over as many as were passed. What cannot be is told, and left alone. */
  static async open(count: number, log: Log): Promise<InheritedSockets> {
    const sockets: InheritedSocket[] = [];
    for (let fd = FIRST; fd < FIRST + count; fd++) {
      try {
        sockets.push(await InheritedSocket.open(fd));
      } catch (error) {
        log.error(
          "Cannot take over a socket that was passed: Deno 2.9 or later can, where it is one of TCP or a Unix socket that is listened on",
          { fd, deno: Deno.version.deno, error: describeError(error) },
        );
      }
    }
    return new InheritedSockets(sockets);
  }

  private constructor(sockets: readonly InheritedSocket[]) {
    this.#sockets = sockets;
  }

  /**
   * A door made of the socket with this address, whose host must be resolved; `undefined` if there is none. Unix sockets
   * are taken in the order in which they were passed.
   */
  take(address: PortAddress | SocketAddress): BoundAddress | undefined {
    const socket = this.#sockets.find((one) =>
      !one.isTaken && isFor(one, address)
    );
    if (socket === undefined) return undefined;
    return socket.take({ ...address, ...socket.address });
  }

  /** Those that no listener has taken, in words; who connects there is turned away from now on. */
  leaveRest(): readonly string[] {
    return this.#sockets.filter(({ isTaken }) => !isTaken).map((socket) => {
      socket.leave();
      const { address } = socket;
      return address === undefined
        ? "a Unix socket"
        : formatPeer(address.hostname, address.port);
    });
  }
}

function isFor(
  { address }: InheritedSocket,
  asked: PortAddress | SocketAddress,
): boolean {
  if (isSocket(asked)) return address === undefined;
  if (address?.port !== asked.port) return false;
  return address.hostname === asked.hostname ||
    ALL.includes(address.hostname) && ALL.includes(asked.hostname);
}
