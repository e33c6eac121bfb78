// Listening on addresses: one by one, or on all of a host name's.

import { describeError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { isSocket } from "../protocols.ts";
import type { InheritedSockets } from "./inherited_sockets.ts";
import { formatPeer } from "../format_peer.ts";
import type {
  BoundAddress,
  PortAddress,
  SocketAddress,
} from "../listener_settings.ts";
import { tcpTransport } from "./tcp.ts";
import { listenOnSocket } from "./unix_socket.ts";

/** All addresses of a machine, IPv4 and IPv6, and those of IPv4 alone. */
const ALL = "::";
const ALL_IPV4 = "0.0.0.0";

/** An address of a host that is not there yet, and why. */
export interface AbsentAddress {
  /** The IP address. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** What the system said. */
  readonly error: unknown;
}

/** How {@linkcode openEach} opens the addresses of a host. */
export interface AddressOpener<Opened> {
  /** Opens one. */
  readonly open: (hostname: string, port: number) => Opened | Promise<Opened>;
  /** The port that it has. */
  readonly portOf: (opened: Opened) => number;
  /** Closes it again. */
  readonly close: (opened: Opened) => void;
  /** Where it is told that there is no IPv6. */
  readonly log: Log;
}

/**
 * Opens all addresses of a host on one port; port 0 is any free one. Addresses that are not there yet are named, and
 * those of IPv6 left out where the system has none. Rejects where none of them is there, or one cannot be opened.
 */
export async function openEach<Opened>(
  host: string,
  wanted: number,
  opener: AddressOpener<Opened>,
): Promise<
  { readonly opened: Opened[]; readonly absent: readonly AbsentAddress[] }
> {
  const { open, portOf, close, log } = opener;
  const hosts = await addressesOf(host);
  const opened: Opened[] = [];
  const absent: AbsentAddress[] = [];
  let port = wanted;
  try {
    for (const hostname of hosts) {
      try {
        const one = await open(hostname, port);
        opened.push(one);
        port = portOf(one);
      } catch (error) {
        if (hasNoIpv6(error)) {
          if (hosts.length === 1) throw new NoIpv6();
          log.info("This machine has no IPv6: an address is left out", {
            address: formatPeer(hostname, port),
          });
        } else if (isAbsent(error)) absent.push({ hostname, port, error });
        else throw error;
      }
    }
    if (opened.length === 0) throw absent[0]?.error ?? new NoIpv6();
    return { opened, absent };
  } catch (error) {
    for (const one of opened) close(one);
    if (!(error instanceof NoIpv6) || host !== ALL) throw error;
    log.info("This machine has no IPv6: listening on IPv4 alone", {
      address: formatPeer(ALL_IPV4, wanted),
    });
    return await openEach(ALL_IPV4, wanted, opener);
  }
}

/** An IPv6 address was named where the system has no IPv6. */
class NoIpv6 extends Error {
  constructor() {
    super("IPv6 is switched off on this machine");
  }
}

/** What {@linkcode bindAll} has done. */
export interface AllBound {
  /** What is listened on: at least one. */
  readonly bound: readonly BoundAddress[];
  /** What is not there yet. */
  readonly absent: readonly AbsentAddress[];
}

/** What {@linkcode bindAll} works with. */
export interface BindOptions {
  /** Sockets that were passed, of which each address takes its own; left out, there are none. */
  readonly inherited?: InheritedSockets;
  /** Where it tells that there is no IPv6. */
  readonly log: Log;
}

/**
 * Listens on all addresses of a host, as {@linkcode openEach} does, or on a Unix socket. Rejects with what the system
 * says.
 */
export async function bindAll(
  address: PortAddress | SocketAddress,
  { inherited, log }: BindOptions,
): Promise<AllBound> {
  if (isSocket(address)) {
    return { bound: [await bindAddress(address, inherited)], absent: [] };
  }
  const { opened: bound, absent } = await openEach(
    address.hostname,
    address.port,
    {
      open: (hostname, port) =>
        bindAddress({ ...address, hostname, port }, inherited),
      portOf: ({ address }) => isSocket(address) ? 0 : address.port,
      close: (one) => one.close(),
      log,
    },
  );
  return { bound, absent };
}

/**
 * Listens on an address, whatever is then spoken there: on a socket that was passed, where there is one for it. The host
 * must be an IP address. Rejects with what the system says.
 */
export async function bindAddress(
  address: PortAddress | SocketAddress,
  inherited?: InheritedSockets,
): Promise<BoundAddress> {
  if (isSocket(address)) {
    return inherited?.take(address) ?? await listenOnSocket(address);
  }
  const { hostname, port } = address;
  const passed = inherited?.take(address);
  if (passed !== undefined) return passed;
  const listener = Deno.listen({ transport: "tcp", hostname, port });
  const { addr } = listener;
  return {
    address: { ...address, hostname: addr.hostname, port: addr.port },
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

/** Whether the system has no IPv6 (EAFNOSUPPORT). */
function hasNoIpv6(error: unknown): boolean {
  return /address family not supported|EAFNOSUPPORT/i.test(
    describeError(error),
  );
}

/**
 * All addresses of a host, in the order in which the system gives them. `Deno.listen` finds the first one too, but holds
 * up everything else meanwhile. Rejects where the name is unknown.
 */
async function addressesOf(
  hostname: string,
): Promise<readonly string[]> {
  if (hostname === ALL && await isIpv6Alone()) return [ALL_IPV4, ALL];
  if (hostname.includes(":") || /^[\d.]+$/.test(hostname)) return [hostname];
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(hostname, { all: true, verbatim: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** Whether Linux is told to take no IPv4 connections where all addresses of IPv6 are listened on. */
async function isIpv6Alone(): Promise<boolean> {
  try {
    const text = await Deno.readTextFile("/proc/sys/net/ipv6/bindv6only");
    return text.trim() === "1";
  } catch {
    return false;
  }
}
