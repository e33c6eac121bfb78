// Loaded only where a listener speaks WebSocket: what it needs takes memory.

import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
// @ts-types="@types/ws"
import { WebSocketServer } from "ws";
import {
  type HttpRequest,
  LONGEST_HEAD,
  parseHttpRequest,
} from "./http_request.ts";
import { foreignProtocol } from "../foreign_protocol.ts";
import { ReadAheadTransport } from "../read_ahead.ts";
import { Refused } from "../refused.ts";
import { TransportStream } from "../transport_stream.ts";
import type { Transport } from "../transport.ts";
import { type MessageLimits, WebSocketTransport } from "./web_socket.ts";
import { judgeRequest, type RequestRules } from "./request.ts";

/** Milliseconds in which a client must answer that the connection is closed. */
const CLOSE_TIME = 5000;
/** Bounds of what `ws` holds of one frame in small pieces, and of one message in small frames. */
const MOST_PIECES = 16 * 1024;
/** Answers to pings that wait to be sent. */
const MOST_PONGS = 60;

const REASONS = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  426: "Upgrade Required",
};

/** What a {@linkcode WebSocketGate} works with. */
export interface WebSocketGateOptions {
  /** Path and origins. */
  readonly rules: RequestRules;
  /** What clients may send. */
  readonly limits: MessageLimits;
  /** Told what a client did, when connected, that is against the protocol. */
  readonly onFault: (client: Transport, reason: string) => void;
}

/** Where a connection must become a WebSocket first. */
export class WebSocketGate {
  readonly #options: WebSocketGateOptions;
  readonly #server: WebSocketServer;

  /** Makes one for all connections of a listener. */
  constructor(options: WebSocketGateOptions) {
    this.#options = options;
    const settings = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.limits.later,
      closeTimeout: CLOSE_TIME,
      maxBufferedChunks: MOST_PIECES,
      maxFragments: MOST_PIECES,
      maxPendingAutoPongs: MOST_PONGS,
      // The verdict has chosen it, and what the verdict has not seen does not come here.
      handleProtocols: (_: Set<string>, { headers }: IncomingMessage) =>
        headers["sec-websocket-protocol"] ?? false,
    };
    this.#server = new WebSocketServer(settings);
  }

  /** Goes through the opening handshake, and gives the stream within. Rejects with `Refused`. */
  async pass(transport: Transport): Promise<Transport> {
    const { request, ahead } = await readRequest(transport);
    const verdict = judgeRequest(request, this.#options.rules);
    if (verdict.type === "upgrade") {
      const below = new ReadAheadTransport(transport, ahead);
      return await this.#upgrade(request, verdict.subprotocol, below);
    }
    const { status } = verdict;
    const text = verdict.type === "other"
      ? verdict.text
      : `Refused: ${verdict.reason}`;
    await answer(transport, status, text);
    throw new Refused(verdict.type === "other" ? undefined : verdict.reason);
  }

  #upgrade(
    request: HttpRequest,
    subprotocol: string,
    below: Transport,
  ): Promise<Transport> {
    const { limits, onFault } = this.#options;
    const stream = new TransportStream(below);
    const headers = {
      ...request.headers,
      upgrade: "websocket",
      "sec-websocket-protocol": subprotocol,
    };
    return new Promise((resolve, reject) => {
      const failed = () =>
        reject(new Refused("its WebSocket handshake is faulty"));
      stream.once("close", failed);
      this.#server.handleUpgrade(
        { ...request, headers } as unknown as IncomingMessage,
        stream,
        Buffer.alloc(0),
        (socket) => {
          stream.off("close", failed);
          resolve(
            new WebSocketTransport({
              socket,
              stream,
              below,
              limits,
              onFault: (reason) => onFault(below, reason),
            }),
          );
        },
      );
    });
  }
}

/** Reads the head of a request, and what has come behind it. */
async function readRequest(
  transport: Transport,
): Promise<{ request: HttpRequest; ahead: Uint8Array }> {
  let bytes = new Uint8Array(1024);
  for (let length = 0;;) {
    const count = await transport.read(bytes.subarray(length));
    if (count === null) throw new Refused(undefined);
    const head = parseHttpRequest(bytes.subarray(0, length + count), length);
    length += count;
    if (head.type === "request") {
      const ahead = bytes.slice(head.size, length);
      return { request: head.request, ahead };
    }
    if (head.type === "faulty") {
      const foreign = foreignProtocol(bytes.subarray(0, length));
      if (foreign?.kind !== "tls") {
        await answer(transport, 400, `Refused: ${head.reason}`);
      }
      if (foreign?.kind === "tls" || foreign?.kind === "mqtt") {
        throw new Refused(
          `${foreign.who} at a port for WebSocket without ${
            foreign.kind === "tls" ? "TLS: use ws://" : "it: use ws://"
          } there, or the port of another listener`,
        );
      }
      throw new Refused(
        foreign === undefined
          ? `it sent ${head.reason}`
          : `it is ${foreign.who}`,
      );
    }
    if (length < bytes.length) continue;
    const larger = new Uint8Array(Math.min(length * 4, LONGEST_HEAD));
    larger.set(bytes);
    bytes = larger;
  }
}

/** Answers in plain HTTP and waits until the client has read that, or takes too much of our time with other bytes. */
async function answer(
  transport: Transport,
  status: keyof typeof REASONS,
  text: string,
): Promise<void> {
  const body = `${text}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${new TextEncoder().encode(body).length}`,
    ...(status === 426 ? ["Upgrade: websocket"] : []),
  ];
  const bytes = new TextEncoder().encode(
    `${lines.join("\r\n")}\r\n\r\n${body}`,
  );
  try {
    for (let at = 0; at < bytes.length;) {
      at += await transport.write(bytes.subarray(at));
    }
    await transport.closeWrite();
    const scratch = new Uint8Array(4096);
    for (let left = LONGEST_HEAD; left > 0;) {
      const count = await transport.read(scratch);
      if (count === null) return;
      left -= count;
    }
  } catch {
    // It is gone, or was too slow: there is nobody to answer to.
  }
}
