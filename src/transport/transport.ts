// Ways for bytes to come and go. Read transport.ts (what all have in common), then listener.ts and tcp.ts.

/** A byte stream to one client. */
export interface Transport {
  /** Where the client is, to be shown to people: `192.0.2.7:51234`. */
  readonly peer: string;
  /** Reads what is there into `buffer`, waiting for at least one byte; `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes the beginning of `bytes`, which must not change meanwhile; resolves to how many were taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** Tells the client that no more bytes come; it may still send. */
  closeWrite(): Promise<void>;
  /** Closes both directions at once. What is under way rejects. Harmless twice. */
  close(): void;
}
