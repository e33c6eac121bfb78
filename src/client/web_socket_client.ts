// Loaded only where WebSocket is spoken: what it needs takes memory.

import { speaksTls } from "../transport/protocols.ts";
import type { IncomingMessage } from "node:http";
// @ts-types="@types/ws"
import { createWebSocketStream, WebSocket } from "ws";
import { formatPeer } from "../transport/format_peer.ts";
import { NodeSocketTransport } from "../transport/socket/node_socket.ts";
import type { Transport } from "../transport/transport.ts";
import {
  type BrokerAddress,
  type ClientTls,
  formatBroker,
} from "./broker_address.ts";
import { SELF_LIMITING } from "../transport/socket/self_limiting.ts";

/** Opens a WebSocket in whose binary frames MQTT goes. */
export async function openWebSocket(
  address: Extract<BrokerAddress, { protocol: "ws" | "wss" }>,
  tls: ClientTls,
): Promise<Transport> {
  const socket = new WebSocket(formatBroker(address), ["mqtt"], {
    perMessageDeflate: false,
    ...(speaksTls(address) &&
      (await import("./tls_client.ts")).tlsOptions(tls)),
  });
  await opened(socket, speaksTls(address));
  const { hostname, port } = address;
  return new NodeSocketTransport(
    createWebSocketStream(socket),
    SELF_LIMITING,
    {
      peer: formatPeer(hostname, port),
      host: hostname,
      certificate: undefined,
    },
  );
}

function opened(socket: WebSocket, isSecure: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      const isClosed = "code" in error && error.code === "ECONNRESET";
      reject(
        isClosed
          ? new Error(
            `the connection was closed; is this a port for WebSocket${
              isSecure ? " within TLS" : ""
            }?`,
          )
          : error,
      );
    });
    socket.once(
      "unexpected-response",
      (_request, { statusCode, statusMessage }: IncomingMessage) => {
        reject(
          new Error(
            `HTTP answers with ${statusCode} ${statusMessage} instead of a WebSocket; is the path right?`,
          ),
        );
        socket.on("error", () => {});
        socket.terminate();
      },
    );
    socket.once("open", () => {
      socket.removeAllListeners("error");
      resolve();
    });
  });
}
