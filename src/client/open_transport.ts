import {
  isSocket,
  speaksTls,
  speaksWebSocket,
} from "../transport/protocols.ts";
import { SystemTransport, tcpTransport } from "../transport/socket/tcp.ts";
import type { Transport } from "../transport/transport.ts";
import type { BrokerAddress, ClientTls } from "./broker_address.ts";

/** The addresses of `localhost`, in the order in which they are tried: many brokers listen on one of them. */
const LOCALHOST = ["127.0.0.1", "::1"];

/** Opens a connection to a broker. Rejects with what the system says. Loads what only this kind of connection needs. */
export async function openTransport(
  address: BrokerAddress,
  tls: ClientTls = {},
): Promise<Transport> {
  if (isSocket(address)) {
    const { path } = address;
    const connection = await Deno.connect({ transport: "unix", path });
    return new SystemTransport(connection, `unix:${path}`, "local");
  }
  if (speaksWebSocket(address)) {
    const { openWebSocket } = await import("./web_socket_client.ts");
    return await openWebSocket(address, tls);
  }
  const { hostname, port } = address;
  if (!speaksTls(address)) {
    return await firstOf(
      hostname,
      async (host) =>
        tcpTransport(await Deno.connect({ hostname: host, port })),
    );
  }
  const { openTls } = await import("./tls_client.ts");
  return await firstOf(
    hostname,
    (host) => openTls(host, port, { name: hostname, tls }),
  );
}

/** Opens a connection to an address of a host: the first one where that works. */
async function firstOf(
  hostname: string,
  open: (host: string) => Promise<Transport>,
): Promise<Transport> {
  if (hostname !== "localhost") return await open(hostname);
  let refusal: unknown;
  for (const one of LOCALHOST) {
    try {
      return await open(one);
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}
