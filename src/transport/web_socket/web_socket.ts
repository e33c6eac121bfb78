import type { Buffer } from "node:buffer";
import { ByteBuffer } from "../../core/byte_buffer.ts";
import { FrameCutter } from "./frames.ts";
import type { TransportStream } from "../transport_stream.ts";
import type { PeerCertificate, Transport } from "../transport.ts";

/** More unread bytes than this, and nothing more is taken from the socket until half of them are read. */
const MOST_UNREAD = 64 * 1024;
/** Longer writes go in several frames, so that it is seen how they come on. */
const LONGEST_WRITE = 64 * 1024;
/** An unread buffer of this size is kept when it is empty. */
const KEPT_BUFFER = 4 * 1024;

/** Close codes of RFC 6455, 7.4.1. */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;

/** How many bytes a client may send for one message. */
export interface MessageLimits {
  /** Until the first bytes are written to it. */
  readonly first: number;
  /** From then on; also told to `ws`. */
  readonly later: number;
}

/** What is used of a WebSocket of the package `ws`. */
export interface MessageSocket {
  /** Tells of a message. */
  on(
    event: "message",
    listener: (data: unknown, isBinary: boolean) => void,
  ): unknown;
  /** Tells that the client broke the protocol. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Tells of a ping, and of the end. */
  on(event: "ping" | "close", listener: () => void): unknown;
  /** Sends a message, and calls back when the socket has taken it. */
  send(
    bytes: Uint8Array,
    options: { readonly binary: boolean },
    done: (error?: Error | null) => void,
  ): void;
  /** Begins the closing handshake. */
  close(code: number, reason?: string): void;
  /** Breaks off. */
  terminate(): void;
  /** Lets nothing come. */
  pause(): void;
  /** Lets things come again. */
  resume(): void;
}

/** What a {@linkcode WebSocketTransport} is made with. */
export interface WebSocketOptions {
  /** The open WebSocket. */
  readonly socket: MessageSocket;
  /** What it reads from and writes to. */
  readonly stream: TransportStream;
  /** The connection below. */
  readonly below: Transport;
  /** What a client may send. */
  readonly limits: MessageLimits;
  /** Told with a sentence what a client did that is against the protocol. */
  readonly onFault: (reason: string) => void;
}

