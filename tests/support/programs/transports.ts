import { join } from "node:path";
import { readListener } from "../../../src/config/listeners/url.ts";
import type { Transport } from "../../../src/transport/transport.ts";
import { utf8 } from "../bytes.ts";
import { Certificates } from "./certificates.ts";
import { TestListener } from "./listener.ts";
import { frame, WebSocketClient } from "../clients/web_socket_client.ts";

/** The other end of a transport. */
export interface FarEnd {
  /** Sends all of the bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** What has come; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Says that no more comes. */
  closeWrite(): Promise<void>;
  /** Breaks off. */
  close(): void;
}

/** A transport with its other end. To be had with `using`. */
export interface Pair extends Disposable {
  readonly transport: Transport;
  readonly far: FarEnd;
  /** What the transport must take for the other end's host. */
  readonly host: string;
  /** And for its peer. */
  readonly peer: string;
}

/** A way to have one. */
export interface TransportKind {
  readonly name: string;
  /** Opens one. */
  readonly open: () => Promise<Pair>;
}

const PROXIED = "&proxies_from=127.0.0.1";
const HEADER = utf8("PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n");

/** All ways. */
export const TRANSPORTS: readonly TransportKind[] = [
  { name: "tcp", open: () => open("mqtt://127.0.0.1:0") },
  {
    name: "tcp behind a proxy",
    open: () => open(`mqtt://127.0.0.1:0?${PROXIED}`),
  },
  { name: "unix", open: openSocket },
  { name: "ws", open: () => open("ws://127.0.0.1:0") },
  {
    name: "ws behind a proxy",
    open: () => open(`ws://127.0.0.1:0?${PROXIED}`),
  },
  { name: "tls", open: () => openTls("mqtts://127.0.0.1:0") },
  {
    name: "tls behind a proxy",
    open: () => openTls(`mqtts://127.0.0.1:0`, PROXIED),
  },
  { name: "wss", open: () => openTls("wss://127.0.0.1:0") },
];

async function open(url: string): Promise<Pair> {
  const listener = await TestListener.start(readListener(url));
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.port,
  });
  const isProxied = url.includes(PROXIED);
  if (isProxied) await connection.write(HEADER);
  const { hostname, port } = connection.localAddr;
  return {
    ...await ends(listener, connection, url.startsWith("ws")),
    host: isProxied ? "192.0.2.7" : hostname,
    peer: isProxied ? "192.0.2.7:51234" : `${hostname}:${port}`,
  };
}

async function openTls(url: string, more = ""): Promise<Pair> {
  using certificates = await Certificates.make();
  const { certificate, key } = await certificates.server();
  const query = new URLSearchParams({ certificate, key });
  const listener = await TestListener.start(
    readListener(`${url}?${query}${more}`),
  );
  const plain = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.port,
  });
  if (more === PROXIED) await plain.write(HEADER);
  const { hostname, port } = plain.localAddr;
  const connection = await Deno.startTls(plain, {
    hostname: "127.0.0.1",
    caCerts: [certificates.authorityPem],
  });
  return {
    ...await ends(listener, connection, url.startsWith("wss")),
    host: more === PROXIED ? "192.0.2.7" : hostname,
    peer: more === PROXIED ? "192.0.2.7:51234" : `${hostname}:${port}`,
  };
}

async function openSocket(): Promise<Pair> {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "socket");
  const listener = await TestListener.start(readListener(`unix://${path}`));
  const connection = await Deno.connect({ transport: "unix", path });
  const pair = await ends(listener, connection, false);
  return {
    ...pair,
    host: "local",
    peer: `unix:${path}`,
    [Symbol.dispose]: () => {
      pair[Symbol.dispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

async function ends(
  listener: TestListener,
  connection: Deno.Conn,
  isWebSocket: boolean,
): Promise<Pick<Pair, "transport" | "far"> & Disposable> {
  const socket = isWebSocket
    ? await WebSocketClient.open(connection)
    : undefined;
  const transport = await listener.accepted();
  let isOpen = true;
  const far = socket === undefined
    ? plainEnd(connection)
    : webSocketEnd(socket);
  const close = () => {
    if (isOpen) connection.close();
    isOpen = false;
  };
  return {
    transport,
    far: { ...far, close },
    [Symbol.dispose]: () => {
      close();
      listener[Symbol.dispose]();
    },
  };
}

type OpenEnd = Omit<FarEnd, "close">;

function plainEnd(connection: Deno.Conn): OpenEnd {
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        at += await connection.write(bytes.subarray(at));
      }
    },
    async read() {
      const buffer = new Uint8Array(65_536);
      const count = await connection.read(buffer);
      return count === null ? undefined : buffer.slice(0, count);
    },
    closeWrite: () => connection.closeWrite(),
  };
}

/** Sends one frame for each write. */
function webSocketEnd(socket: WebSocketClient): OpenEnd {
  return {
    write: (bytes) => socket.send(frame(2, bytes)),
    async read() {
      const next = await socket.frame();
      return next?.opcode === 2 ? next.payload : undefined;
    },
    closeWrite: () => socket.send(frame(8, new Uint8Array([3, 0xe8]))),
  };
}
