// Connections, whatever carries them. Read this file (what all have in common), then listener/listener.ts and
// socket/tcp.ts.

/** What is of use in a certificate that a client has shown. */
export interface PeerCertificate {
  /** The subject's Common Name, if it has one. */
  readonly commonName: string | undefined;
  /** The Subject Alternative Names as they are written: `DNS:pump.example`, `URI:...`, `IP Address:192.0.2.7`. */
  readonly alternativeNames: readonly string[];
  /** SHA-256 of the whole, in lower-case hexadecimal digits. */
  readonly fingerprint: string;
}

/** A byte stream to one client. */
export interface Transport {
  /** Where the client is, to be shown to people: `192.0.2.7:51234`. */
  readonly peer: string;
  /** The same without the port; `local` for a Unix socket. */
  readonly host: string;
  /** The certificate that the client has shown and that was found good. */
  readonly certificate?: PeerCertificate | undefined;
  /** Reads what is there into `buffer`, waiting for at least one byte; `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes the beginning of `bytes`, which must not change meanwhile; resolves to how many were taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** Tells the client that no more bytes come; it may still send. */
  closeWrite(): Promise<void>;
  /** Closes both directions at once. What is under way rejects. Harmless twice. */
  close(): void;
}
