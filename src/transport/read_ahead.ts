import type { PeerCertificate, Transport } from "./transport.ts";

/** A client's name and the address behind it. */
export type Peer = Pick<Transport, "peer" | "host">;

/** A connection of which the first bytes have been read already: they come first again. */
export class ReadAheadTransport implements Transport {
  readonly peer: string;
  readonly host: string;
  readonly certificate: PeerCertificate | undefined;
  readonly #transport: Transport;
  #ahead: Uint8Array | undefined;
  #closed = false;

  /** Puts `ahead`, which it keeps, before what is still to be read; the client may be known by another name. */
  constructor(
    transport: Transport,
    ahead: Uint8Array,
    { peer, host }: Peer = transport,
  ) {
    this.#transport = transport;
    this.#ahead = ahead.length > 0 ? ahead : undefined;
    this.peer = peer;
    this.host = host;
    this.certificate = transport.certificate;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const ahead = this.#ahead;
    if (ahead === undefined || this.#closed) {
      return this.#transport.read(buffer);
    }
    const count = Math.min(ahead.length, buffer.length);
    buffer.set(ahead.subarray(0, count));
    this.#ahead = count < ahead.length ? ahead.subarray(count) : undefined;
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#transport.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }

  close(): void {
    this.#closed = true;
    this.#transport.close();
  }
}
