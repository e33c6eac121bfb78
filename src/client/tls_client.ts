// Loaded only where TLS is spoken: what it needs takes memory.

import { isIP } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { NodeSocketTransport } from "../transport/node_socket.ts";
import type { Transport } from "../transport/transport.ts";
import { TransportStream } from "../transport/transport_stream.ts";
import type { ClientTls } from "./open_transport.ts";

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

/** Goes through the handshake, and gives the stream within. */
export async function openTls(
  below: Transport,
  hostname: string,
  tls: ClientTls,
): Promise<Transport> {
  const carrier = new TransportStream(below);
  const socket = connect({
    ...tlsOptions(tls),
    socket: carrier,
    host: hostname,
    ...(isIP(hostname) === 0 && { servername: hostname }),
    ALPNProtocols: ["mqtt"],
  });
  // It does not see by itself that what carries it has broken off.
  carrier.once("error", (error) => socket.destroy(error));
  carrier.once("close", () => socket.destroy());
  try {
    await secured(socket, carrier);
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    below.close();
    throw error;
  }
  const { peer, host } = below;
  return new NodeSocketTransport(socket, carrier, {
    peer,
    host,
    certificate: undefined,
  });
}

function secured(socket: TLSSocket, carrier: TransportStream): Promise<void> {
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
    carrier.once("close", closed);
    socket.once("secureConnect", () => {
      resolve();
    });
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
