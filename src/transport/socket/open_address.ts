import { isSocket } from "../protocols.ts";
import type { InheritedSockets } from "./inherited_sockets.ts";
import type {
  BoundAddress,
  PortAddress,
  SocketAddress,
} from "../listener_settings.ts";
import { tcpTransport } from "./tcp.ts";
import { listenOnSocket } from "./unix_socket.ts";

/**
 * Listens on an address, whatever is then spoken there: on a socket that was passed, where there is one for it. Rejects
 * with what the system says.
 */
export async function bindAddress(
  address: PortAddress | SocketAddress,
  inherited?: InheritedSockets,
): Promise<BoundAddress> {
  if (isSocket(address)) {
    return inherited?.take(address) ?? await listenOnSocket(address);
  }
  const { protocol, port } = address;
  const hostname = await resolve(address.hostname);
  const passed = inherited?.take({ protocol, hostname, port });
  if (passed !== undefined) return passed;
  const listener = Deno.listen({ transport: "tcp", hostname, port });
  const { addr } = listener;
  return {
    address: { protocol, hostname: addr.hostname, port: addr.port },
    accept: async () => tcpTransport(await listener.accept()),
    close: () => listener.close(),
  };
}

/**
 * Whether an address is not there, but may come: an interface without it yet, as at boot or before DHCP has answered,
 * or a name that does not resolve.
 */
export function isAbsent(error: unknown): boolean {
  if (error instanceof Deno.errors.AddrNotAvailable) return true;
  const code = error instanceof Error && "code" in error ? error.code : "";
  return code === "ENOTFOUND" || code === "EAI_AGAIN";
}

/** A host's first address. `Deno.listen` finds it too, but holds up everything else meanwhile. */
async function resolve(hostname: string): Promise<string> {
  if (hostname.includes(":") || /^[\d.]+$/.test(hostname)) return hostname;
  const { lookup } = await import("node:dns/promises");
  const { address } = await lookup(hostname, { verbatim: true });
  return address;
}
