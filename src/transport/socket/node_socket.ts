import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { toError } from "../../core/errors.ts";
import type { TransportStream } from "../transport_stream.ts";
import type { PeerCertificate, Transport } from "../transport.ts";

/** Who is at the other end of a {@linkcode NodeSocketTransport}. */
export type SocketPeer = Pick<Transport, "peer" | "host" | "certificate">;

/** Bytes that may be read from the network while nobody has taken what came before; a few more come with the last. */
const READ_AHEAD = 64 * 1024;
/** Bytes that are handed to the socket at once: a slow client is to be seen taking them. */
const LARGEST_WRITE = 256 * 1024;

/** What carries a socket, as far as reading ahead goes. */
export type Carrier = Pick<
  TransportStream,
  "allowance" | "onExcess" | "_read"
>;

/** What waits for something. */
interface Wait<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** A connection that a stream of Node.js carries, such as its TLSSocket. */
export class NodeSocketTransport implements Transport {
  readonly peer: string;
  readonly host: string;
  readonly certificate: PeerCertificate | undefined;
  readonly #socket: Duplex;
  /** Read from the socket, but not yet by our reader. */
  #rest: Uint8Array | undefined;
  #reading: (Wait<number | null> & { readonly buffer: Uint8Array }) | undefined;
  #writing: Wait<number> | undefined;
  #writeSize = 0;
  /** Whether the client has said that no more comes. */
  #ended = false;
  #isClosed = false;
  #error: Error | undefined;
  readonly #onTaken = (error?: Error | null): void => this.#taken(error);

  /** What carries the socket, which reads on by itself however much the socket holds. */
  readonly #carrier: Carrier;
  /** Whether it would read on, if it were allowed to. */
  #isHeld = false;

  /** Takes over a socket, from which nobody else may read, and the stream that carries it. */
  constructor(
    socket: Duplex,
    carrier: Carrier,
    { peer, host, certificate }: SocketPeer,
  ) {
    this.peer = peer;
    this.host = host;
    this.certificate = certificate;
    this.#socket = socket;
    this.#carrier = carrier;
    carrier.onExcess = () => {
      this.#isHeld = true;
      if (this.#reading !== undefined) this.#readOn();
    };
    socket.on("readable", () => this.#readable());
    socket.on("end", () => {
      this.#ended = true;
      this.#readable();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("The connection is closed")));
  }

  read(buffer: Uint8Array): Promise<number | null> {
    // What has come before an error or the end is read first.
    const count = this.#isClosed ? 0 : this.#take(buffer);
    if (count > 0) return Promise.resolve(count);
    if (this.#ended && !this.#isClosed) return Promise.resolve(null);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
      this.#readOn();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#writing = { resolve, reject };
      const part = bytes.length > LARGEST_WRITE
        ? bytes.subarray(0, LARGEST_WRITE)
        : bytes;
      this.#writeSize = part.length;
      this.#socket.write(part, this.#onTaken);
    });
  }

  closeWrite(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) =>
        error ? reject(error) : resolve()
      );
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#fail(new Error("The connection was closed"));
    // What says that this is the end is on its way by then, if the client takes anything at all.
    this.#socket.end();
    setImmediate(() => this.#socket.destroy());
  }

  /** Moves what is there into the buffer. */
  #take(buffer: Uint8Array): number {
    let at = 0;
    for (;;) {
      const bytes = this.#rest ?? this.#socket.read() as Uint8Array | null;
      if (bytes === null) return at;
      const room = buffer.length - at;
      if (bytes.length > room) {
        buffer.set(bytes.subarray(0, room), at);
        this.#rest = bytes.subarray(room);
        return buffer.length;
      }
      buffer.set(bytes, at);
      at += bytes.length;
      this.#rest = undefined;
      if (at === buffer.length) return at;
    }
  }

  /** Everything was taken: more may come. */
  #readOn(): void {
    this.#carrier.allowance = READ_AHEAD;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#carrier._read();
  }

  #readable(): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    const count = this.#take(reading.buffer);
    if (count === 0 && !this.#ended) return;
    this.#reading = undefined;
    reading.resolve(count === 0 ? null : count);
  }

  #taken(error: Error | null | undefined): void {
    if (error) return this.#fail(toError(error));
    const writing = this.#writing;
    this.#writing = undefined;
    writing?.resolve(this.#writeSize);
  }

  #fail(error: Error): void {
    this.#error ??= error;
    const reading = this.#reading;
    const writing = this.#writing;
    this.#reading = this.#writing = undefined;
    reading?.reject(this.#error);
    writing?.reject(this.#error);
  }
}
