// Loaded only where TLS is spoken: what it needs takes memory.

import { isIP } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { formatPeer } from "../transport/format_peer.ts";
import { NodeSocketTransport } from "../transport/socket/node_socket.ts";
import type { Transport } from "../transport/transport.ts";
import { SELF_LIMITING } from "../transport/socket/self_limiting.ts";
import type { ClientTls } from "./broker_address.ts";

/** Where systems keep the authorities that they trust: Debian and Alpine, Fedora, macOS. */
const SYSTEM_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** What `node:tls` is to be told, also by way of `ws`. */
export function tlsOptions(tls: ClientTls): ConnectionOptions {
  const { authorities, certificate, key, isInsecure = false } = tls;
  const ca = authorities === undefined ? knownAuthorities() : [authorities];
  return {
    ...(ca.length > 0 && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(isInsecure && {
      rejectUnauthorized: authorities !== undefined,
      checkServerIdentity: () => undefined,
    }),
  };
}

/** Connects, and goes through the handshake; the certificate must be for `name`. */
export async function openTls(
  host: string,
  port: number,
  { name, tls }: { readonly name: string; readonly tls: ClientTls },
): Promise<Transport> {
  const socket = connect({
    ...tlsOptions(tls),
    host,
    port,
    ...(isIP(name) === 0 && { servername: name }),
    ALPNProtocols: ["mqtt"],
  });
  socket.setNoDelay(true);
  try {
    await secured(socket);
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  }
  return new NodeSocketTransport(socket, SELF_LIMITING, {
    peer: formatPeer(host, port),
    host,
    certificate: undefined,
  });
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = (): void =>
      reject(
        new Error("the connection was closed; is TLS spoken on this port?"),
      );
    socket.once("error", (error) => {
      if ("code" in error && error.code === "ECONNRESET") closed();
      else reject(error);
    });
    socket.once("close", closed);
    socket.once("secureConnect", resolve);
  });
}

/** The authorities that this system trusts; none where it has no list: then the runtime's own hold. */
function knownAuthorities(): string[] {
  return SYSTEM_AUTHORITIES.flatMap(readIfThere);
}

function readIfThere(file: string): string[] {
  try {
    return [Deno.readTextFileSync(file)];
  } catch {
    return [];
  }
}
