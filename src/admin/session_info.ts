/** What is told of one session on the control socket. Times are in milliseconds since the epoch. */
export interface SessionInfo {
  /** The client identifier. */
  readonly clientId: string;
  /** Whose it is; `null` for nobody's in particular. */
  readonly owner: string | null;
  /** Its connection, while it has one. */
  readonly connection: ConnectionInfo | null;
  /** Since when it has had none; `null` while it has one. */
  readonly offlineSince: number | null;
  /** Seconds that it outlives its connection; `null` for ever. */
  readonly expiryInterval: number | null;
  /** How many subscriptions it has. */
  readonly subscriptions: number;
  /** Messages that wait in it, and what they take, about. */
  readonly queued: { readonly messages: number; readonly bytes: number };
  /** Messages that it was sent and has not acknowledged. */
  readonly inflight: number;
}

/** What is told of the connection of a client. */
export interface ConnectionInfo {
  /** Where it comes from. */
  readonly address: string;
  /** The listener through which it came. */
  readonly listener: string;
  /** When it was let in. */
  readonly since: number;
  /** The protocol's version: `3.1`, `3.1.1` or `5.0`. */
  readonly protocol: string;
  /** Seconds of keep alive, 0 for none. */
  readonly keepAlive: number;
}
