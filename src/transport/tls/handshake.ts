// The server's side of a TLS handshake, over whatever carries the connection.

import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { TlsSettings } from "../listener_settings.ts";
import type { TransportStream } from "../transport_stream.ts";
import type { LoadedTls } from "./load.ts";

/** What a listener shows to its clients, and asks of them. */
export function serverContext(
  { minimumVersion = "TLSv1.2" }: TlsSettings,
  { certificate, key, authorities }: LoadedTls,
): SecureContext {
  return createSecureContext({
    cert: certificate,
    key,
    minVersion: minimumVersion,
    ...(authorities.length > 0 && {
      ca: authorities.map((one) => one.toString()),
    }),
  });
}

/** How {@linkcode serverHandshake} shakes hands. */
export interface ServerHandshakeOptions {
  /** What the server shows. */
  readonly context: SecureContext;
  /** What is asked of the client. */
  readonly settings: TlsSettings;
  /** The protocol that is chosen by ALPN; `undefined` to go on without. */
  readonly protocol: string | undefined;
}

/** Shakes hands with a client. Rejects where the handshake fails, or the client goes. Certificates are not judged. */
export function serverHandshake(
  stream: TransportStream,
  { context, settings, protocol }: ServerHandshakeOptions,
): Promise<TLSSocket> {
  const { clientCertificates = "no" } = settings;
  const socket = new TLSSocket(stream, {
    isServer: true,
    secureContext: context,
    requestCert: clientCertificates !== "no",
    // Why one is not good is for us to say, and to the log.
    rejectUnauthorized: false,
    ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
  });
  // It does not see by itself that what carries it has broken off.
  stream.once("error", (error) => socket.destroy(error));
  stream.once("close", () => socket.destroy());
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => reject(error);
    const closed = (): void => reject(new Error("socket hang up"));
    socket.on("error", failed);
    socket.once("close", closed);
    socket.once("secure", () => {
      socket.off("error", failed);
      socket.off("close", closed);
      resolve(socket);
    });
  });
}