/** MQTT within the binary frames of a WebSocket, whose bounds mean nothing [MQTT-6.0.0-2]. */
export class WebSocketTransport implements Transport {
  readonly peer: string;
  readonly host: string;
  readonly certificate: PeerCertificate | undefined;
  readonly #socket: MessageSocket;
  readonly #stream: TransportStream;
  readonly #options: WebSocketOptions;
  /** What has come and is not read: from the offset on. */
  readonly #unread = new ByteBuffer();
  readonly #cutter = new FrameCutter();
  #at = 0;
  #isPaused = false;
  #hasWritten = false;
  /** Nothing more comes: the end of the stream, or an error. */
  #end: { readonly error: Error | undefined } | undefined;
  /** What the client did that is against the protocol. */
  #fault: Error | undefined;
  #isClosed = false;
  #isDelivering = false;
  #reading: {
    readonly buffer: Uint8Array;
    readonly resolve: (count: number | null) => void;
    readonly reject: (error: Error) => void;
  } | undefined;

  /** Takes an open WebSocket over. */
  constructor(options: WebSocketOptions) {
    const { socket, stream, below, limits } = options;
    this.#options = options;
    this.peer = below.peer;
    this.host = below.host;
    this.certificate = below.certificate;
    this.#socket = socket;
    this.#stream = stream;
    stream.allowance = limits.first;
    stream.onExcess = () => this.#excess();
    socket.on(
      "message",
      (data, isBinary) => this.#received(data as Buffer, isBinary),
    );
    socket.on("ping", () => this.#allow());
    socket.on("error", ({ message }) => this.#faulty(message));
    // Both sides have said that they close: the client may take its time to do it.
    stream.once("finish", () => this.#ended());
    socket.on("close", () => this.#ended());
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#unread.length > this.#at) {
      return Promise.resolve(this.#take(buffer));
    }
    if (this.#end !== undefined) {
      const { error } = this.#end;
      return error === undefined
        ? Promise.resolve(null)
        : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (!this.#hasWritten) {
      this.#hasWritten = true;
      this.#allow();
    }
    const part = bytes.length > LONGEST_WRITE
      ? bytes.subarray(0, LONGEST_WRITE)
      : bytes;
    return new Promise((resolve, reject) => {
      const written = (error?: Error | null): void => {
        if (error) reject(error);
        else resolve(part.length);
      };
      // All frames go to the system at once.
      this.#stream.cork();
      for (let at = 0; at < part.length;) {
        const rest = part.subarray(at);
        const frame = rest.subarray(0, this.#cutter.next(rest));
        at += frame.length;
        const isLast = at === part.length;
        this.#socket.send(frame, { binary: true }, isLast ? written : ignored);
      }
      this.#stream.uncork();
    });
  }

  closeWrite(): Promise<void> {
    this.#socket.close(NORMAL);
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.terminate();
    this.#unread.clear();
    this.#unread.release(0);
    this.#at = 0;
    this.#reading?.reject(closed());
    this.#reading = undefined;
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (this.#isClosed || this.#fault !== undefined) return;
    this.#allow();
    if (!isBinary) {
      // [MQTT-6.0.0-1]
      this.#faulty("It sent a text frame, and MQTT goes in binary ones");
      this.#socket.close(UNSUPPORTED_DATA, "MQTT goes in binary frames");
      return;
    }
    if (this.#at > 0) this.#moveToFront();
    this.#unread.append(data);
    if (this.#unread.length > MOST_UNREAD && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause();
    }
    this.#deliverSoon();
  }

  /** Hands over what has come, once all is there that came with one read of the socket. */
  #deliverSoon(): void {
    if (this.#reading === undefined || this.#isDelivering) return;
    this.#isDelivering = true;
    queueMicrotask(() => {
      this.#isDelivering = false;
      const reading = this.#reading;
      if (reading === undefined || this.#unread.length === this.#at) return;
      this.#reading = undefined;
      reading.resolve(this.#take(reading.buffer));
    });
  }

  #take(buffer: Uint8Array): number {
    const unread = this.#unread;
    const count = Math.min(buffer.length, unread.length - this.#at);
    buffer.set(unread.bytes.subarray(this.#at, this.#at + count));
    this.#at += count;
    if (this.#at === unread.length) {
      unread.clear();
      this.#at = 0;
      if (unread.capacity > KEPT_BUFFER && !this.#isPaused) unread.release(0);
    }
    if (this.#isPaused && unread.length - this.#at <= MOST_UNREAD / 2) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    return count;
  }

  #moveToFront(): void {
    const { bytes, length } = this.#unread;
    bytes.copyWithin(0, this.#at, length);
    this.#unread.length = length - this.#at;
    this.#at = 0;
  }

  /** Lets the client send another message. */
  #allow(): void {
    const { first, later } = this.#options.limits;
    this.#stream.allowance = this.#hasWritten ? 2 * later : first;
  }

  #excess(): void {
    this.#faulty("It sent a frame that is longer than what it may send");
    this.#socket.terminate();
  }

  /** The client broke the protocol. Reads reject once it has been told, or cannot be. */
  #faulty(reason: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = new Error(reason);
    this.#options.onFault(reason);
  }

  #ended(): void {
    if (this.#end !== undefined) return;
    const error = this.#fault ?? this.#stream.errored ?? undefined;
    this.#end = { error };
    const reading = this.#reading;
    if (reading === undefined || this.#unread.length > this.#at) return;
    this.#reading = undefined;
    if (error === undefined) reading.resolve(null);
    else reading.reject(error);
  }
}

/** That a frame could not be sent is told of the last one. */
function ignored(): void {}

function closed(): Error {
  return new Error("The connection is closed");
}
