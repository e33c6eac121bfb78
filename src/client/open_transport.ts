import { SystemTransport, tcpTransport } from "../transport/tcp.ts";
import type { Transport } from "../transport/transport.ts";
import type { BrokerAddress } from "./broker_address.ts";

/** How a client does TLS; certificates and keys are texts (PEM). */
export interface ClientTls {
  /** The authorities whose certificates are good; without them, those that the system trusts. */
  readonly authorities?: string;
  /** The client's certificate. */
  readonly certificate?: string;
  /** Its key. */
  readonly key?: string;
  /** Not to check the host's name; and without authorities of its own, not to check the certificate at all. */
  readonly isInsecure?: boolean;
}

/** The addresses of `localhost`, in the order in which they are tried: many brokers listen on one of them. */
const LOCALHOST = ["127.0.0.1", "::1"];

/** Opens a connection to a broker. Rejects with what the system says. Loads what only this kind of connection needs. */
export async function openTransport(
  address: BrokerAddress,
  tls: ClientTls = {},
): Promise<Transport> {
  const { protocol } = address;
  if (protocol === "unix") {
    const { path } = address;
    const connection = await Deno.connect({ transport: "unix", path });
    return new SystemTransport(connection, `unix:${path}`, "local");
  }
  if (protocol === "ws" || protocol === "wss") {
    const { openWebSocket } = await import("./web_socket_client.ts");
    return await openWebSocket(address, tls);
  }
  const { hostname, port } = address;
  const below = tcpTransport(await openTcp(hostname, port));
  if (protocol === "mqtt") return below;
  const { openTls } = await import("./tls_client.ts");
  return await openTls(below, hostname, tls);
}

async function openTcp(hostname: string, port: number): Promise<Deno.TcpConn> {
  if (hostname !== "localhost") return await Deno.connect({ hostname, port });
  let refusal: unknown;
  for (const one of LOCALHOST) {
    try {
      return await Deno.connect({ hostname: one, port });
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}
